//! Names in figures, claims and rows that nothing in the grid answers to: refused where the file is read, with their place and the
//! nearest name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

use grid::Grid;
use grid::figure_spec::{Along, FigureSpec};
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
        label.contains("the labels here are `GCCA (rank 2)`, `GCCA (rank 3)`, `GPA`, `GPA (max_iter 3)`, `NA`"),
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

/// What reading says of the grid with these methods and this text behind it.
fn methods(methods: &str, more: &str) -> String {
    let text = GRID.replace("[na, gpa: {max_iter: 3}, gcca: {sweep: {rank: [2, 3]}}]", methods) + more;
    refused(&folder(), "grid.yaml", &text, |path| Grid::read(&path).map_err(|e| e.to_string()))
}

#[test]
fn an_alias_that_could_be_taken_for_something_else_is_refused() {
    for (list, found) in [
        (
            "[na, gcca: {as: gpa}]",
            "grid.yaml:4:22: methods[1].gcca.as: `gpa` is the name of the method `gpa`; take another alias",
        ),
        ("[na, gcca: {as: GCPA}]", "methods[1].gcca.as: `GCPA` is the name of the method `gcpa`; take another alias"),
        ("[na, gcca: {as: hub}]", "methods[1].gcca.as: `hub` is the former name of `pivot`; take another alias"),
        ("[na: {as: one}, gcca: {as: One}]", "methods[1].gcca.as: `methods[0].na.as` has the same alias"),
        ("[na, gcca: {as: a b}]", "methods[1].gcca.as: `a b` is no alias; use letters, digits, `-`, `_` and `.`"),
        ("[na, gcca: {as: 3}]", "methods[1].gcca.as: 3 is no text; give an alias such as `as: tuned`"),
        (
            "[na, gcca: {as: t, sweep: {rank: [2, 3]}}]",
            "methods[1].gcca.as: `t` names one setting, and the sweep stands for 2",
        ),
        ("[na, {gcca: {rank: 2}, as: t}]", "methods[1].as: an alias stands among the parameters"),
    ] {
        let error = methods(list, "");
        assert!(error.contains(found) && error.starts_with("grid.yaml:4:"), "{list}: {error}");
    }
    let twice = methods("[na, gcca: {as: one, rank: 2}, gcca: {as: two, rank: 2}]", "");
    assert!(twice.contains("methods[2]: the same as `methods[1]`; remove one of the two"), "{twice}");
    let primary = methods("[na, gcca: {as: tuned}]", "primary: {metric: rank1, compare: [tunde, na]}\n");
    assert!(primary.contains("primary.compare[0]: unknown method `tunde`; did you mean `tuned`?"), "{primary}");
    let once = methods("[na, gcca: {as: tuned}]", "primary: {metric: rank1, compare: [tuned, tuned]}\n");
    assert!(once.contains("primary.compare[1]: `tuned` twice; name two settings"), "{once}");
}

#[test]
fn an_alias_stands_in_claims_rows_and_the_primary_comparison_and_changes_no_cell() {
    let folder = folder();
    let path = folder.path().join("grid.yaml");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        let grid = Grid::read(&path).unwrap();
        let source = grid::source::Source::open(&grid, false).unwrap();
        grid::plan::Plan::new(grid, source).unwrap().cells
    };
    let plain = GRID.replace("sweep: {rank: [2, 3]}", "rank: 3");
    let aliased = plain.replace("rank: 3", "as: tuned, rank: 3") + "primary: {metric: rank1, compare: [tuned, gpa]}\n";
    let (before, after) = (read(&plain), read(&aliased));
    let ids = |cells: &[grid::plan::Cell]| cells.iter().map(|cell| cell.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(before.last().unwrap().label(), "gcca on three (3 views)");
    assert_eq!(after.last().unwrap().label(), "tuned on three (3 views)");
    let claim = "claims:\n  - {id: C1, text: t, test: {better: {metric: rank1, method: tuned, over: [gpa]}}}\n";
    fs::write(folder.path().join("paper.yaml"), format!("{PAPER}{claim}")).unwrap();
    Paper::read(&folder.path().join("paper.yaml")).unwrap();
    let rows = "name: all\ntitle: All\ngrids: [grid.yaml]\nrows: [{label: one, methods: [tuned]}]\n";
    fs::write(folder.path().join("rows.yaml"), rows).unwrap();
    Leaderboard::read(&folder.path().join("rows.yaml")).unwrap();
}

#[test]
fn curves_take_the_axis_that_varies_and_an_error_lists_several() {
    let several = grid("curves: {name: c, metric: rank1}");
    assert_eq!(
        several,
        "grid.yaml:7:5: figures[0].curves: several axes of this grid vary; name one of them: `along: views`, `along: {parameter: rank}`"
    );
    let curves = "figures:\n  - curves: {name: c, metric: rank1}\n";
    let found = |text: &str| {
        let folder = folder();
        let path = folder.path().join("grid.yaml");
        fs::write(&path, format!("{text}{curves}")).unwrap();
        let figures = Grid::read(&path).map_err(|error| error.to_string())?.value.figures;
        let Some(FigureSpec::Curves(spec)) = figures.first() else { return Err("no curves".to_string()) };
        Ok((spec.along.clone(), spec.x()))
    };
    let views = GRID.replace("sweep: {rank: [2, 3]}", "rank: 3");
    assert_eq!(found(&views), Ok((Some(Along::Views), "views".into())));
    // A title alone is that of the subsets.
    let titled = found(GRID);
    assert!(titled.unwrap_err().contains("several axes of this grid vary"));
    let titled = format!("{GRID}figures: [curves: {{name: c, metric: rank1, x: languages}}]\n");
    let folder_of_titled = folder();
    fs::write(folder_of_titled.path().join("grid.yaml"), titled).unwrap();
    let grid_of_titled = Grid::read(&folder_of_titled.path().join("grid.yaml")).unwrap();
    let Some(FigureSpec::Curves(spec)) = grid_of_titled.value.figures.first() else { panic!("curves") };
    assert_eq!((spec.along.clone(), spec.x()), (Some(Along::Views), "languages".into()));
    let one_subset = "views: {two: [v0, v1], three: [v0, v1, v2]}\n";
    let rank = GRID.replace(one_subset, "");
    assert_eq!(found(&rank), Ok((Some(Along::Parameter("rank".into())), "rank".into())));
    let noise = views.replace(one_subset, "noise: [none, missing: {fraction: 0.3}]\n");
    assert_eq!(found(&noise), Ok((Some(Along::Noise), "amount of noise".into())));
    let nothing = views.replace(one_subset, "");
    assert_eq!(found(&nothing), Ok((Some(Along::Views), "views".into())));
    // A paper's curves are of its grid.
    let paper = paper("figures:\n  - curves: {name: c, metric: rank1}");
    assert!(paper.starts_with("paper.yaml:5:5: figures[0].curves: several axes of this grid vary"), "{paper}");
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
    let is_board = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("leaderboard"))
    };
    let (boards, grids): (Vec<PathBuf>, Vec<PathBuf>) = files(".").into_iter().partition(is_board);
    let of_boards = ["leaderboard", "selected", "hubs"].into_iter().flat_map(files);
    for path in grids.into_iter().chain(of_boards) {
        Grid::read(&path).unwrap();
    }
    assert_eq!(boards.len(), 2);
    for path in boards {
        Leaderboard::read(&path).unwrap();
    }
}
