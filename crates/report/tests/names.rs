//! Names in figures, claims and rows that nothing in the grid answers to: refused where the file is read, with their place and the
//! nearest name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

use grid::Grid;
use report::paper::Paper;
use report::tables::leaderboard::Leaderboard;
use tempfile::TempDir;

const GRID: &str = "\
name: tiny
data: {synthetic: {recipe: {widths: [12, 12, 12], fit_rows: 120, test_rows: 40, classes: 4}}}
views: {two: [v0, v1], three: [v0, v1, v2]}
methods: [na, gpa: {max_iter: 3}, gcca: {sweep: {rank: [2, 3]}}]
tasks: [retrieval]
";

const PAPER: &str = "\
title: Tiny
grid: grid.yaml
columns: [rank1]
";

/// A folder with a grid file.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("grid.yaml"), GRID).unwrap();
    folder
}

/// What reading says of a file with this text, the folder's name taken out.
fn refused<T>(folder: &TempDir, name: &str, text: &str, read: impl Fn(PathBuf) -> Result<T, String>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let error = read(path).err().unwrap_or_else(|| panic!("accepted: {text}"));
    error.replace(&format!("{}/", folder.path().display()), "")
}

fn grid(figures: &str) -> String {
    let text = format!("{GRID}figures:\n  - {figures}\n");
    refused(&folder(), "grid.yaml", &text, |path| Grid::read(&path).map_err(|e| e.to_string()))
}

fn paper(more: &str) -> String {
    let text = format!("{PAPER}{more}\n");
    refused(&folder(), "paper.yaml", &text, |path| Paper::read(&path).map_err(|e| format!("{e:#}")))
}

fn claim(test: &str) -> String {
    paper(&format!("claims:\n  - {{id: C1, text: a claim, test: {{{test}}}}}"))
}

fn rows(rows: &str) -> String {
    let text = format!("name: all\ntitle: All\ngrids: [grid.yaml]\nrows:\n  - {rows}\n");
    refused(&folder(), "rows.yaml", &text, |path| Leaderboard::read(&path).map_err(|e| format!("{e:#}")))
}

#[test]
fn figures_of_methods_and_parameters_that_the_grid_lacks_are_refused() {
    let method = grid("sweep: {name: s, method: gccaa, rows: rank, columns: ridge, metric: rank1}");
    assert_eq!(
        method,
        "grid.yaml:7:22: figures[0].sweep.method: unknown method `gccaa`; did you mean `gcca`? the methods here are `na`, `gpa`, `gcca`"
    );
    let rows = grid("sweep: {name: s, method: gcca, rows: rnk, columns: ridge, metric: rank1}");
    assert!(
        rows.starts_with("grid.yaml:7:36: figures[0].sweep.rows: unknown parameter `rnk`; did you mean `rank`?"),
        "{rows}"
    );
    // A parameter of another method of the grid.
    let columns = grid("sweep: {name: s, method: gcca, rows: rank, columns: max_iter, metric: rank1}");
    assert!(columns.starts_with("grid.yaml:7:48: figures[0].sweep.columns: unknown parameter `max_iter`"), "{columns}");
    let along = grid("curves: {name: c, metric: rank1, along: {parameter: rang}, x: rank}");
    assert!(
        along.contains("figures[0].curves.along.parameter: unknown parameter `rang`; did you mean `rank`?"),
        "{along}"
    );
    let join = grid("scatter: {name: p, x: rank1, y: rank5, join: rang}");
    assert!(join.starts_with("grid.yaml:7:44: figures[0].scatter.join: unknown parameter `rang`"), "{join}");
    let metric = grid("curves: {name: c, metric: rnk1, x: rank}");
    assert!(
        metric.starts_with("grid.yaml:7:23: figures[0].curves.metric: unknown metric `rnk1`; did you mean `rank1`?"),
        "{metric}"
    );
    let pairs = grid("curves: {name: c, metric: rank1, x: views, pairs: [[v0, v1], [v0, w2]]}");
    assert!(
        pairs.starts_with("grid.yaml:7:71: figures[0].curves.pairs[1][1]: unknown view `w2`; did you mean `v2`?"),
        "{pairs}"
    );
    let task = format!("{}figures: []\n", GRID.replace("retrieval", "retreival"));
    let task = refused(&folder(), "grid.yaml", &task, |path| Grid::read(&path).map_err(|e| e.to_string()));
    assert!(task.contains("tasks[0]: unknown name `retreival`; did you mean `retrieval`?"), "{task}");
}

#[test]
fn figures_of_defaults_that_files_leave_out_are_drawn() {
    let folder = folder();
    let figures = "figures:\n  - sweep: {name: s, method: gpa, rows: robust, columns: max_iter, metric: rank1}\n";
    fs::write(folder.path().join("grid.yaml"), format!("{GRID}{figures}")).unwrap();
    Grid::read(&folder.path().join("grid.yaml")).unwrap();
}

#[test]
fn claims_of_methods_subsets_and_views_that_nobody_knows_are_refused() {
    let method = claim("better: {metric: rank1, method: gcpaa, over: [gpa]}");
    assert!(
        method
            .starts_with("paper.yaml:5:60: claims[0].test.better.method: unknown method `gcpaa`; did you mean `gcpa`?"),
        "{method}"
    );
    let over = claim("smaller_drop: {metric: rank1, method: gpa, over: [gcca, nah]}");
    assert!(over.contains("claims[0].test.smaller_drop.over[1]: unknown method `nah`; did you mean `na`?"), "{over}");
    // A label that no method of the grid has.
    let label = claim("at_most: {metric: rank1, method: GCCA (rank 4), bound: 1}");
    assert!(label.contains("unknown method `GCCA (rank 4)`; did you mean `GCCA (rank 2)`?"), "{label}");
    let none = claim("better: {metric: rank1, method: gpa, over: []}");
    assert!(none.contains("claims[0].test.better.over: the list is empty; it needs at least one method"), "{none}");
    let set = claim("rises: {metric: rank1, method: gpa, views: [two, thre]}");
    assert!(set.contains("claims[0].test.rises.views[1]: unknown subset `thre`; did you mean `three`?"), "{set}");
    let pair = claim("falls: {metric: rank1, method: gpa, pairs: [[v0, v9]]}");
    assert!(pair.contains("claims[0].test.falls.pairs[0][1]: unknown view `v9`; did you mean `v0`?"), "{pair}");
    let extension = claim("extension: {metric: rank1, added: exten, refit: gpa, pairwise: pairwise}");
    assert!(extension.contains("claims[0].test.extension.added: unknown method `exten`"), "{extension}");
    let metric = claim("at_most: {metric: rang1, method: gpa, bound: 1}");
    assert!(
        metric.contains("claims[0].test.at_most.metric: unknown metric `rang1`; did you mean `rank1`?"),
        "{metric}"
    );
    let value = paper(
        "claims:\n  - {id: C1, text: t, test: {not_testable: {reason: r}}, value: {metric: rank1, method: gpaa}}",
    );
    assert!(value.contains("claims[0].value.method: unknown method `gpaa`"), "{value}");
}

#[test]
fn what_a_paper_file_says_beside_its_claims_is_read_as_strictly() {
    let published = |of: &str| {
        paper(&format!("published:\n  - {{{of}, metric: rank1, value: 0.5, views: 2, kind: paper, source: s}}"))
    };
    let method = published("method: gpaa");
    assert!(
        method.starts_with("paper.yaml:5:6: published[0].method: unknown method `gpaa`; did you mean `gpa`?"),
        "{method}"
    );
    let set = published("method: gpa, view_set: too");
    assert!(set.contains("published[0].view_set: unknown subset `too`; did you mean `two`?"), "{set}");
    let figure = paper("figures:\n  - sweep: {name: s, method: gcca, rows: rank, columns: rigde, metric: rank1}");
    assert!(figure.contains("figures[0].sweep.columns: unknown parameter `rigde`; did you mean `ridge`?"), "{figure}");
    let pairs = paper("figures:\n  - curves: {name: c, metric: rank1, x: views, pairs: [[v0, v4]]}");
    assert!(pairs.contains("figures[0].curves.pairs[0][1]: unknown view `v4`"), "{pairs}");
    let text = PAPER.replace("grid.yaml", "gird.yaml");
    let grid = refused(&folder(), "paper.yaml", &text, |path| Paper::read(&path).map_err(|e| format!("{e:#}")));
    assert_eq!(grid, "paper.yaml:2:1: grid: there is no file gird.yaml; correct the path");
}

#[test]
fn rows_of_a_leaderboard_are_checked_before_any_grid_runs() {
    let label = rows("{label: both, methods: [\"GCCA (rank 2)\", \"GCCA (rank 5)\"]}");
    assert!(
        label.starts_with("rows.yaml:5:46: rows[0].methods[1]: unknown label `GCCA (rank 5)`; did you mean"),
        "{label}"
    );
    assert!(
        label.contains("the labels here are `GCCA (rank 2)`, `GCCA (rank 3)`, `GPA (max_iter 3)`, `NA`"),
        "{label}"
    );
    let both = rows("{label: both, methods: [\"GCCA (rank 2)\", \"GCCA (rank 3)\"]}");
    assert!(both.contains("rows[0].methods: grid.yaml has both `GCCA (rank 2)` and `GCCA (rank 3)`"), "{both}");
    let twice = rows("{label: one, methods: [NA]}\n  - {label: two, methods: [NA]}");
    assert!(twice.contains("rows[1].methods[0]: `NA` stands in `rows[0].methods[0]` already"), "{twice}");
    assert!(rows("{label: none, methods: []}").contains("rows[0].methods: the list is empty"));
    let text = "name: all\ntitle: All\ngrids: [other.yaml]\n";
    let gone = refused(&folder(), "rows.yaml", text, |path| Leaderboard::read(&path).map_err(|e| format!("{e:#}")));
    assert_eq!(gone, "rows.yaml:3:9: grids[0]: there is no file other.yaml; correct the path");
    let name = refused(&folder(), "rows.yaml", &text.replace("name: all", "name: ../all"), |path| {
        Leaderboard::read(&path).map_err(|e| format!("{e:#}"))
    });
    assert!(name.starts_with("rows.yaml:1:1: name: `../all` names a folder; "), "{name}");
}

#[test]
fn the_names_in_the_files_of_experiments_are_known() {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let files = |folder: &str| {
        let entries = fs::read_dir(experiments.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect::<Vec<PathBuf>>()
    };
    for path in files("paper") {
        Paper::read(&path).unwrap();
    }
    for path in files(".").into_iter().filter(|path| !path.ends_with("leaderboard.yaml")) {
        Grid::read(&path).unwrap();
    }
    Leaderboard::read(&experiments.join("leaderboard.yaml")).unwrap();
}
