//! The command line as users and programs meet it: help pages, errors, exit codes, JSON. The snapshots are written again with
//! `SNAPSHOTS=overwrite cargo test --test command_line`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use align::named::{Named, ParameterDoc};
use common::{Bench, GRID, frame, runner, text, text_of};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, file};

/// The program in a folder, whose commands are a line.
fn within(folder: &Path, line: &str) -> Output {
    let words = line.split(' ').filter(|word| !word.is_empty());
    Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(folder).env("NO_COLOR", "1").args(words).output().unwrap()
}

fn commands() -> Vec<String> {
    let page = text(&runner(&["--help"]).stdout);
    let names = page.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("  ")).map(|(name, _)| name);
    let names = names.filter(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !name.starts_with('-')
    });
    names.map(str::to_string).collect()
}

#[test]
fn help_pages() {
    let commands = commands();
    assert!(commands.len() > 25, "{commands:?}");
    let mut pages =
        format!("$ runner\n{}\n$ runner --help\n{}", text(&runner(&[]).stdout), text(&runner(&["--help"]).stdout));
    for command in commands.iter().map(String::as_str).chain(["moments merge"]) {
        let words: Vec<&str> = ["help"].into_iter().chain(command.split(' ')).collect();
        let page = runner(&words);
        assert!(page.status.success(), "{command}: {}", text_of(&page));
        pages += &format!("\n$ runner help {command}\n{}", text(&page.stdout));
    }
    assert_data_eq!(pages, file!["snapshots/help.txt"].raw());
}

#[test]
fn error_texts_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    write("grid.yaml", GRID);
    write("empty.yaml", "# nothing\n");
    write(
        "several.yaml",
        "name: a b\ndata: {synthetic: {recipe: {widths: [12, 12]}}}\nmethods: [na, gpaa, gcca: {rnak: 3, ridge: much}]\n\
         tasks: [retrival, clustering: {k: many}]\nseed: [1]\n",
    );
    write(
        "domains.yaml",
        "name: a b\ndata: {synthetic: {recipe: {widths: [12, 12]}}}\nviews: {one: [v0]}\nmethods: [gpa: {tol: -1}, gcca: {rank: 0}]\n\
         tasks: [clustering: {restarts: 0}]\nseeds: []\n",
    );
    write("absent.yaml", &GRID.replace("synthetic:", "manifest: none.yaml #").replace("    recipe", "#"));
    write(
        "manifest.yaml",
        "name: m\ntitle: t\nlicence: l\nsource: s\nsplits: [train, test]\nviews:\n- {name: a}\n- {name: b, file: b.xyz}\n",
    );
    write("taken", "a file where a folder should be\n");
    write("u.safetensors", "");
    let lines = [
        // 2: usage.
        "--dry-run",
        "run",
        "run grid.yaml --force",
        "resume grid.yaml --engine slurm --force",
        "fit m --method gpa --out u.safetensors --force",
        "run grid.yaml --format json",
        "run grid.yaml --only metod=gpa",
        "run grid.yaml --only method=gpaa",
        "list methods gca",
        "list tasks retreival",
        "list data gcca",
        "fit --method gpa --out x.safetensors",
        "fit --cell 0f3a --method gpa --out x.safetensors",
        "submit grid.yaml --format json",
        "resume grid.yaml --cpus 4",
        // 3: invalid input.
        "run empty.yaml",
        "run several.yaml",
        "run domains.yaml",
        "check manifest.yaml",
        "fit massive --method gpaa --out x.safetensors",
        "project u.safetensors --view a --input grid.yaml --out z.npy",
        // 4: missing data.
        "run no.yaml",
        "run absent.yaml",
        "check nothing",
        "show 0f3a",
        "merge plan.json",
        "status grid.yaml",
        "report results/none",
        "project none.safetensors --view a --input a.npy --out z.npy",
        // 5: output that cannot be written.
        "run grid.yaml --out taken",
        "fit m --method gpa --out u.safetensors",
        "man --out taken",
    ];
    let mut all = String::new();
    for line in lines {
        let output = within(folder.path(), line);
        assert!(output.stdout.is_empty(), "{line}: {}", text_of(&output));
        all += &format!("$ runner {line}\n{}exit code {}\n\n", text(&output.stderr), output.status.code().unwrap());
    }
    assert_data_eq!(all.clone(), file!["snapshots/errors.txt"].raw());
    let codes = |code: &str| all.matches(&format!("exit code {code}\n")).count();
    assert_eq!((codes("0"), codes("1"), codes("101")), (0, 0, 0), "every error is of a kind");
    assert_eq!((codes("2"), codes("3"), codes("4"), codes("5")), (15, 6, 8, 3));
}

#[test]
fn a_failed_cell_and_a_missing_one_have_exit_code_1() {
    let bench = Bench::new(&GRID.replace("clustering]", "clustering: {k: 50}]"));
    assert_eq!(bench.run(&[]).status.code(), Some(1), "cells failed");
    let (grid, out) = (bench.grid(), bench.out());
    let status = runner(&["status", grid.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(status.status.code(), Some(1), "{}", text_of(&status));
}

/// What a command prints, which must be one JSON document.
fn document(line: &str) -> Value {
    let output = runner(&line.split(' ').collect::<Vec<_>>());
    assert!(output.status.success(), "{line}: {}", text_of(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {}", text_of(&output)))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_documented_keys() {
    let bench = Bench::new(GRID);
    let (grid, out) = (bench.grid().display().to_string(), bench.out().display().to_string());
    let dry = document(&format!("run {grid} --out {out} --dry-run --format json"));
    assert_eq!(keys(&dry), ["folder", "to_do", "cells"]);
    assert_eq!((dry["to_do"].as_u64(), keys(&dry["cells"][0])), (Some(3), vec!["id", "label", "state"]));
    assert_eq!(dry["cells"][0]["state"], "to do");
    let plan = document(&format!("plan {grid} --out {out} --format json"));
    assert_eq!(plan["format"], "runner plan 1");
    assert_eq!(plan["cells"][0]["id"], dry["cells"][0]["id"]);
    assert!(runner(&["run", &grid, "--out", &out]).status.success(), "the form of today");

    let status = document(&format!("status {grid} --out {out} --format json"));
    assert_eq!(keys(&status), ["grid", "counts", "cells", "others", "resume"]);
    assert_eq!(keys(&status["counts"]), ["done", "running", "queued", "failed", "missing"]);
    assert_eq!(keys(&status["cells"][0]), ["index", "id", "label", "state", "at_work", "why", "log"]);
    assert_eq!((&status["counts"]["done"], &status["cells"][2]["state"]), (&3.into(), &"done".into()));

    let verified = document(&format!("verify {grid} --out {out} --sample 1 --format json"));
    let wanted = ["cells", "done", "damaged", "recomputed", "exact", "tolerance", "seed", "problems"];
    assert_eq!(keys(&verified), wanted);
    assert_eq!(
        (&verified["done"], &verified["recomputed"], &verified["problems"]),
        (&3.into(), &1.into(), &Value::Array(vec![]))
    );

    let id = dry["cells"][1]["id"].as_str().unwrap();
    let shown = document(&format!("show {id} --out {out} --format json"));
    assert_eq!((&shown["cell"], &shown["method"], &shown["seed"]), (&id.into(), &"gpa".into(), &42.into()));
    assert!(shown["params"]["tol"].is_number() && shown["views"].as_array().unwrap().len() == 3, "{shown}");
    let score = shown["scores"].as_array().unwrap().iter().find(|score| score["metric"] == "rank1").unwrap();
    assert_eq!(keys(score), ["task", "metric", "space", "source", "target", "value", "n", "error"]);
    assert!(score["value"].is_number());

    let checked = document("check massive10 --format json");
    let wanted = ["name", "title", "licence", "source", "views", "classes", "sampled", "warnings", "unmatched"];
    assert_eq!((keys(&checked), &checked["name"]), (wanted.to_vec(), &"massive10".into()));
    let view = ["split", "view", "rows", "columns", "effective_rank", "norms"];
    assert_eq!(
        (keys(&checked["views"][0]), keys(&checked["views"][0]["norms"])),
        (view.to_vec(), vec!["smallest", "median", "largest"])
    );
    assert_eq!(keys(&checked["classes"][0]), ["split", "name", "classes", "sizes"]);

    for what in ["methods", "tasks"] {
        let listed = document(&format!("list {what} --format json"));
        assert_eq!(keys(&listed[0]), ["name", "title", "summary", "parameters"]);
    }
    let gcca = document("list methods gcca --format json");
    let rank = &gcca[0]["parameters"][0];
    assert_eq!((keys(rank), &rank["name"]), (vec!["name", "default", "domain", "about"], &"rank".into()));
    let data = document("list data --format json");
    assert_eq!(keys(&data[0]), ["name", "title", "present", "missing_files", "views"]);
    let files = document("list experiments --format json");
    assert_eq!(keys(&files[0]), ["command", "file", "title"]);
}

#[test]
fn a_cell_is_fitted_again_with_its_settings() {
    let bench = Bench::new(
        &GRID
            .replace("[na, gpa, gcca]", "[gpa: {solver: accelerated}]")
            .replace("tasks:", "noise: [permute: {fraction: 0.5, views: [v1]}]\nseeds: [7]\ntasks:"),
    );
    assert!(bench.run(&[]).status.success());
    let records = bench.records("tiny");
    let (out, file) = (bench.out().display().to_string(), bench.folder.path().join("u.safetensors"));
    let id = &records[0].cell[..10];
    let fit = runner(&["fit", "--cell", id, "--results", &out, "--out", file.to_str().unwrap()]);
    assert!(fit.status.success(), "{}", text_of(&fit));
    let said = text(&fit.stdout);
    assert!(said.contains(&format!("as cell {} of `tiny`: gpa on all (3 views), permute", records[0].cell)), "{said}");
    let saved = data::universe::read(&file).unwrap();
    assert_eq!((saved.origin.seed, &saved.origin.data_sha256), (7, &records[0].data_sha256));
    assert_eq!(saved.report.objective, records[0].objective, "the same fit, noise included");
    let again = runner(&["fit", "--cell", id, "--results", &out, "--out", file.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(5), "{}", text_of(&again));
    assert!(text(&again.stderr).trim_end().ends_with("(with --overwrite)"), "{}", text_of(&again));
}

#[test]
fn a_cell_whose_widths_were_matched_has_no_universe_that_reads_vectors_as_they_are() {
    let bench = Bench::new(&GRID.replace("[na, gpa, gcca]", "[gcca]").replace("tasks:", "widths: pca\ntasks:"));
    assert!(bench.run(&[]).status.success());
    let (out, file) = (bench.out().display().to_string(), bench.folder.path().join("u.safetensors"));
    let id = &bench.records("tiny")[0].cell[..10];
    let fit = runner(&["fit", "--cell", id, "--results", &out, "--out", file.to_str().unwrap()]);
    assert_eq!(fit.status.code(), Some(3), "{}", text_of(&fit));
    assert!(text(&fit.stderr).contains("matches widths by PCA before a fit (`widths: pca`)"), "{}", text_of(&fit));
    assert!(!file.exists());
}

#[test]
fn former_forms_are_still_understood() {
    let bench = Bench::new(GRID);
    let (grid, out) = (bench.grid().display().to_string(), bench.out().display().to_string());
    assert!(runner(&["plan", &grid, "--out", &out]).status.success());
    let plan = bench.out().join("tiny/plan.json").display().to_string();
    for line in [
        format!("run-cell --plan {plan} --index 0"),
        format!("run-cell {plan} --indices 1-2"),
        format!("merge --plan {plan}"),
    ] {
        let output = runner(&line.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{line}: {}", text_of(&output));
    }
    let old = runner(&["--grid", &grid, "--out", &out, "--dry-run"]);
    assert_eq!(text(&old.stdout), text(&runner(&["run", &grid, "--out", &out, "--dry-run"]).stdout));
    assert_eq!(frame(&bench.out().join("tiny/records.parquet")).height(), bench.records("tiny").len());
}

/// A value as a grid file has it.
fn written(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// `value` at a path of settings.
fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').filter(|key| !key.is_empty()).fold(value, |value, key| json!({ key: value }))
}

/// The names in backquotes after `expected`.
fn expected(error: &str) -> Vec<String> {
    let rest = error.split_once("expected").map_or("", |(_, rest)| rest);
    rest.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

fn check<T: Named + PartialEq + serde::de::DeserializeOwned + std::fmt::Debug>(
    all: Vec<T>,
    docs: fn(&T) -> &'static [ParameterDoc],
) {
    for default in all {
        let (name, docs) = (default.name(), docs(&default));
        let read = |settings: Value| serde_json::from_value::<T>(json!({ name: settings }));
        let error = |settings: Value| read(settings).err().map(|error| error.to_string()).unwrap_or_default();
        let parts = |parent: &str| -> Vec<String> {
            let below = |doc: &ParameterDoc| {
                let rest =
                    if parent.is_empty() { doc.name } else { doc.name.strip_prefix(parent)?.strip_prefix('.')? };
                rest.split('.').next().map(str::to_string)
            };
            let mut parts: Vec<String> = docs.iter().filter_map(below).collect();
            parts.dedup();
            parts
        };
        let parents = docs.iter().filter_map(|doc| doc.name.rsplit_once('.')).map(|(parent, _)| parent);
        for parent in parents.chain([""]) {
            let fields = expected(&error(at(parent, json!({ "no_such_field": 0 }))));
            assert_eq!(parts(parent), fields, "{name}: an entry for every field of `{parent}`, in their order");
        }
        for doc in docs {
            assert!(!doc.domain.is_empty() && !doc.about.is_empty() && doc.about.len() <= 120, "{name}.{}", doc.name);
            let refused = error(at(doc.name, "no such name".into()));
            // `runner list tasks NAME` lists the parameters of a task.
            if refused.contains("unknown variant") && doc.domain != "task" {
                for variant in expected(&refused) {
                    assert!(doc.domain.contains(&variant), "{name}.{}: {variant}", doc.name);
                    // A variant with settings has entries for them.
                    let inner = format!("{}.{variant}", doc.name);
                    if !expected(&error(at(&inner, json!({ "no_such_field": 0 })))).is_empty() {
                        assert!(docs.iter().any(|other| other.name.starts_with(&inner)), "{name}: {inner}");
                    }
                }
            }
            if doc.default.is_empty() {
                continue;
            }
            let parent = doc.name.rsplit_once('.').map_or("", |(parent, _)| parent);
            let nothing = if parent.is_empty() { json!({}) } else { at(parent, json!({})) };
            let given = read(at(doc.name, written(doc.default)));
            let given = given.unwrap_or_else(|error| panic!("{name}.{}: {error}", doc.name));
            // Behind a name of a choice stand all parameters of a method.
            if doc.default != "{}" {
                assert_eq!(given, read(nothing).expect("defaults"), "{name}: the default of {}", doc.name);
            }
        }
    }
}

#[test]
fn every_parameter_has_an_entry_with_its_default() {
    check(align::Method::all(), align::Method::parameter_docs);
    check(tasks::Task::all(), tasks::Task::parameter_docs);
}
