//! What tables over items and over grids say: groups drawn whole, all comparisons adjusted together, a leaderboard.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::table;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What the runner printed; it must succeed.
fn runner(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(root()).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn column(table: &[Vec<String>], name: &str) -> Vec<String> {
    let at = table[0].iter().position(|header| header == name).unwrap_or_else(|| panic!("{name} in {:?}", table[0]));
    table[1..].iter().map(|row| row[at].clone()).collect()
}

/// Sixty groups of five items; in every other group the second view has nothing to do with the first, so that a group's
/// items are found all or none.
fn write_views(folder: &Path, split: &str, start: usize) {
    let (mut a, mut b, mut groups) = (String::from("x0,x1,x2,x3,x4,x5\n"), String::new(), String::from("picture\n"));
    b.push_str(&a);
    for item in 0..300 {
        let number = |i: usize| ((i as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5;
        let numbers = |i: usize| (0..6).map(|j| number(6 * i + j)).collect::<Vec<f64>>();
        let (row, other) = (numbers(start + item), numbers(start + item + 5000));
        let second = if (item / 5) % 2 == 0 { &row } else { &other };
        let line = |row: &[f64]| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",") + "\n";
        a.push_str(&line(&row));
        b.push_str(&line(second));
        writeln!(groups, "{}", start + item / 5).unwrap();
    }
    let ids: String = (0..300).map(|item| format!("{}\n", 10 * start + item)).collect();
    for (name, text) in [("a", a), ("b", b), ("groups", groups), ("ids", format!("id\n{ids}"))] {
        fs::write(folder.join(format!("{split}_{name}.csv")), text).unwrap();
    }
}

#[test]
fn items_of_a_group_are_drawn_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    write_views(folder.path(), "train", 1);
    write_views(folder.path(), "test", 1001);
    let table_of = |name: &str, grouped: bool| {
        let manifest = path(&format!("{name}.yaml"));
        let mut args: Vec<String> = ["import", "--name", name, "--out", &manifest].map(String::from).to_vec();
        for view in ["a", "b"] {
            args.extend(["--view".into(), format!("{view}={}#x*", path(&format!("train_{view}.csv")))]);
            args.extend(["--test-view".into(), format!("{view}={}#x*", path(&format!("test_{view}.csv")))]);
        }
        if grouped {
            args.extend(["--groups".into(), format!("picture={}#picture", path("train_groups.csv"))]);
            args.extend(["--test-groups".into(), format!("picture={}#picture", path("test_groups.csv"))]);
            args.extend(["--ids".into(), format!("{}#id", path("train_ids.csv"))]);
            args.extend(["--test-ids".into(), format!("{}#id", path("test_ids.csv"))]);
        }
        runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let grid = path(&format!("{name}_grid.yaml"));
        let tasks = "[retrieval, similarity: {permutations: 1, items: 150}]";
        let text = format!("name: {name}\ndata: {name}.yaml\nmethods: [na, na: {{scale: zscore}}]\ntasks: {tasks}\n");
        fs::write(&grid, text).unwrap();
        runner(&["--grid", &grid, "--out", &path("out")]);
        folder.path().join("out").join(name).join("tables/comparison_rank_1")
    };
    let (with, without) = (table_of("grouped", true), table_of("plain", false));
    let width = |stem: &Path| {
        let cell = column(&table(&stem.with_extension("csv")), "Rank-1")[0].clone();
        let (estimate, ends) = cell.split_once(" [").unwrap();
        let (low, high) = ends.trim_end_matches(']').split_once(", ").unwrap();
        let [estimate, low, high] = [estimate, low, high].map(|number| number.parse::<f64>().unwrap());
        assert!((0.4..0.7).contains(&estimate), "half of the groups are found: {cell}");
        high - low
    };
    // Scores name their items where the data have ids; similarity looked at 150 of the 300.
    let ids_of = |name: &str| {
        let store = store::cells::Store::at(&folder.path().join("out").join(name));
        let cell = store.all_records().unwrap()[0].cell.clone();
        let found = store.item_ids(&cell).unwrap();
        found.into_iter().map(|items| (items.task, items.ids)).collect::<Vec<_>>()
    };
    assert_eq!(ids_of("plain"), []);
    let [(data, all), (task, some)] = &ids_of("grouped")[..] else { panic!("{:?}", ids_of("grouped")) };
    assert_eq!((data.as_str(), task.as_str(), all.len(), some.len()), ("data", "similarity", 300, 150));
    assert!(some.is_sorted() && some.iter().all(|id| all.contains(id)), "{some:?}");
    // Items of a group agree almost wholly: an interval over items is too short by nearly √5.
    let ratio = width(&with) / width(&without);
    assert!((1.9..2.4).contains(&ratio), "{ratio}");
    let notes = |stem: &Path| fs::read_to_string(stem.with_extension("md")).unwrap();
    assert!(notes(&with).contains("Items of one `picture` are drawn together."), "{}", notes(&with));
    assert!(!notes(&without).contains("drawn together"));
}

/// Two small grids and the file that sets them side by side.
fn board(folder: &Path) -> PathBuf {
    for (name, seed) in [("first", 1), ("second", 2)] {
        let recipe = "{widths: [16, 16, 16], fit_rows: 120, test_rows: 60, classes: 4}";
        let text = format!(
            "name: {name}\ndata: {{synthetic: {{seed: {seed}, recipe: {recipe}}}}}\nmethods: [na, gpa, gcca]\n\
             tasks: [retrieval, retrieval: {{scoring: csls}}]\nprimary: {{metric: rank1, compare: [gpa, gcca]}}\n"
        );
        fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
    }
    let file = folder.join("board.yaml");
    fs::write(&file, "name: both\ntitle: Two of a kind\ngrids: [first.yaml, second.yaml]\n").unwrap();
    file
}

#[test]
fn two_entries_of_a_leaderboard_that_write_one_folder_are_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (board(folder.path()), folder.path().join("out"));
    let refused = |entries: &str, said: &str| {
        fs::write(&file, format!("name: both\ntitle: Two of a kind\n{entries}")).unwrap();
        let output = common::runner(&["leaderboard", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let text = common::text_of(&output);
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains(said) && text.contains("leave one of them out"), "{text}");
        assert!(!out.exists(), "{text}");
    };
    refused(
        "grids: [first.yaml, first.yaml]\n",
        "the grid first.yaml and the grid first.yaml both write the results `first`",
    );
    refused(
        "grids: [first.yaml]\ndata: [my.fold.yaml, sub/my-fold.yaml]\n",
        "the grid first.yaml on my.fold.yaml and the grid first.yaml on sub/my-fold.yaml both write the results `first-my-fold`",
    );
}

#[test]
fn a_leaderboard_is_made_of_several_grids() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (board(folder.path()), folder.path().join("out"));
    let args = ["leaderboard", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let printed = runner(&args);
    assert!(printed.contains("Two of a kind"), "{printed}");
    let leaderboard = table(&out.join("both/tables/leaderboard.csv"));
    // A method, a column for each grid and measure, its mean place, two costs; ordered by the place.
    assert_eq!((leaderboard.len(), leaderboard[0].len()), (1 + 3, 1 + 4 + 3), "{leaderboard:?}");
    let places: Vec<f64> = column(&leaderboard, "mean place").iter().map(|place| place.parse().unwrap()).collect();
    assert!(places.is_sorted() && places[2] == 3.0, "{places:?}");
    assert_eq!(column(&leaderboard, "method")[2], "NA");
    for file in ["tables/differences.md", "figures/leaderboard.svg", "figures/leaderboard.png"] {
        assert!(out.join("both").join(file).exists(), "{file}");
    }

    // Two differences in each of four tables, adjusted together.
    let differences = table(&out.join("both/tables/differences.csv"));
    assert_eq!(differences.len(), 1 + 8);
    let number = |p: &String| p.trim_start_matches("< ").parse().unwrap();
    let numbers = |name: &str| column(&differences, name).iter().map(number).collect::<Vec<f64>>();
    let (p, adjusted, q) = (numbers("p"), numbers("p (max-t)"), numbers("q (BH)"));
    // All three pairs of each table count, the one without the best too: q is at least what the eight alone would have.
    for (i, alone) in tasks::multiple::benjamini_hochberg(&p).into_iter().enumerate() {
        assert!(q[i] >= alone * 8.0 / 12.0 - 1e-3 && q[i] <= 1.0, "{q:?} from {p:?}");
        assert!(adjusted[i] >= p[i], "{adjusted:?} from {p:?}");
    }
    let by_p = |a: &usize, b: &usize| p[*a].total_cmp(&p[*b]);
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(by_p);
    assert!(order.windows(2).all(|pair| q[pair[0]] <= q[pair[1]]), "{q:?} from {p:?}");
    let notes = fs::read_to_string(out.join("both/tables/differences.md")).unwrap();
    assert!(notes.contains("over all 12 pairs of methods"), "{notes}");
    // Of one grid alone fewer are adjusted together.
    let alone = column(&table(&out.join("first/tables/comparison_rank_1.csv")), "q (BH)");
    assert_eq!(alone.len(), 3);

    let again = runner(&args);
    assert_eq!(again, printed, "nothing is computed twice, and the table is the same");

    // Methods with one line in common: GPA of one grid, GCCA of the other.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        folder.path().join("second.yaml"),
        fs::read_to_string(folder.path().join("second.yaml"))
            .unwrap()
            .replace("gpa, gcca]\nt", "gpa: {max_iter: 90}, gcca]\nt")
            .replace("compare: [gpa, gcca]", "compare: [gcca, na]"),
    )
    .unwrap();
    let rows = "rows:\n  - {label: GPA of 100 or 90, methods: [GPA, GPA (max_iter 90)]}\n";
    fs::write(&file, format!("{text}{rows}")).unwrap();
    runner(&args);
    let joined = table(&out.join("both/tables/leaderboard.csv"));
    assert_eq!(joined.len(), 1 + 3, "{joined:?}");
    let line = joined.iter().find(|row| row[0] == "GPA of 100 or 90").unwrap();
    assert!(line.iter().all(|cell| cell != "n/a"), "{line:?}");
    fs::write(&file, format!("{text}{}", rows.replace("max_iter 90", "max_iter 9"))).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(root()).args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("board.yaml:5:"), "{error}");
    assert!(
        error.contains("rows[0].methods[1]: unknown label `GPA (max_iter 9)`; did you mean `GPA (max_iter 90)`?"),
        "{error}"
    );
}

#[test]
fn a_grid_draws_the_figures_that_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let grid = folder.path().join("grid.yaml");
    let text = "\
name: drawn
data: {synthetic: {recipe: {widths: [16, 16, 16], fit_rows: 120, test_rows: 60}}}
methods: [gpa, gcca: {sweep: {rank: [4, 8, 16]}}]
tasks: [retrieval, similarity: {permutations: 1}]
noise: [none, permute: {fraction: 0.3}, permute: {fraction: 0.6}]
figures:
  - curves: {name: noise, metric: rank1, along: noise, x: share permuted}
  - curves: {name: width, metric: rank1, along: {parameter: rank}, x: width}
  - scatter: {name: pareto, x: distortion, y: rank1, join: rank}
";
    fs::write(&grid, text).unwrap();
    let out = folder.path().join("out");
    let args = ["--grid", grid.to_str().unwrap(), "--out", out.to_str().unwrap()];
    runner(&args);
    let drawn = |name: &str| fs::read_to_string(out.join(format!("drawn/figures/{name}.svg"))).unwrap();
    let said = |svg: &str, label: &str| svg.contains(&format!(">{label}</text>"));
    let noise = drawn("noise");
    for label in ["0.3", "0.6", "GPA", "GCCA (rank 8)", "share permuted"] {
        assert!(said(&noise, label), "{label}");
    }
    let width = drawn("width");
    for label in ["4", "16", "GPA", "GCCA"] {
        assert!(said(&width, label), "{label}");
    }
    let pareto = drawn("pareto");
    for label in ["GPA", "GCCA (rank 4)", "rank 8", "rank 16", "distortion (less is better)"] {
        assert!(said(&pareto, label), "{label}");
    }
    fs::write(&grid, text.replace("x: distortion", "x: distorsion")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(root()).args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("figures[2].scatter.x: unknown metric `distorsion`; did you mean `distortion`?"), "{error}");
}

#[test]
fn a_mean_says_what_it_leaves_out_and_is_compared_with_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    write_views(folder.path(), "train", 1);
    write_views(folder.path(), "test", 1001);
    // The third view is narrower: without alignment its pairs have no value.
    for split in ["train", "test"] {
        let wide = fs::read_to_string(path(&format!("{split}_a.csv"))).unwrap();
        let narrow: Vec<String> =
            wide.lines().map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",")).collect();
        fs::write(path(&format!("{split}_c.csv")), narrow.join("\n") + "\n").unwrap();
    }
    let mut args: Vec<String> =
        ["import", "--name", "uneven", "--out", &path("uneven.yaml")].map(String::from).to_vec();
    for (view, columns) in [("a", "a.csv#x*"), ("b", "b.csv#x*"), ("c", "c.csv#x*")] {
        args.extend(["--view".into(), format!("{view}={}", path(&format!("train_{columns}")))]);
        args.extend(["--test-view".into(), format!("{view}={}", path(&format!("test_{columns}")))]);
    }
    runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let figures = "figures: [curves: {name: line, metric: rank1, x: views}, scatter: {name: cloud, x: rank5, y: rank1}, \
                   curves: {name: pair, metric: rank1, pairs: [[a, b]], x: views}]\n";
    let grid = &format!("name: uneven\ndata: uneven.yaml\nmethods: [na, gpa, gcca]\ntasks: [retrieval]\n{figures}");
    fs::write(path("grid.yaml"), grid).unwrap();
    let claim = "{id: U1, text: NA is better, published: an ordering, test: {better: {metric: rank1, method: na, over: [gpa]}}}";
    let paper = format!("title: Uneven\ngrid: grid.yaml\ncolumns: [rank1]\nclaims: [{claim}]\n");
    fs::write(path("paper.yaml"), paper).unwrap();
    runner(&["reproduce", &path("paper.yaml"), "--out", &path("out")]);

    let said = "4 of 6 values are undefined";
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join("uneven").join(name)).unwrap();
    let summary = read("tables/summary.md");
    assert!(summary.contains("A mean of the others: 4 of 6 values are undefined"), "{summary}");
    // The words of a picture, whichever lines they stand in.
    let words = |name: &str| {
        let svg = read(&format!("figures/{name}.svg"));
        let parts = svg.split(['<', '>']).skip(2).step_by(2).map(str::trim).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    let line = words("line");
    assert!(line.contains("have a value: NA on all (4 without)."), "{line}");
    let cloud = words("cloud");
    assert!(cloud.contains("have a value: Rank-5 of NA (4 without), Rank-1 of NA (4 without)."), "{cloud}");
    assert!(!words("pair").contains("have a value"), "nothing of that pair is missing");
    let comparison = read("tables/comparison_rank_1.md");
    assert!(comparison.contains("Rank-1 of NA on `all` has no line: 4 of 6 values"), "{comparison}");
    assert_eq!(column(&table(&folder.path().join("out/uneven/tables/comparison_rank_1.csv")), "method").len(), 2);
    let primary = "primary: {metric: rank1, compare: [na, gpa]}\n";
    fs::write(path("grid.yaml"), format!("{grid}{primary}")).unwrap();
    runner(&["--grid", &path("grid.yaml"), "--out", &path("out")]);
    let comparison = read("tables/comparison_rank_1.md");
    assert!(comparison.contains("all: not made, because `na` or `gpa` has no line."), "{comparison}");
    fs::write(path("board.yaml"), "name: board\ntitle: Leaderboard\ngrids: [grid.yaml]\n").unwrap();
    let board = runner(&["leaderboard", &path("board.yaml"), "--out", &path("out")]);
    assert!(board.contains("uneven: Rank-1 of NA on `all` has no line: 4 of 6 values"), "{board}");
    let said_by_the_paper = read("tables/paper.md");
    assert!(
        said_by_the_paper.contains(&format!("Rank-1 of NA on `all` is a mean of the others: {said}")),
        "{said_by_the_paper}"
    );
    assert!(
        said_by_the_paper
            .contains(&format!("U1 not testable on these data: NA is better. rank1 of `na` on `all`: {said}"))
    );
}

/// The grid or paper file is refused with these words.
fn refused(folder: &Path, verb: &[&str], text: &str, words: &str) {
    let file = folder.join("odd.yaml");
    fs::write(&file, text).unwrap();
    let out = folder.join("out");
    let args = [verb, &[file.to_str().unwrap(), "--out", out.to_str().unwrap()]].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(root()).args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains(words), "{text}: {error}");
    assert!(!out.exists(), "{text}: nothing is computed or written first");
}

#[test]
fn names_that_are_no_parts_of_files_and_tests_of_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let grid = |more: &str| {
        format!(
            "name: odd\ndata: {{synthetic: {{recipe: {{widths: [8, 8], fit_rows: 60, test_rows: 20}}}}}}\nmethods: [gpa]\ntasks: [retrieval]\n{more}"
        )
    };
    let curves = |name: &str| format!("curves: {{name: {name}, metric: rank1, x: views}}");
    let of_grids = [
        ("views: {a/b: all}\n".into(), "`a/b` names files; use letters, digits, `-`, `_` and `.`"),
        (format!("views: {{{}: all}}\n", "a".repeat(101)), "a letter or digit first, and at most 100 bytes"),
        ("views: {../x: all}\n".into(), "`../x` names files;"),
        (format!("figures: [{}]\n", curves("../../x")), "figures[0].curves.name: `../../x` names files;"),
        (format!("figures: [{}]\n", curves("summary")), "every grid has a figure `summary`; take another name"),
        (format!("figures: [{}, {}]\n", curves("x"), curves("x")), "`figures[0]` has this name; take another one"),
    ];
    for (more, words) in &of_grids {
        refused(folder.path(), &["--grid"], &grid(more), words);
    }
    fs::write(folder.path().join("grid.yaml"), grid("")).unwrap();
    let claim = "{id: U1, text: y, published: an ordering, test: {better: {metric: rank1, method: gpa, over: []}}}";
    let paper = format!("title: Odd\ngrid: grid.yaml\ncolumns: [rank1]\nclaims: [{claim}]\n");
    refused(folder.path(), &["reproduce"], &paper, "over: the list is empty; it needs at least one method");
}

#[test]
fn views_that_records_cannot_tell_apart_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_views(folder.path(), "train", 1);
    write_views(folder.path(), "test", 1001);
    for name in ["all", "a,b"] {
        let path = |file: &str| folder.path().join(file).display().to_string();
        let manifest = path("odd_views.yaml");
        let mut args: Vec<String> =
            ["import", "odd_views", "--overwrite", "--out", &manifest].map(String::from).to_vec();
        for (view, columns) in [(name, "a"), ("other", "b")] {
            args.extend(["--view".into(), format!("{view}={}#x*", path(&format!("train_{columns}.csv")))]);
            args.extend(["--test-view".into(), format!("{view}={}#x*", path(&format!("test_{columns}.csv")))]);
        }
        runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let grid = "name: odd\ndata: odd_views.yaml\nmethods: [gpa]\ntasks: [retrieval]\n";
        refused(folder.path(), &["--grid"], grid, &format!("the view `{name}` cannot be told from others in records"));
    }
}

/// The grid of a sweep, with these methods and this text behind it.
fn sweep_grid(folder: &Path, methods: &str, more: &str) -> PathBuf {
    let grid = folder.join("sweep.yaml");
    let text = format!(
        "name: sweep\ndata: {{synthetic: {{recipe: {{widths: [12, 12, 12], fit_rows: 120, test_rows: 40, classes: 4}}}}}}\n\
         methods: {methods}\ntasks: [retrieval]\n{more}"
    );
    fs::write(&grid, text).unwrap();
    grid
}

#[test]
fn an_alias_is_a_label_and_a_grid_that_gets_one_finds_its_cells_done() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("results");
    let run = |grid: &Path, more: &[&str]| {
        let args = ["--grid", grid.to_str().unwrap(), "--out", out.to_str().unwrap()];
        runner(&[&args[..], more].concat())
    };
    let plain = sweep_grid(folder.path(), "[gpa, gcca, gcca: {rank: 3, ridge: 0.1}]", "");
    run(&plain, &[]);
    let results = out.join("sweep");
    let methods = || column(&table(&results.join("tables/summary.csv")), "method");
    assert_eq!(methods(), ["GPA", "GCCA", "GCCA (rank 3)"]);
    let legend = table(&results.join("tables/settings.csv"));
    assert_eq!(legend[3], ["GCCA (rank 3)", "gcca", "rank 3, ridge 0.1"]);
    let records = fs::read(results.join("records.csv")).unwrap();

    let more = "primary: {metric: rank1, compare: [tuned, gcca]}\n";
    let aliased = sweep_grid(folder.path(), "[gpa, gcca, gcca: {as: tuned, rank: 3, ridge: 0.1}]", more);
    let dry = run(&aliased, &["--dry-run"]);
    assert!(dry.contains("3 cells, 0 to do") && dry.contains("tuned on all (3 views)"), "{dry}");
    let only = run(&aliased, &["--dry-run", "--only", "method=tuned"]);
    assert!(only.contains("tuned on all") && !only.contains("gpa on all"), "{only}");
    run(&aliased, &[]);
    assert_eq!(methods(), ["GPA", "GCCA", "tuned"]);
    assert!(fs::read(results.join("records.csv")).unwrap() == records, "an alias is in no record");
    let comparison = fs::read_to_string(results.join("tables/comparison_rank_1.md")).unwrap();
    assert!(comparison.contains("tuned"), "{comparison}");
    let page = fs::read_to_string(results.join("report.html")).unwrap();
    assert!(page.contains("rank 3, ridge 0.1") && page.contains("Settings: the names in tables and figures"));
    let figure = fs::read_to_string(results.join("figures/summary.svg")).unwrap();
    assert!(figure.contains(">tuned</text>"), "{figure}");
    // Drawn again from the folder alone.
    runner(&["report", results.to_str().unwrap()]);
    assert_eq!(methods(), ["GPA", "GCCA", "tuned"]);
}

#[test]
fn twenty_settings_are_told_apart_in_every_figure() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("results");
    let methods = "[na, gpa, gcca: {sweep: {rank: [2, 3, 4, 6, 8, 12], ridge: [0.01, 0.1, 1.0]}}]";
    let figures = "figures:\n  - scatter: {name: points, x: rank5, y: rank1}\n  - curves: {name: ranks, metric: rank1, along: {parameter: rank}}\n";
    let grid = sweep_grid(folder.path(), methods, figures);
    runner(&["--grid", grid.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let svg = |name: &str| fs::read_to_string(out.join(format!("sweep/figures/{name}.svg"))).unwrap();
    // The words of a picture, whichever lines they stand in.
    let words = |svg: &str| {
        let parts = svg.split(['<', '>']).skip(2).step_by(2).map(str::trim).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    assert!(words(&svg("summary")).contains("20 series share 12 colours: their markers and dashes differ."));
    // Three lines of the sweep, and two level ones.
    let ranks = svg("ranks");
    for name in ["GCCA (ridge 0.01)", "GCCA (ridge 0.1)", "GCCA (ridge 1.0)", "GPA", "NA"] {
        assert!(ranks.contains(&format!(">{name}</text>")), "{name}");
    }
    assert!(!words(&ranks).contains("share 12 colours"));
}
