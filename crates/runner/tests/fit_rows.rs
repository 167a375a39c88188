//! Grids over numbers of training rows: cells, records, selection, errors, and what the report makes of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Bench, text, text_of};
use store::record::{COST_COLUMNS, LATER_COLUMNS, Record};

const GRID: &str = "\
name: rows
data:
  synthetic:
    recipe: {widths: [16, 16, 16], fit_rows: 400, test_rows: 120, classes: 4, noise: 2.0}
methods: [gpa, gcca: {ridge: 0.1}]
tasks: [retrieval, probing: {protocol: {released: {epochs: 2}}}]
fit_rows: [10, 30, 100, 200, all]
seeds: [0, 1]
primary: {metric: rank1, compare: [gpa, gcca]}
figures:
  - curves: {name: pairs, metric: rank1}
";

fn plain() -> String {
    let lines: Vec<&str> =
        GRID.lines().filter(|line| !line.starts_with("fit_rows") && !line.contains("pairs,")).collect();
    lines.join("\n").replace("name: rows", "name: plain").replace("figures:", "")
}

fn ids(records: &[Record], which: impl Fn(&&Record) -> bool) -> BTreeSet<String> {
    records.iter().filter(|record| record.method.is_some()).filter(which).map(|record| record.cell.clone()).collect()
}

#[test]
fn a_grid_over_numbers_of_training_rows_becomes_a_curve_and_a_table() {
    let bench = Bench::new(GRID);
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    let records = bench.records("rows");
    // A part of the rows is drawn by every seed. On all rows GPA starts from every seed, GCCA has one fit.
    for (fit_rows, cells) in [(Some(10), 4), (Some(30), 4), (Some(100), 4), (Some(200), 4), (None, 3)] {
        assert_eq!(ids(&records, |record| record.fit_rows == fit_rows).len(), cells, "{fit_rows:?}");
    }
    assert!(records.iter().all(|record| record.value.is_some()), "every cell has its scores");
    let said = text_of(&output);
    assert!(said.contains(", 30 training rows, seed 1"), "{said}");
    assert!(said.contains("90% of the Rank-1 of"), "{said}");
    let out = bench.out().join("rows");
    let table = fs::read_to_string(out.join("tables/how_many_pairs.csv")).expect("written");
    let headers = "method,measure,10,30,100,200,all (362),90% needs,twice the rows";
    assert_eq!(table.lines().next(), Some(headers), "validation rows do not count");
    assert!(table.lines().any(|line| line.starts_with("GPA,Rank-1,0.")), "{table}");
    let report = fs::read_to_string(out.join("report.html")).expect("written");
    assert!(report.contains("How many pairs") && report.contains("Methods compared by Rank-1, 30 training rows"));
    let curve = fs::read_to_string(out.join("figures/pairs.svg")).expect("written");
    assert!(curve.contains(">training rows<") && curve.contains(">362<"), "the axis is chosen and ends at all rows");
    let again = bench.run(&[]);
    assert!(again.status.success() && text_of(&again).contains("nothing to do: all 19 cells"), "{}", text_of(&again));
}

#[test]
fn cells_on_all_rows_are_those_of_a_grid_without_the_axis() {
    let bench = Bench::new(GRID);
    assert!(bench.run(&["--only", "fit_rows=all"]).status.success());
    let with = bench.records("rows");
    fs::write(bench.grid(), plain()).expect("writable");
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    let without = bench.records("plain");
    assert_eq!(ids(&with, |_| true), ids(&without, |_| true));
    let skipped: Vec<&str> = COST_COLUMNS.iter().copied().chain(["grid"]).collect();
    let difference = store::record::first_difference(&with, &without, &skipped, |a, b| a.to_bits() == b.to_bits());
    assert_eq!((with.len(), difference.expect("comparable")), (without.len(), None));
    let columns = common::frame(&bench.out().join("plain/records.parquet"));
    assert!(LATER_COLUMNS.iter().all(|name| columns.column(name).is_err()), "files are what they were");
}

#[test]
fn numbers_of_rows_are_selected_and_refused() {
    let bench = Bench::new(GRID);
    let listed = bench.run(&["--dry-run", "--only", "fit_rows=30,method=gpa"]);
    let listed = text(&listed.stdout);
    assert!(listed.contains("30 training rows") && !listed.contains("100 training rows"), "{listed}");
    let error = text_of(&bench.run(&["--only", "fit_rows=31"]));
    assert!(error.contains("--only fit_rows=31: no cell has that; there are 10, 100, 200, 30, all"), "{error}");
    let refused = |sizes: &str| {
        fs::write(bench.grid(), GRID.replace("[10, 30, 100, 200, all]", sizes)).expect("writable");
        bench.error(&["--dry-run"])
    };
    let error = refused("[100, 401]");
    assert!(error.contains("fit_rows[1]"), "{error}");
    let both = "found 401 training rows, and `synthetic` has 362 on the views `all`, validation rows not counted; expected at most 362, or `all`";
    assert!(error.contains(both), "{error}");
    assert!(refused("[]").contains("the list is empty"));
    assert!(refused("[30, 30]").contains("the same as `fit_rows[0]`"));
    let error = refused("[1]");
    assert!(error.contains("`all` or a number of training rows, at least 2"), "{error}");
    let error = refused("[30, 100]\nnoise: [none, permute: {fraction: 0.5}]");
    assert!(error.contains("`along: noise`, `along: fit_rows`"), "{error}");
}
