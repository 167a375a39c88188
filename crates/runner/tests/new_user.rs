//! The way of a new user with files of their own: orders that differ, rows that are missing, five captions for a picture, a sweep.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Bench, number, runner, text_of};

/// One row of an encoder: eight hidden numbers of `item`, mixed by the encoder, with noise of its own for each `row`.
fn row(item: usize, row: usize, encoder: usize, width: usize) -> String {
    let hidden: Vec<f64> = (0..8).map(|k| number(8 * item + k + 1)).collect();
    let entry = |j: usize| {
        let seen: f64 =
            hidden.iter().enumerate().map(|(k, h)| h * number(100_000 + 1_000 * encoder + 10 * j + k)).sum();
        format!("{:.6}", seen + 0.03 * number(1_000_000 * encoder + 100 * row + j))
    };
    (0..width).map(entry).collect::<Vec<_>>().join(",")
}

/// A CSV file with an `id` and the columns of an encoder for each of `rows`: the id, the item, and the number that noise is drawn by.
fn write(path: &Path, encoder: usize, width: usize, rows: impl Iterator<Item = (String, usize, usize)>) {
    let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = rows.map(|(id, item, at)| format!("{id},{}", row(item, at, encoder, width))).collect();
    fs::write(path, format!("id,{head}\n{}\n", lines.join("\n"))).unwrap();
}

/// Imports the files as a data set and gives the manifest and the text on the screen.
fn import(folder: &Path, name: &str, views: &[(&str, PathBuf)], more: &[&str]) -> (String, String) {
    let manifest = folder.join(format!("{name}.yaml")).display().to_string();
    let mut args: Vec<String> = ["import", name, "--out", &manifest].map(String::from).to_vec();
    for (view, path) in views {
        args.extend(["--view".into(), format!("{view}={}#d*", path.display())]);
        args.extend(["--ids".into(), format!("{view}={}#id", path.display())]);
    }
    args.extend(more.iter().map(ToString::to_string));
    let output = runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let said = text_of(&output);
    assert!(output.status.success(), "{said}");
    (manifest, said)
}

/// Mean of a metric over the directions of a method's records.
fn mean(bench: &Bench, grid: &str, metric: &str, keep: impl Fn(&store::record::Record) -> bool) -> f64 {
    let records = bench.records(grid);
    let values: Vec<f64> = records
        .iter()
        .filter(|record| record.metric.is_some_and(|of| of.to_string() == metric) && keep(record))
        .filter_map(|record| record.value)
        .collect();
    assert!(!values.is_empty(), "no {metric} in {grid}");
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn four_files_in_different_orders_with_missing_rows_and_a_sweep_of_twenty_settings() {
    let folder = tempfile::tempdir().unwrap();
    let encoders = [("clip", 24, 7), ("e5", 20, 11), ("dino", 28, 13), ("siglip", 16, 17)];
    let views: Vec<(&str, PathBuf)> = encoders
        .iter()
        .enumerate()
        .map(|(encoder, &(name, width, pace))| {
            let path = folder.path().join(format!("{name}.csv"));
            // Every file has an order of its own, and lacks a twelfth of the items, which are others in each.
            let items = (0..600).map(|i| (i * pace) % 600).filter(|item| !(item + 3 * encoder).is_multiple_of(12));
            write(&path, encoder + 1, width, items.map(|item| (format!("item{item}"), item, item)));
            (name, path)
        })
        .collect();
    let (manifest, said) = import(folder.path(), "mine", &views, &["--allow-missing", "--split", "0.7,0.3"]);
    assert!(said.contains("missing items in train: 32 to 38 of 420 per view"), "{said}");
    let said = text_of(&runner(&["check", &manifest]));
    assert!(said.contains("Rows of all views correspond.") && !said.contains("do not correspond"), "{said}");

    let ranks: Vec<String> = (1..=16).map(|rank| rank.to_string()).collect();
    let bench = Bench::new(&format!(
        "name: mine\ndata: {manifest}\nmethods: [pairwise, gpa, gcca: {{as: tuned, rank: 8, whiten: inverse_singular}}, \
         gcca: {{sweep: {{rank: [{}]}}}}, srm]\ntasks: [retrieval]\nfigures:\n  - curves: {{name: ranks, metric: rank1}}\n",
        ranks.join(", ")
    ));
    let output = bench.run(&[]);
    let said = text_of(&output);
    assert!(output.status.success(), "{said}");
    let rank1 = |method: &str| mean(&bench, "mine", "rank1", |record| record.method.as_deref() == Some(method));
    assert!(rank1("pairwise") > 0.9 && rank1("gpa") > 0.9, "{} and {}", rank1("pairwise"), rank1("gpa"));

    let results = bench.out().join("mine");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    for rank in 1..=16 {
        assert!(report.contains(&format!("GCCA (rank {rank})")), "the name of a setting: {report}");
    }
    assert!(report.contains("tuned"), "{report}");
    assert!(report.contains("retrieves best: Rank-1"), "a verdict: {report}");
    assert!(report.contains("misses"), "the missing rows: {report}");
    assert!(!report.contains("NaN"), "{report}");
    // Nothing is left to do.
    let said = text_of(&bench.run(&["--dry-run"]));
    assert!(said.contains("20"), "{said}");
}

#[test]
fn five_captions_of_a_picture_are_all_right_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, captions) = (folder.path().join("pictures.csv"), folder.path().join("captions.csv"));
    // The pictures come in an order of their own; the captions of one stand apart from each other.
    write(&pictures, 1, 20, (0..150).map(|i| (i * 7) % 150).map(|item| (format!("p{item}"), item, item)));
    write(&captions, 2, 16, (0..750).map(|at| (format!("p{}", at % 150), at % 150, at)));
    let views = [("pictures", pictures), ("captions", captions)];
    let (manifest, said) = import(folder.path(), "flickr", &views, &["--split", "0.6,0.4"]);
    assert!(!said.contains("do not correspond"), "{said}");

    let grid = |positives: &str| {
        format!("name: flickr\ndata: {manifest}\nmethods: [pairwise]\ntasks: [retrieval{positives}]\n")
    };
    let bench = Bench::new(&grid(": {positives: groups}"));
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    for (source, queries) in [("pictures", 60), ("captions", 300)] {
        let records = bench.records("flickr");
        let found = records.iter().find(|record| {
            record.metric.is_some_and(|of| of.to_string() == "rank1") && record.source.as_deref() == Some(source)
        });
        let found = found.unwrap();
        assert!(found.value.unwrap() > 0.9, "{source}: {:?}", found.value);
        assert_eq!(found.n, Some(queries), "one query for each {source}");
    }
    // By item alone the copies of a picture tie, which is said before anybody believes the number.
    let bench = Bench::new(&grid(""));
    let said = text_of(&bench.run(&[]));
    assert!(said.contains("positives: groups"), "{said}");
}
