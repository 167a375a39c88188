//! The binary as a user meets it: a grid from nothing to figures, resuming, and what it says when something
//! is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::process::{Command, Output};

use common::{Bench, GRID, reproducible, root, runner, text, text_of};
use store::record::Record;

#[test]
fn the_smoke_grid_runs_from_nothing_to_figures_and_then_has_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let first = runner(&["--grid", "experiments/smoke.yaml", "--out", out, "--threads", "1"]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert!(text(&first.stderr).contains(" cells done, 0 failed"), "{}", text(&first.stderr));
    let files = [
        "records.parquet",
        "records.csv",
        "tables/summary.tex",
        "tables/comparison_rank_1_permute_0_5_of_v0_seed_0.md",
        "figures/summary_equal_none.png",
    ];
    for file in files {
        assert!(folder.path().join("smoke").join(file).exists(), "{file} is missing: {}", text(&first.stdout));
    }
    let before = fs::read(folder.path().join("smoke/records.parquet")).unwrap();
    let second = runner(&["--grid", "experiments/smoke.yaml", "--out", out]);
    assert!(second.status.success());
    let said = text(&second.stderr);
    assert!(said.contains("nothing to do: all ") && said.contains(" cells of `smoke` are done"), "{said}");
    assert!(before == fs::read(folder.path().join("smoke/records.parquet")).unwrap(), "a second run changes nothing");

    let other = tempfile::tempdir().unwrap();
    let args = ["--grid", "experiments/smoke.yaml", "--out", other.path().to_str().unwrap(), "--threads", "2"];
    assert!(runner(&args).status.success());
    let [one, two] = [&folder, &other].map(|f| reproducible(&f.path().join("smoke/records.csv")));
    assert!(one.equals_missing(&two), "records differ between 1 and 2 threads");
}

#[test]
fn what_does_not_apply_is_null_with_its_reason() {
    let bench = Bench::new(&GRID.replace("[12, 12, 12]", "[12, 12, 8]").replace("[na, gpa, gcca]", "[na, pairwise]"));
    assert!(bench.run(&[]).status.success(), "not applicable is no failure");
    let records = bench.records("tiny");
    let of = |method: &str, metric: &str| -> Vec<&Record> {
        let is = |r: &&Record| r.method.as_deref() == Some(method) && r.metric.is_some_and(|m| m.to_string() == metric);
        records.iter().filter(is).collect()
    };
    let unequal = of("na", "rank1").into_iter().find(|r| r.target.as_deref() == Some("v2")).unwrap();
    assert_eq!((unequal.value, unequal.error.as_deref()), (None, Some("widths differ: v0 12, v2 8")));
    let nothing = of("pairwise", "ari");
    assert!(nothing.iter().all(|r| r.value.is_none() && r.error.is_some()) && !nothing.is_empty());
}

#[test]
fn a_failed_cell_is_a_record_and_is_tried_again() {
    let bench = Bench::new(&GRID.replace("clustering]", "clustering: {k: 50}]"));
    let first = bench.run(&[]);
    assert_eq!(first.status.code(), Some(1), "{}", text(&first.stderr));
    assert!(text(&first.stderr).contains("0 cells done, 3 failed"), "{}", text(&first.stderr));
    let failed: Vec<Record> = bench.records("tiny").into_iter().filter(|r| r.metric.is_none()).collect();
    assert_eq!(failed.len(), 3);
    assert_eq!(failed[0].error.as_deref(), Some("k-means: k = 50 for 40 points; expected 1 <= k <= 40"));
    assert!(
        bench.records("tiny").iter().any(|r| r.metric == Some(tasks::Metric::Rank1.into())),
        "the other task is kept"
    );
    let again = bench.run(&[]);
    assert!(text(&again.stderr).contains("0 cells done, 3 failed"), "{}", text(&again.stderr));
    fs::write(bench.grid(), GRID).unwrap();
    let mended = bench.run(&[]);
    assert!(mended.status.success(), "{}", text(&mended.stderr));
}

#[test]
fn a_killed_run_keeps_what_it_finished() {
    let grid =
        GRID.replace("[na, gpa, gcca]", "[na, gcca, gcpa: {training: {released: {epochs: 50}}}]").replace("seeds", "");
    let bench = Bench::new(&format!("{grid}seeds: [0, 1, 2, 3, 4, 5, 6, 7]\n"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
        .current_dir(root())
        .args(["--grid", bench.grid().to_str().unwrap(), "--out", bench.out().to_str().unwrap(), "--jobs", "1"])
        .args(["--durability", "cell"])
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let cells = bench.out().join("tiny/cells");
    let finished = || {
        let names =
            fs::read_dir(&cells).map(|d| d.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect());
        let names: Vec<String> = names.unwrap_or_default();
        names.iter().filter(|n| n.ends_with(".parquet") && n.matches('.').count() == 1).count()
    };
    for _ in 0..3000 {
        if finished() >= 2 || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = finished();
    assert!(kept >= 2);
    let resumed = bench.run(&[]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    let said = text(&resumed.stderr);
    assert!(said.contains(&format!("{} cells done, 0 failed, {kept} were done before", 10 - kept)), "{said}");
}

#[test]
fn a_dry_run_computes_nothing() {
    let bench = Bench::new(GRID);
    let output = bench.run(&["--dry-run"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("3 cells, 3 to do"), "{}", text(&output.stdout));
    assert!(!bench.out().exists());
    assert!(bench.run(&["--only", "method=gpa"]).status.success());
    assert!(text(&bench.run(&["--dry-run"]).stdout).contains("3 cells, 2 to do"));
}

#[test]
fn errors_in_a_grid_file_point_at_the_place_and_name_the_remedy() {
    let case = |from: &str, to: &str| Bench::new(&GRID.replace(from, to)).error(&[]);
    grid::register_methods();
    let methods: Vec<String> = align::Method::names().iter().map(|name| format!("`{name}`")).collect();
    let known = "error: grid.yaml:5:15: methods[1]: unknown name `gpaa`; did you mean `gpa`? the names here are ";
    assert_eq!(case("methods: [na, gpa, gcca]", "methods: [na, gpaa]"), format!("{known}{}", methods.join(", ")));
    assert_eq!(
        case("tasks: [retrieval", "tasks: [retrival"),
        "error: grid.yaml:6:9: tasks[0]: unknown name `retrival`; did you mean `retrieval`? the names here are \
         `retrieval`, `clustering`, `consistency`, `drift`, `probing`, `stitching`, `cycle`, `reid`, `hubness`, \
         `similarity`, `upgrade`"
    );
    assert_eq!(
        case("gcca]", "gcca: {rnak: 3}]"),
        "error: grid.yaml:5:27: methods[2].gcca.rnak: unknown key `rnak`; did you mean `rank`? the keys here are \
         `rank`, `whiten`, `coordinates`, `ridge`, `decoder`, `constant_columns`"
    );
    for (from, to, want) in [
        (
            "gcca]",
            "gcpa: {scaffold: gcca}]",
            "5:27: methods[2].gcpa.scaffold: `scaffold` is written `base: gcca` since 0.2",
        ),
        ("synthetic:", "planted:", "data.planted: `planted` is called `synthetic` since 0.2; replace the name"),
        ("gcca]", "gcpa: {base: {gcca: {tol: 1}}}]", "methods[2].gcpa.base.gcca.tol: unknown key `tol`"),
        (
            "gcca]",
            "gcpa: {sweep: {loss.tau: []}}]",
            "methods[2].gcpa.sweep.loss.tau: a sweep over no value makes no cell",
        ),
        (
            "gcca]",
            "add_view: {base: {gcpa: {tau: 0}}}]",
            "methods[2].add_view.base.gcpa.tau: `tau` is written `loss: {tau",
        ),
        (
            "[retrieval",
            "[retrieval: {k: 10}",
            "tasks[0].retrieval.k: `k` is written `scoring: {csls: {k: 10}}` since 0.2",
        ),
    ] {
        let error = case(from, to);
        assert!(error.starts_with("error: grid.yaml:") && error.contains(want), "{error}");
    }
    assert_eq!(
        case("tasks:", "methods: [na]\ntasks:"),
        "error: grid.yaml:6:1: methods: given twice, first at line 5, column 1; remove one of the two"
    );
    assert_eq!(
        case("gcca]", "gcca, gpa]"),
        "error: grid.yaml:5:26: methods[3]: the same as `methods[1]`; remove one of the two"
    );
    assert_eq!(
        case("methods:", "views: {m1: [v0]}\nmethods:"),
        "error: grid.yaml:5:9: views.m1: 1 view; aligning needs at least 2"
    );
    assert_eq!(
        case("methods:", "views: [v0, v1]\nmethods:"),
        "error: grid.yaml:5:1: views: found no names of subsets; give every subset of views a name, such as `views: {m3: \
         [en, fr, ja]}`"
    );
    assert_eq!(
        case("tasks:", "figures: [{kind: bars, metric: ari}]\ntasks:"),
        "error: grid.yaml:6:11: figures[0]: found a mapping that does not have exactly one key; write one name with its settings, \
         such as `name: {key: value}`"
    );
    assert_eq!(
        case("methods:", "views: {m2: [v0, v9]}\nmethods:"),
        "error: grid.yaml:5:18: views.m2[1]: unknown view `v9`; did you mean `v0`? the views here are `v0`, `v1`, `v2`"
    );
    assert_eq!(
        case("gpa,", "gpa: {tol: -1},"),
        "error: grid.yaml:5:15: methods[1].gpa: gpa: `tol` is -1, expected a finite number, 0 or above"
    );
    assert_eq!(
        case("clustering]", "clustering: {label: clas}]"),
        "error: grid.yaml:6:33: tasks[1].clustering.label: unknown labelling `clas`; did you mean `class`? \
         the only labelling here is `class`"
    );
    assert_eq!(
        case("tasks:", "noise: [permute: {fraction: 0.5, views: [v5]}]\ntasks:"),
        "error: grid.yaml:6:9: noise[0]: no view `v5`; the views here are `v0`, `v1`, `v2`"
    );
    assert_eq!(
        case("tasks:", "primary: {metric: rank1, compare: [gpa, gcpa]}\ntasks:"),
        "error: grid.yaml:6:41: primary.compare[1]: unknown method `gcpa`; did you mean `gpa`? the methods here are \
         `na`, `gpa`, `gcca`"
    );
    assert_eq!(
        case("name: tiny", "name: a/b"),
        "error: grid.yaml:1:1: name: `a/b` names a folder; use letters, digits, `-` and `_`, at most 100"
    );
}

/// A paper file beside a grid, run to its end.
fn reproduce(claims: &str) -> (Bench, Output) {
    let bench = Bench::new(&GRID.replace("[na, gpa, gcca]", "[na, pairwise, gpa]"));
    let paper = bench.folder.path().join("paper.yaml");
    let head = "title: A table\ngrid: grid.yaml\noverrides: {name: other, methods: [na, pairwise, gpa]}\n\
                columns: [ari, rank1]\n\
                published: [{method: gpa, metric: ari, value: 0.5, std: 0.1, views: 3, kind: paper, source: a paper}]\n";
    fs::write(&paper, format!("{head}claims:\n{claims}")).unwrap();
    let out = bench.out();
    let output = runner(&["reproduce", paper.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    (bench, output)
}

#[test]
fn a_paper_file_sets_its_figures_beside_ours_and_judges_its_claims() {
    let (bench, output) = reproduce(
        "  - {id: C1, text: GPA finds matches, test: {better: {metric: rank1, method: gpa, over: [na]}}, value: {metric: ari}}\n  \
           - {id: C2, text: NA finds matches, test: {better: {metric: rank1, method: na, over: [gpa]}}}\n  \
           - {id: C3, text: PW clusters, test: {better: {metric: ari, method: pairwise, over: [na]}}}\n  \
           - {id: C4, text: GCCA is there, test: {better: {metric: ari, method: gcca, over: [na]}}}\n",
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for part in [
        "0.500 ± 0.100",
        "unknown",
        "C1 holds: GPA finds matches. Rank-1 over NA +",
        "Published values: not comparable: the paper file states no tolerance.",
        "paper (stated by the paper): a paper, date unknown.",
        "C2 does not hold: NA finds matches. Rank-1 over GPA -",
        "C3 not testable on these data: PW clusters. no ari of `pairwise`: ",
        "C4 not testable on these data: GCCA is there. the grid has no cell of `gcca` on `all` under noise `none`.",
    ] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(bench.out().join("other/tables/paper.tex").exists());
}

#[test]
fn several_paper_files_end_in_one_page_of_claims() {
    let bench = Bench::new(&GRID.replace(
        "tasks:",
        "views: {m2: [v0, v1], m3: all}\nnoise: [none, permute: {fraction: 0.9, views: [v0, v1]}]\ntasks:",
    ));
    let paper = |name: &str, rest: &str| {
        let path = bench.folder.path().join(format!("{name}.yaml"));
        fs::write(
            &path,
            format!("title: {name}\ngrid: grid.yaml\noverrides: {{name: {name}}}\ncolumns: [rank1]\n{rest}"),
        )
        .unwrap();
        path.to_str().unwrap().to_string()
    };
    let one = paper(
        "one",
        "claims:\n  - {id: C10, text: late, test: {not_testable: {reason: no such data}}}\n  \
           - {id: C9, text: GPA rises, test: {rises: {metric: rank1, method: gpa, pairs: [[v0, v1]]}}}\n\
         figures:\n  - curves: {name: growth, metric: rank1, of: [mean, worst], x: views}\n",
    );
    let two = paper(
        "two",
        "quick: {views: {m3: null}}\nclaims:\n  \
           - {id: C5, text: GCCA loses more, test: {smaller_drop: {metric: rank1, method: gpa, over: [gcca]}}}\n",
    );
    let out = bench.out();
    let out = out.to_str().unwrap();
    let output = runner(&["reproduce", &one, &two, "--quick", "--out", out]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = fs::read_to_string(bench.out().join("claims.md")).unwrap();
    let order: Vec<usize> = ["| C5 ", "| C9 ", "| C10 "].iter().map(|id| page.find(id).expect("a line")).collect();
    assert!(order.is_sorted(), "{page}");
    for part in ["GPA drops by ", "m2 0.", "no such data", "Quick run: fewer seeds and points"] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    assert!(bench.out().join("one-quick/figures/growth.png").exists());
    let sets = |name: &str| {
        bench.records(name).iter().map(|r| r.view_set().to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(sets("one-quick").contains("m3") && !sets("two-quick").contains("m3"), "each file says what is quick");

    let id = bench.records("one-quick")[0].cell.clone();
    let shown = runner(&["show", "--cell", &id[..8], "--out", out]);
    let said = text(&shown.stdout);
    assert!(shown.status.success() && said.contains(&id) && said.contains("rank1"), "{said}{}", text(&shown.stderr));
    let missing = runner(&["show", "--cell", "zzz", "--out", out]);
    assert_eq!(missing.status.code(), Some(4));
    assert!(text(&missing.stderr).starts_with("error: no cell `zzz` below "), "{}", text(&missing.stderr));
}

#[test]
fn errors_in_a_paper_file_point_at_the_place() {
    let (bench, output) =
        reproduce("  - {id: C1, text: t, test: {better: {metric: rank11, method: gpa, over: [na]}}}\n");
    assert_eq!(output.status.code(), Some(3));
    let error = text(&output.stderr).replace(bench.folder.path().to_str().unwrap(), "");
    let begin = "error: /paper.yaml:7:39: claims[0].test.better.metric: unknown metric `rank11`; did you mean `rank1`? \
                 the metrics here are `ari`, `nmi`, `rank1`, ";
    assert!(error.starts_with(begin) && error.contains("`ndcg10`, `recall10`"), "{error}");
}

#[test]
fn data_that_are_not_there_are_asked_for_by_name() {
    let synthetic =
        "data:\n  synthetic:\n    recipe: {widths: [12, 12, 12], fit_rows: 120, test_rows: 40, classes: 4}\n";
    // Relative to this folder there are no manifests, so the grid lies where it finds the project's.
    let error = |data: &str, more: &[&str]| {
        let folder = tempfile::tempdir_in(root().join("experiments")).unwrap();
        let grid = folder.path().join("grid.yaml");
        fs::write(&grid, GRID.replace(synthetic, data)).unwrap();
        let mut args = vec!["--grid", grid.to_str().unwrap(), "--out", "never"];
        args.extend(more);
        let output = runner(&args);
        assert!(matches!(output.status.code(), Some(3 | 4)));
        text(&output.stderr).replace(folder.path().to_str().unwrap(), "").trim_end().to_string()
    };
    assert_eq!(
        error("data: massive1\n", &[]),
        "error: /grid.yaml:2:1: data: unknown data set `massive1`; did you mean `massive10`? \
         the data sets here are `cifar9`, `emoji`, `massive10`, `scifact5`, `scifact5_all`"
    );
    assert_eq!(
        error("data: massive\nstand_in: massive10\n", &["--no-stand-in"]),
        "error: /grid.yaml:2:1: data: `massive` is not present: there is no data-manifests/massive.yaml; \
         without `--no-stand-in` `massive10` would take its place; make it with `cargo xtask embed massive`"
    );
    let table1 = root().join("experiments/paper/table1.yaml");
    let output = runner(&["reproduce", table1.to_str().unwrap(), "--data", "massive", "--out", "never"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4));
    let wanted = "there is no data-manifests/massive.yaml; make it with `cargo xtask embed massive`";
    assert!(said.contains(wanted), "no stand-in is taken for data that are asked for: {said}");
}

#[test]
fn an_output_folder_that_cannot_be_written_stops_before_the_first_cell() {
    let bench = Bench::new(GRID);
    fs::write(bench.out(), "a file, not a folder").unwrap();
    let error = bench.error(&[]);
    assert!(error.starts_with("error: cannot write to out/tiny; choose another folder with --out: "), "{error}");
}

#[test]
fn usage_errors_have_their_own_exit_code() {
    let output = runner(&["--grid", "x.yaml", "--only", "metod=gpa"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no key `metod`; did you mean `method`?"), "{}", text(&output.stderr));
    let first = runner(&[]);
    assert_eq!(first.status.code(), Some(0));
    assert!(text(&first.stdout).starts_with("First commands:"), "{}", text(&first.stdout));
    // Options of a grid without a grid are a slip, not a first visit.
    for args in [&["--threads", "4"][..], &["--out", "x"], &["--dry-run"], &["-q"], &["--only", "method=gpa"]] {
        let slip = runner(args);
        assert_eq!(slip.status.code(), Some(2), "{args:?}: {}", text_of(&slip));
        assert!(
            slip.stdout.is_empty() && text(&slip.stderr).contains("expected `--grid FILE` or a command"),
            "{}",
            text_of(&slip)
        );
    }
    let before = runner(&["-q", "list", "methods"]);
    assert!(before.status.success() && text(&before.stdout).contains("gcpa"), "{}", text_of(&before));
    let missing = runner(&["--grid", "no/such.yaml"]);
    assert_eq!(missing.status.code(), Some(4));
    assert!(text(&missing.stderr).starts_with("error: no/such.yaml: "), "{}", text(&missing.stderr));
}

#[test]
fn every_paper_file_has_cells_full_and_quick() {
    for entry in fs::read_dir(root().join("experiments/paper")).unwrap() {
        let path = entry.unwrap().path();
        for more in [&["--dry-run"][..], &["--dry-run", "--quick"]] {
            let output = runner(&[&["reproduce", path.to_str().unwrap(), "--out", "never"], more].concat());
            assert!(output.status.success(), "{}: {}", path.display(), text(&output.stderr));
            assert!(text(&output.stdout).contains(" to do; results go to never"), "{}", text(&output.stdout));
        }
    }
}

#[test]
fn lists_name_what_there_is() {
    for (what, name) in [("methods", "gcpa"), ("tasks", "clustering"), ("data", "massive10"), ("experiments", "table1")]
    {
        let output = runner(&["list", what]);
        assert!(output.status.success() && text(&output.stdout).contains(name), "{what}: {}", text(&output.stdout));
    }
}

#[test]
fn scaling_times_a_star_once_and_draws_its_curves() {
    let folder = tempfile::tempdir().unwrap();
    let star = folder.path().join("star.yaml");
    let yaml = "name: tiny\ncentre: {views: 3, items: 60, width: 8}\nviews: [3, 4]\nitems: [60, 120]\nwidths: [4, 8]\n\
                once: {items: [240]}\nrepeats: 2\nmethods: [pairwise, gpa: {max_iter: 3}]\n";
    fs::write(&star, yaml).unwrap();
    let out = folder.path().join("out");
    let run = || runner(&["scaling", star.to_str().unwrap(), "--out", out.to_str().unwrap(), "--threads", "1"]);
    let first = run();
    assert!(first.status.success(), "{}", text_of(&first));
    let said = text(&first.stdout);
    assert!(said.contains("medians of 2 fits each, methods in turn, but M 3 N 240 d 8 1"), "{said}");
    let rows = fs::read_to_string(out.join("tiny/tables/cost.csv")).unwrap();
    for size in ["M 3 N 60 d 8", "M 4 N 60 d 8", "M 3 N 120 d 8", "M 3 N 60 d 4", "M 3 N 240 d 8"] {
        let of_size = |text: &str| text.lines().filter(|line| line.contains(size) && !line.contains("but")).count();
        assert_eq!((of_size(&rows), of_size(&said)), (2, 2), "a row for each method at {size}: {rows}{said}");
    }
    let records = fs::read_to_string(out.join("tiny/records.csv")).unwrap();
    // Four sizes twice and one once, of two methods.
    assert_eq!(records.lines().count(), 1 + 4 * 2 * 2 + 2);
    for axis in ["views", "items", "width"] {
        assert!(out.join(format!("tiny/figures/cost_by_{axis}.png")).exists());
        let svg = fs::read_to_string(out.join(format!("tiny/figures/cost_by_{axis}.svg"))).unwrap();
        assert!(
            svg.contains(">PW M^") || svg.contains(">PW N^") || svg.contains(">PW d^"),
            "lines of the methods: {axis}"
        );
    }
    let again = run();
    assert_eq!(records, fs::read_to_string(out.join("tiny/records.csv")).unwrap(), "{}", text_of(&again));

    fs::write(&star, yaml.replace("repeats: 2", "repeats: 0").replace("views: [3, 4]", "views: [3, 1]")).unwrap();
    let refused = text_of(&run());
    assert!(refused.contains("star.yaml:3:12: views[1]: found 1, expected at least 2"), "{refused}");
}
