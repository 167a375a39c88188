//! A user's own files: what is said before a wrong number is computed from them.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{runner, text_of};
use store::record::Record;

/// A number between −0.5 and 0.5 that nothing near it tells.
fn number(at: usize) -> f64 {
    ((at as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5
}

/// Values of item `i`, as encoder `seed` sees the same three hidden numbers.
fn row(i: usize, seed: usize, width: usize) -> Vec<String> {
    let entry = |j: usize| {
        let seen = |k: usize| number(3 * i + k + 1) * number(10_000 + 100 * seed + 10 * j + k);
        (0..3).map(seen).sum::<f64>() + 0.05 * number(20_000 + 1_000 * i + 10 * j + seed)
    };
    (0..width).map(|j| format!("{:.6}", entry(j))).collect()
}

/// Three files of `n` items, of which the last holds them in the order `order`; imported as `mine`.
fn import(folder: &Path, n: usize, order: impl Fn(usize) -> usize) -> String {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let mut args: Vec<String> =
        ["import", "--force", "--name", "mine", "--out", &path("mine.yaml")].map(String::from).to_vec();
    for (seed, (name, width)) in [("clip", 6), ("e5", 5), ("dino", 7)].into_iter().enumerate() {
        let at = |i: usize| if name == "dino" { order(i) } else { i };
        let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
        let lines: Vec<String> = (0..n).map(|i| row(at(i), seed + 1, width).join(",")).collect();
        fs::write(path(&format!("{name}.csv")), format!("{head}\n{}\n", lines.join("\n"))).unwrap();
        args.extend(["--view".to_string(), format!("{name}={}", path(&format!("{name}.csv")))]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = runner(&args);
    assert!(output.status.success(), "{}", text_of(&output));
    path("mine.yaml")
}

#[test]
fn files_in_different_orders_are_named_by_check_and_by_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = import(folder.path(), 300, |i| i);
    let said = text_of(&runner(&["check", &manifest]));
    assert!(said.contains("Rows of all views correspond.") && !said.contains("do not correspond"), "{said}");

    let manifest = import(folder.path(), 300, |i| (i + 1) % 300);
    let said = text_of(&runner(&["check", &manifest]));
    for pair in [
        "train: rows of `clip` do not correspond to those of `dino` (z = ",
        "of `e5` do not correspond to those of `dino`",
    ] {
        assert!(said.contains(pair), "{said}");
    }
    assert!(
        said.contains("check that row i is the same item in both files") && !said.contains("Nothing odd"),
        "{said}"
    );
    assert!(!said.contains("of `clip` do not correspond to those of `e5`"), "{said}");

    let bench = common::Bench::new(&format!("name: odd\ndata: {manifest}\nmethods: [gpa]\ntasks: [retrieval]\n"));
    let said = text_of(&bench.run(&[]));
    assert!(said.contains("train: rows of `clip` do not correspond to those of `dino` (z = "), "{said}");
    let of_order = |record: &&Record| record.metric.is_some_and(|metric| metric.to_string() == "unmatched_rows");
    let records = bench.records("odd");
    let mut found: Vec<(String, f64, u64)> = records
        .iter()
        .filter(of_order)
        .filter(|record| record.target.as_deref() == Some("train"))
        .map(|record| (record.source.clone().unwrap(), record.value.unwrap(), record.n.unwrap()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let want = [("clip", 1.0, 2), ("dino", 2.0, 2), ("e5", 1.0, 2)];
    assert_eq!(found, want.map(|(view, count, of)| (view.to_string(), count, of)));
    let report = fs::read_to_string(bench.out().join("odd/report.md")).unwrap();
    assert!(report.contains("other views whose rows do not correspond in train: 1 to 2 of 2 per view"), "{report}");
}

#[test]
fn files_with_ids_are_joined_whatever_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let mut args: Vec<String> = ["import", "--name", "mine", "--out", &path("mine.yaml")].map(String::from).to_vec();
    for (seed, (name, width, pace)) in [("clip", 6, 1), ("e5", 5, 7), ("dino", 7, 11)].into_iter().enumerate() {
        let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
        // The second view lacks the items up to 20.
        let items = (0..300).map(|i| (i * pace) % 300).filter(|item| name != "e5" || *item > 20);
        let lines: Vec<String> =
            items.map(|item| format!("pic{item},{}", row(item, seed + 1, width).join(","))).collect();
        fs::write(path(&format!("{name}.csv")), format!("id,{head}\n{}\n", lines.join("\n"))).unwrap();
        args.extend(["--view".to_string(), format!("{name}={}#d*", path(&format!("{name}.csv")))]);
        args.extend(["--ids".to_string(), format!("{name}={}#id", path(&format!("{name}.csv")))]);
    }
    let output = runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let said = text_of(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("21 of 300 rows of `clip` are left out: other files lack their ids (`pic0` is not in `e5`)"),
        "{said}"
    );
    let said = text_of(&runner(&["check", &path("mine.yaml")]));
    assert!(said.contains("Rows of all views correspond."), "{said}");
    assert!(said.contains("21 of 300 rows of view `dino` are in no split"), "{said}");
    let short = path("short.csv");
    fs::write(&short, "id,d0\npic1,0.5\npic2,0.25\npic3,0.75\n").unwrap();
    let views = [format!("clip={}#d*", path("clip.csv")), format!("short={short}#d*")];
    let args = |ids: &[&str]| {
        let out = path("other.yaml");
        let fixed = ["import", "--name", "other", "--out", &out, "--view", &views[0], "--view", &views[1]];
        text_of(&runner(&[&fixed[..], ids].concat()))
    };
    let hint =
        "row i must be the same item in every view (files with ids can be joined: --ids NAME=FILE#PART for each)";
    let said = args(&[]);
    assert!(said.contains(hint), "{said}");
    let said = args(&["--ids", &format!("short={short}#id")]);
    assert!(
        said.contains(
            "view `clip` has no ids, and other files have; give it ids of its own (with --ids NAME=FILE#PART)"
        ),
        "{said}"
    );
}
