//! `runner scaling`: what it refuses, and fits that fail or whose files are damaged.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use common::{frame, runner, table, text, text_of};
use store::record::{Record, from_frame};
use tempfile::TempDir;

/// A file of sizes in a folder of its own, and a place for the timings.
struct Bench {
    folder: TempDir,
}

const STAR: &str = "\
name: tiny
centre: {views: 3, items: 100, width: 8}
views: [3, 4]
items: [100, 200]
widths: [8, 16]
repeats: 2
methods: [pairwise, gpa: {max_iter: 3}]
";

/// A centre and four columns less, of which a GCCA of rank 6 has too few.
fn with_a_failure() -> String {
    STAR.replace("widths: [8, 16]", "widths: [4, 8]").replace("gpa: {max_iter: 3}", "gcca: {rank: 6}")
}

impl Bench {
    fn new(star: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.write(star);
        bench
    }

    fn write(&self, star: &str) {
        fs::write(self.folder.path().join("star.yaml"), star).unwrap();
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("deep/out")
    }

    fn run(&self, more: &[&str]) -> Output {
        let (star, out) = (self.folder.path().join("star.yaml"), self.out());
        let mut args = vec!["scaling", star.to_str().unwrap(), "--out", out.to_str().unwrap(), "--threads", "1"];
        args.extend(more);
        runner(&args)
    }

    /// The error of a file that is refused before anything is written.
    fn refused(&self, star: &str) -> String {
        self.write(star);
        let output = self.run(&[]);
        assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
        let there = fs::read_dir(self.folder.path()).unwrap().count();
        assert_eq!(there, 1, "nothing but the file: {star}");
        text(&output.stderr)
    }

    fn records(&self) -> Vec<Record> {
        from_frame(&frame(&self.out().join("tiny/records.parquet"))).unwrap()
    }

    /// The files of cells whose names end so.
    fn cells(&self, end: &str) -> Vec<PathBuf> {
        let cells = fs::read_dir(self.out().join("tiny/cells")).unwrap().map(|entry| entry.unwrap().path());
        let mut cells: Vec<PathBuf> = cells.filter(|path| path.to_str().unwrap().ends_with(end)).collect();
        cells.sort();
        cells
    }
}

#[test]
fn options_that_are_not_heeded_are_refused() {
    let bench = Bench::new(STAR);
    for option in [
        ["--only", "seed=0"],
        ["--shard", "0/2"],
        ["--jobs", "1"],
        ["--max-memory", "8G"],
        ["--timeout", "5"],
        ["--durability", "cell"],
        ["--fail-fast", "--dry-run"],
        ["--keep-going", "--dry-run"],
        ["--no-stand-in", "--dry-run"],
    ] {
        let output = bench.run(&option);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{option:?}: {said}");
        assert!(said.contains(&format!("unexpected argument '{}' found", option[0])), "{option:?}: {said}");
    }
    assert!(!bench.out().exists(), "nothing is timed");
    let listed = bench.run(&["--dry-run", "--recompute", "--quick"]);
    assert!(text(&listed.stdout).contains("M 3 N 100 d 8, 1 times each of 2 methods"), "{}", text_of(&listed));
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let bench = Bench::new(STAR);
    let absolute = bench.folder.path().join("elsewhere").display().to_string();
    for name in ["../../esc", "..", "''", "a/b", "a b", absolute.as_str()] {
        let said = bench.refused(&STAR.replace("name: tiny", &format!("name: {name}")));
        assert!(said.contains("star.yaml:1:1: name: `") && said.contains("` names a folder; use letters"), "{said}");
    }
}

#[test]
fn a_method_listed_twice_is_refused_at_its_line() {
    let bench = Bench::new(STAR);
    let twice =
        STAR.replace("[pairwise, gpa: {max_iter: 3}]", "\n  - pairwise\n  - gpa: {max_iter: 3}\n  - pairwise: {}");
    let said = bench.refused(&twice.replace("repeats: 2", "repeats: 0"));
    assert!(said.contains("star.yaml:10:5: methods[2]: the same as `methods[0]`; remove one of the two"), "{said}");
    assert!(said.contains("repeats: found 0, expected at least 1"), "every fault is told: {said}");
}

#[test]
fn a_fit_that_fails_leaves_the_other_sizes_and_methods() {
    let bench = Bench::new(&with_a_failure());
    let first = bench.run(&[]);
    let said = text_of(&first);
    assert_eq!(first.status.code(), Some(1), "{said}");
    assert!(said.contains("M 3 N 100 d 4 FAILED: "), "{said}");
    assert!(said.contains("3 cells done, 1 failed"), "{said}");

    let records = bench.records();
    let failed: Vec<&Record> = records.iter().filter(|record| record.error.is_some()).collect();
    // Four sizes with two fits of two methods, but a fit that fails is tried once.
    assert_eq!((records.len(), failed.len()), (4 * 2 * 2 - 1, 1), "{said}");
    let reason = failed[0].error.as_deref().unwrap();
    assert!(failed[0].method.as_deref() == Some("gcca") && failed[0].fit_seconds.is_none() && said.contains(reason));
    assert_eq!((failed[0].m, failed[0].view_set()), (3, "N100 d4"));

    let rows = table(&bench.out().join("tiny/tables/cost.csv"));
    let at = |size: &str| rows.iter().filter(|row| row[0] == size).collect::<Vec<_>>();
    for size in ["M 3 N 100 d 8", "M 4 N 100 d 8", "M 3 N 200 d 8"] {
        assert!(at(size).len() == 2 && at(size).iter().all(|row| row[2].parse::<f64>().is_ok()), "{size}: {rows:?}");
    }
    let [other, undefined] = at("M 3 N 100 d 4")[..] else { panic!("two rows: {rows:?}") };
    assert!(other[2].parse::<f64>().is_ok() && undefined[2..].iter().all(|cell| cell.parse::<f64>().is_err()));
    assert!(text(&first.stdout).contains(&format!("No value: {reason}.")), "{said}");
    assert!(bench.out().join("tiny/figures/cost_by_width.svg").exists());

    // As a failed cell of a grid, it is tried again; the others are done.
    assert_eq!((bench.cells(".failed.parquet").len(), bench.cells(".parquet").len()), (1, 4));
    let again = bench.run(&[]);
    let said = text_of(&again);
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("0 cells done, 1 failed, 3 were done before"), "{said}");
    bench.write(&with_a_failure().replace("rank: 6", "rank: 3"));
    assert!(bench.run(&[]).status.success());
}

#[test]
fn methods_that_fail_everywhere_leave_a_table_without_curves() {
    let bench = Bench::new(&STAR.replace("[pairwise, gpa: {max_iter: 3}]", "[gcca: {rank: 500}]"));
    let output = bench.run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));
    assert_eq!(table(&bench.out().join("tiny/tables/cost.csv")).iter().filter(|row| row.len() == 7).count(), 1 + 4);
    assert!(!bench.out().join("tiny/figures/cost_by_width.svg").exists());
}

#[test]
fn a_damaged_cell_is_timed_again() {
    let bench = Bench::new(STAR);
    assert!(bench.run(&[]).status.success());
    let (before, cells) = (bench.records(), bench.cells(".parquet"));
    let bytes = fs::read(&cells[1]).unwrap();
    fs::write(&cells[1], &bytes[..bytes.len() - 200]).unwrap();
    let again = bench.run(&[]);
    let said = text_of(&again);
    assert!(again.status.success(), "{said}");
    let id = cells[1].file_stem().unwrap().to_str().unwrap();
    assert!(said.contains(&format!("cell {id} is computed anew")), "{said}");
    assert!(said.contains("1 cells done, 0 failed, 3 were done before"), "{said}");
    let after = bench.records();
    let new: Vec<&Record> = after.iter().filter(|record| !before.contains(record)).collect();
    assert!(!new.is_empty() && new.iter().all(|record| record.cell == id), "only its fits are new");
    assert_eq!(after.len(), before.len());
}

#[test]
fn no_report_is_drawn_of_timings() {
    let bench = Bench::new(STAR);
    assert!(bench.run(&[]).status.success());
    let folder = bench.out().join("tiny");
    let (place, out) = (folder.to_str().unwrap(), bench.out().canonicalize().unwrap());
    let listed = || {
        let files = |name: &str| fs::read_dir(folder.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files("").chain(files("tables")).chain(files("figures")).collect();
        files.sort();
        files
    };
    let before = listed();
    let copy = bench.out().join("copy");
    fs::create_dir_all(&copy).unwrap();
    fs::copy(folder.join("records.parquet"), copy.join("records.parquet")).unwrap();
    for args in [vec!["report", place], vec!["report", place, "--compare", copy.to_str().unwrap()]] {
        let output = runner(&args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
        assert!(said.contains("tiny holds times of fits (`runner scaling`), expected scores of a grid"), "{said}");
        assert!(said.contains(&format!("run `runner scaling FILE --out {}`", out.display())), "{said}");
    }
    assert_eq!(listed(), before, "nothing is drawn");
}
