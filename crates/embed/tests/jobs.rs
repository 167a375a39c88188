//! `embed jobs`: paths of the list, and errors in words for this command.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use common::{golden, succeeded};
use serde_json::{Value, json};

/// A list with one view of two texts, below a folder of its own.
fn listed(folder: &Path, changes: &[(&str, Value)]) {
    let place = folder.join("list");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("train.txt"), "one\ntwo\n").unwrap();
    let mut view = json!({
        "name": "en", "of": "en", "encoder": "org/bert", "revision": null, "model": golden("bert"), "pool": null,
        "max_length": null, "out": "en.safetensors", "inputs": {"train": "train.txt"},
    });
    for (key, value) in changes {
        view[*key] = value.clone();
    }
    let list = json!({
        "name": "tiny", "title": "", "licence": "", "source": "", "labels": [], "groups": [],
        "splits": {"train": {"rows": 2, "items": "train.items.parquet"}}, "views": [view],
    });
    fs::write(place.join("jobs.json"), list.to_string()).unwrap();
}

fn run(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
    command.current_dir(folder).args(["jobs", "list/jobs.json"]).output().unwrap()
}

fn error(folder: &Path, changes: &[(&str, Value)]) -> String {
    listed(folder, changes);
    let output = run(folder);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn paths_stay_in_the_folder_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("other.txt"), "three\n").unwrap();
    let absolute = folder.join("other.txt").display().to_string();
    for (key, value, path) in [
        ("out", json!("../en.safetensors"), "../en.safetensors"),
        ("out", json!("a/../../en.safetensors"), "a/../../en.safetensors"),
        ("inputs", json!({"train": "../other.txt"}), "../other.txt"),
        ("inputs", json!({"train": absolute}), &absolute),
        ("average", json!({"train": "../other.txt"}), "../other.txt"),
        ("ids", json!({"train": "../other.txt"}), "../other.txt"),
        ("edges", json!({"filter": "canny", "lists": {"train": "../other.txt"}}), "../other.txt"),
    ] {
        let said = error(folder, &[(key, value)]);
        let wanted =
            format!("embed: list/jobs.json: view `en`: {key}: found `{path}`, expected a path below the folder");
        assert!(said.starts_with(&wanted), "{said}");
    }
    assert!(!folder.join("en.safetensors").exists() && !folder.join("list/en.safetensors").exists());
    listed(folder, &[("out", json!("./below.safetensors"))]);
    succeeded(&run(folder));
    assert!(folder.join("list/below.safetensors").exists());
}

#[test]
fn errors_name_keys_of_the_list_and_no_option_that_this_command_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let fits = |said: &str, part: &str| {
        let options = ["--tensor", "--out", "--max-length", "--pool", "--input", "--dictionary"];
        assert!(said.contains(part) && options.iter().all(|option| !said.contains(option)), "{said}");
    };
    let key = |key: &str, value: Value, part: &str| fits(&error(folder, &[(key, value)]), part);
    key("max_length", json!(65), "list/jobs.json: max_length: 65 given, and the model's table");
    key("out", json!("en.npy"), "list/jobs.json: out: found `list/en.npy`, expected a name that ends in .safetensors");
    key("inputs", json!({"train": "none.jsonl"}), "list/jobs.json: inputs: `list/none.jsonl` holds objects");
    key("dictionary", json!(golden("vit")), "list/jobs.json: dictionary: ");
    key("inputs", json!({"tr/ain": "train.txt"}), "list/jobs.json: inputs: found `tr/ain`, expected letters");
    listed(folder, &[]);
    succeeded(&run(folder));
    let other = error(folder, &[("pool", json!("cls"))]);
    fits(&other, "list/en.safetensors: has a tensor `train` of another run (its encoder is bert, 32, mean");
    assert!(other.ends_with("; move it away and run the same command again\n"), "{other}");
    fs::remove_file(folder.join("list/en.safetensors")).unwrap();
    fs::create_dir(folder.join("list/en.safetensors.train.parts")).unwrap();
    fs::write(folder.join("list/en.safetensors.train.parts/job.json"), r#"{"model": "another"}"#).unwrap();
    fits(&error(folder, &[]), "list/en.safetensors.train.parts: holds shards of another run (its model is another");
}
