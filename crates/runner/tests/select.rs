//! Grids whose methods select their parameters: cells, records, stored scores, tables, errors.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;

use common::{Bench, text_of};
use store::cells::Store;
use store::record::{Record, SELECTION};

const GRID: &str = "\
name: chosen
data:
  synthetic:
    recipe: {widths: [16, 16, 16], fit_rows: 200, test_rows: 80, classes: 4, noise: 1.0}
methods:
  - gpa
  - gcca: {rank: 4}
  - gcca: {as: tuned, select: {rank: [2, 4, 8], ridge: [0, 0.1]}, whiten: inverse_singular}
  - cca: {select: suggested}
selection: {folds: 4, budget: 5}
tasks: [retrieval]
primary: {metric: rank1, compare: [tuned, gpa]}
";

#[test]
fn a_selection_is_one_setting_whose_choice_is_kept_and_shown() {
    let bench = Bench::new(GRID);
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    let records = bench.records("chosen");
    let selected: Vec<&Record> = records.iter().filter(|record| record.selection.is_some()).collect();
    assert!(selected.iter().all(|record| record.method.as_deref() == Some("select")));
    assert!(selected.iter().all(|record| record.selection_seconds.is_some_and(|seconds| seconds > 0.0)));
    assert!(records.iter().filter(|record| record.method.as_deref() == Some("gpa")).all(|r| r.selection.is_none()));
    let tuned = selected[0].selection.as_ref().expect("a choice").report();
    assert_eq!((tuned.folds, tuned.candidates.len(), tuned.left_out), (4, 5, 1));
    assert!(tuned.candidates.iter().all(|candidate| candidate.folds.iter().all(Option::is_some)));
    assert!(tuned.share.is_some());

    let out = bench.out().join("chosen");
    let table = fs::read_to_string(out.join("tables/selected.csv")).expect("written");
    let line = table.lines().find(|line| line.starts_with("tuned,")).expect("a line");
    assert!(line.contains("rank ") && line.contains("ridge ") && line.contains("5 of 6"), "{table}");
    let all = fs::read_to_string(out.join("tables/candidates.csv")).expect("written");
    assert!(all.lines().filter(|line| line.starts_with("tuned,")).count() == 5, "{all}");
    assert!(all.lines().any(|line| line.starts_with("Selected CCA,")), "{all}");
    let report = fs::read_to_string(out.join("report.html")).expect("written");
    assert!(report.contains("Selected parameters") && report.contains("Scores of all candidates by fold"));

    let store = Store::open(&bench.out(), "chosen").expect("a store");
    let series = store.series(&selected[0].cell).expect("scores");
    let kept: Vec<_> = series.iter().filter(|stored| stored.task == SELECTION).collect();
    assert_eq!(kept.len(), 5, "one series per candidate");
    assert!(kept.iter().all(|stored| stored.series.values.iter().all(|value| (0.0..=1.0).contains(value))));

    let again = bench.run(&[]);
    assert!(text_of(&again).contains("nothing to do"), "{}", text_of(&again));
    let verified = common::runner(&["verify", out.to_str().expect("UTF-8")]);
    assert!(verified.status.success(), "the same choices again: {}", text_of(&verified));
}

#[test]
fn errors_of_a_selection_point_at_its_place() {
    let case = |from: &str, to: &str| Bench::new(&GRID.replace(from, to)).error(&[]);
    let error = case("selection: {folds: 4, budget: 5}", "selection: {fold: 4}");
    assert!(
        error.starts_with("error: grid.yaml:10:") && error.contains("unknown key `fold`; did you mean `folds`?"),
        "{error}"
    );
    let error = case("rank: [2, 4, 8]", "rnk: [2, 4, 8]");
    assert!(error.starts_with("error: grid.yaml:8:") && error.contains("`rnk`; did you mean `rank`?"), "{error}");
    let error = case("rank: [2, 4, 8]", "rank: []");
    assert!(error.contains("`select` is a list without values for `rank`, expected at least one value"), "{error}");
    let error = case("select: {rank: [2, 4, 8], ridge: [0, 0.1]}", "select: all");
    assert!(error.contains("\"all\" is no choice; give the values to try"), "{error}");
    let error = case("select: {rank: [2, 4, 8], ridge: [0, 0.1]}", "select: sugested");
    assert!(error.contains("\"sugested\" is no choice; did you mean `suggested`?"), "{error}");
    let error = case("folds: 4, budget: 5", "rule: bets");
    assert!(error.contains("`bets`; did you mean `best`?"), "{error}");
    let error = case("folds: 4, budget: 5", "by: rnak1");
    assert!(error.contains("`rnak1`; did you mean `rank1`?"), "{error}");
    let error = case("folds: 4, budget: 5", "folds: 1");
    assert!(error.contains("`folds` is 1, expected at least 2"), "{error}");
}
