//! `runner recommend` on files of a user: the table, the universe file, what the test rows cannot change, and errors.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{number, runner, text, text_of};
use serde_json::Value;
use tempfile::TempDir;

/// Values of item `i`, as encoder `seed` sees the same six hidden numbers.
fn row(i: usize, seed: usize, width: usize) -> String {
    let entry = |j: usize| {
        let seen = |k: usize| number(6 * i + k + 1) * number(100_000 + 1_000 * seed + 10 * j + k);
        format!("{:.6}", (0..6).map(seen).sum::<f64>() + 0.15 * number(1_000_000 * seed + 100 * i + j))
    };
    (0..width).map(entry).collect::<Vec<_>>().join(",")
}

/// A data set whose training and test rows are in files of their own.
struct Own(TempDir);

impl Own {
    fn new() -> Self {
        let own = Self(tempfile::tempdir().unwrap());
        let mut args: Vec<String> = ["import", "mine", "--out", &own.at("mine.yaml")].map(String::from).to_vec();
        for (seed, (name, width)) in [("clip", 16), ("e5", 12), ("dino", 14)].into_iter().enumerate() {
            for (split, rows) in [("train", 0..200), ("test", 200..240)] {
                let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
                let lines: Vec<String> = rows.map(|i| row(i, seed + 1, width)).collect();
                fs::write(own.at(&format!("{name}.{split}.csv")), format!("{head}\n{}\n", lines.join("\n"))).unwrap();
            }
            args.extend(["--view".into(), format!("{name}={}", own.at(&format!("{name}.train.csv")))]);
            args.extend(["--test-view".into(), format!("{name}={}", own.at(&format!("{name}.test.csv")))]);
        }
        let output = runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(output.status.success(), "{}", text_of(&output));
        own
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The output of a command that must work, on both streams; `@` stands for the folder.
    fn ok(&self, line: &str) -> (String, String) {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", text_of(&output));
        (text(&output.stdout), text(&output.stderr))
    }

    fn run(&self, line: &str) -> std::process::Output {
        let folder = format!("{}/", self.0.path().display());
        let words: Vec<String> = line.split_whitespace().map(|word| word.replace('@', &folder)).collect();
        runner(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// The document without what differs between runs: seconds and the name of the file.
fn steady(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).unwrap();
    document["seconds"] = Value::Null;
    document["universe"] = Value::Null;
    for method in document["methods"].as_array_mut().unwrap() {
        method["seconds"] = Value::Null;
    }
    document
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

const METHODS: &str = "--methods na,pairwise,gpa,gcca,cca,add_view --budget 4 --folds 4";

#[test]
fn a_table_a_recommendation_and_a_universe_file() {
    let own = Own::new();
    let (out, err) = own.ok(&format!("recommend @mine.yaml {METHODS} --out @u.safetensors"));
    for said in [
        "Scores are means of rank1 of retrieval over 4 folds of the 200 training rows.",
        "The test rows were not read.",
        "| method ",
        "95% interval",
        "without a score: add_view: it adds a view to an existing universe",
        "Recommended: ",
        "Its rank1 by rows of a fit: ",
        "on 18, ",
        "on 150\n",
        "u.safetensors: ",
        "on 200 rows of mine",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(out.contains("wice the pairs"), "{out}");
    assert!(err.contains("`mine`: only the 200 training rows of 3 views are read; the test rows are not"), "{err}");
    assert!(err.contains("5 methods with") && err.contains("[5/5] gpa, "), "{err}");
    let table: Vec<&str> = out.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(table.iter().all(|line| line.chars().count() <= 110), "a narrow table: {table:?}");
    // The file is that of `runner fit` with the recommended method, but for the checksum of the data.
    let (json, err) = own.ok(&format!("recommend @mine.yaml {METHODS} --out @v.safetensors --format json --quiet"));
    assert!(err.is_empty(), "{err}");
    let document: Value = serde_json::from_str(&json).unwrap();
    let recommended = document["recommended"].as_str().unwrap();
    assert!(out.contains(&format!("Recommended: {recommended} (")), "{out}");
    let methods = document["methods"].as_array().unwrap();
    let chosen = methods.iter().find(|method| method["method"] == recommended).unwrap();
    assert_eq!(chosen["within_one_standard_error"], true);
    assert!(methods.iter().all(|method| method["score"].as_f64() <= methods[0]["score"].as_f64()), "the best first");
    assert_eq!(document["curve"].as_array().unwrap().len(), 4);
    assert!(document["twice"]["from"] == 150 && document["twice"]["to"] == 300, "{}", document["twice"]);
    assert_eq!(bytes(&own.path("u.safetensors")), bytes(&own.path("v.safetensors")));
    let rows = "--view clip --input @clip.test.csv";
    own.ok(&format!("fit @mine.yaml --method {recommended} --params {} --out @w.safetensors", {
        chosen["settings"][recommended].to_string().replace(' ', "")
    }));
    for file in ["u", "w"] {
        own.ok(&format!("translate @{file}.safetensors --from clip --to e5 --input @clip.test.csv --out @{file}.npy"));
    }
    assert_eq!(bytes(&own.path("u.npy")), bytes(&own.path("w.npy")), "{rows}");
}

#[test]
fn test_rows_change_nothing() {
    let own = Own::new();
    let line = |out: &str| format!("recommend @mine.yaml {METHODS} --out @{out}.safetensors --format json");
    let (clean, _) = own.ok(&line("clean"));
    for name in ["clip", "e5", "dino"] {
        fs::write(own.path(&format!("{name}.test.csv")), "d0\nnot a number\n").unwrap();
    }
    let (spoilt, _) = own.ok(&line("spoilt"));
    assert_eq!(steady(&clean), steady(&spoilt));
    assert_eq!(bytes(&own.path("clean.safetensors")), bytes(&own.path("spoilt.safetensors")));
    fs::remove_file(own.path("clip.test.csv")).unwrap();
    own.ok(&line("absent"));
    assert_eq!(bytes(&own.path("clean.safetensors")), bytes(&own.path("absent.safetensors")));
}

#[test]
fn requests_that_cannot_be_met_are_refused() {
    let own = Own::new();
    let refused = |line: &str, code: i32, said: &str| {
        let output = own.run(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", text_of(&output));
        assert!(text(&output.stderr).contains(said), "{line}: {}", text_of(&output));
        assert!(!own.path("x.safetensors").exists(), "{line}");
    };
    let line = |more: &str| format!("recommend @mine.yaml --out @x.safetensors {more}");
    refused(&line("--methods gcpaa"), 2, "did you mean `gcpa`?");
    refused(&line("--by rnk1"), 2, "did you mean `rank1`?");
    refused(&line("--task retreival"), 3, "did you mean `retrieval`");
    refused(&line("--folds 201 --methods na"), 3, "found 200 training items, expected at least 201");
    refused(&line("--folds 200 --methods na"), 3, "`folds` is 200, so that a fold holds out one item");
    refused(&line("--folds 1 --methods na"), 3, "`folds` is 1, expected at least 2");
    refused(&line("--by ari --methods na"), 3, "the task `retrieval` computes no `ari`");
    refused(&line("--task clustering --by ari"), 3, "`task` is `clustering`, which needs labels");
    refused(&line("--views clip,e6"), 3, "did you mean `e5`");
    refused(&line("--methods add_view"), 3, "no method can be recommended");
    refused("recommend nothing --out @x.safetensors", 4, "nothing");
    fs::write(own.path("taken.safetensors"), "").unwrap();
    refused("recommend @mine.yaml --out @taken.safetensors", 5, "--overwrite");
    refused("recommend @mine.yaml --out @taken.npy", 3, "npy");
}
