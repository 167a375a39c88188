//! Encoders by their names in the cache of the hub's own programs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use common::{golden, succeeded};
use files::checksum::sha256_file;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";

/// A golden folder as a snapshot of `org/name`; all files as the hub stores large ones.
fn cache(root: &Path, name: &str, commit: &str) {
    let repository = root.join(format!("hub/models--org--{name}"));
    let snapshot = repository.join("snapshots").join(commit);
    for folder in [&snapshot, &repository.join("blobs"), &repository.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(repository.join("refs/main"), commit).unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"] {
        let from = golden(name).join(file);
        if from.exists() {
            let blob = sha256_file(&from).unwrap();
            fs::copy(from, repository.join("blobs").join(&blob)).unwrap();
            symlink(format!("../../blobs/{blob}"), snapshot.join(file)).unwrap();
        }
    }
}

fn embed(root: &Path, kind: &str, model: &str, out: &str) -> Output {
    let input = match kind {
        "text" => root.join("texts.txt"),
        kind => golden(kind),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
    command.current_dir(root).env("HF_HUB_CACHE", root.join("hub")).args([kind, "--model", model, "--out", out]);
    command.args(["--tensor", "train", "--input"]).arg(input).output().unwrap()
}

fn failed(root: &Path, model: &str) -> String {
    let output = embed(root, "text", model, "x.safetensors");
    assert!(!output.status.success());
    assert!(!root.join("x.safetensors").exists());
    String::from_utf8(output.stderr).unwrap().replace(&root.display().to_string(), "R")
}

#[test]
fn a_name_stands_for_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let root = &folder.path().canonicalize().unwrap();
    fs::write(root.join("texts.txt"), "two children\nan old book\n").unwrap();
    cache(root, "bert", OTHER);
    cache(root, "bert", COMMIT);
    let told = succeeded(&embed(root, "text", "org/bert", "a.safetensors"));
    let snapshot = root.join("hub/models--org--bert/snapshots").join(COMMIT);
    assert!(told.contains(&format!("org/bert is {}", snapshot.display())), "{told}");
    let told = succeeded(&embed(root, "text", &format!("org/bert@{OTHER}"), "b.safetensors"));
    assert!(told.contains(OTHER), "{told}");
    // The same rows, and the same description of the job, as from the folder itself.
    succeeded(&embed(root, "text", snapshot.to_str().unwrap(), "c.safetensors"));
    let bytes = |name: &str| fs::read(root.join(name)).unwrap();
    assert!(bytes("a.safetensors") == bytes("b.safetensors") && bytes("a.safetensors") == bytes("c.safetensors"));
    for (kind, model) in [("pictures", "vit"), ("sounds", "hubert")] {
        cache(root, model, COMMIT);
        let told = succeeded(&embed(root, kind, &format!("org/{model}"), &format!("{model}.safetensors")));
        assert!(told.contains(&format!("models--org--{model}/snapshots")), "{told}");
    }
    // A folder of that name goes first.
    fs::create_dir_all(root.join("org/bert")).unwrap();
    assert!(failed(root, "org/bert").contains("org/bert: `config.json` is missing"));
}

#[test]
fn what_is_not_there_is_named_with_the_folders() {
    let folder = tempfile::tempdir().unwrap();
    let root = &folder.path().canonicalize().unwrap();
    fs::write(root.join("texts.txt"), "two children\n").unwrap();
    let told = failed(root, "org/bert");
    for part in [
        "R/org/bert: the model's folder is missing; nor is",
        "R/hub/models--org--bert does not exist; expected a folder with `config.json` and `model.safetensors`",
        "`hf download org/bert`",
        "HF_HUB_CACHE or HF_HOME",
    ] {
        assert!(told.contains(part), "`{part}` is not in {told}");
    }
    cache(root, "bert", COMMIT);
    let told = failed(root, &format!("org/bert@{OTHER}"));
    assert!(told.contains(&format!("snapshots/{OTHER} does not exist; the snapshots there are {COMMIT}")), "{told}");
    assert!(failed(root, "org/bert@v1").contains("R/hub/models--org--bert/refs/v1 does not exist"));
    assert!(failed(root, "/no/such/folder").contains("/no/such/folder: the model's folder is missing; expected"));

    let weights = sha256_file(&golden("bert").join("model.safetensors")).unwrap();
    let blob = root.join("hub/models--org--bert/blobs").join(&weights);
    let whole = fs::read(&blob).unwrap();
    fs::write(&blob, &whole[..whole.len() - 1]).unwrap();
    let told = failed(root, "org/bert");
    assert!(told.contains(&format!("blobs/{weights}: SHA-256 is ")) && told.contains("delete it"), "{told}");
    fs::remove_file(&blob).unwrap();
    let told = failed(root, "org/bert");
    assert!(told.contains(&format!("blobs/{weights}: is missing; download the encoder again")), "{told}");
}
