//! Where records say they come from: the code that was compiled, not the folder of the grid.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

#[path = "../../store/build/revision.rs"]
mod revision;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Bench, GRID, root, runner, text};
use store::provenance::{LOCK_SHA256, REVISION, now};

fn git(folder: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(who).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout).trim().to_string()
}

/// A checkout of a program, as far as its revision goes.
fn checkout(folder: &Path) {
    for path in revision::CODE {
        let path = folder.join(path);
        let file = if path.extension().is_some() { path } else { path.join("lib.rs") };
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    fs::write(folder.join("README.md"), "").unwrap();
    git(folder, &["init", "--quiet"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "one"]);
}

#[test]
fn the_revision_is_of_the_code_that_is_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("crates/align/src")).unwrap();
    assert_eq!(revision::revision(&tree, &tree), "unknown", "a copy without git's folder");
    assert!(revision::watched(&tree).iter().all(|path| path.exists()), "else cargo would build anew every time");
    checkout(&tree);
    let commit = git(&tree, &["rev-parse", "--short=12", "HEAD"]);
    assert_eq!(revision::revision(&tree, &tree), commit);
    // A document is no code.
    fs::write(tree.join("README.md"), "more").unwrap();
    assert_eq!(revision::revision(&tree, &tree), commit);
    let file = tree.join("crates/align/src/lib.rs");
    fs::write(&file, "// changed").unwrap();
    assert_eq!(revision::revision(&tree, &tree), format!("{commit}-dirty"));
    fs::write(&file, "").unwrap();
    assert_eq!(revision::revision(&tree, &tree), commit);
    fs::write(tree.join("crates/runner/src/new.rs"), "").unwrap();
    assert_eq!(revision::revision(&tree, &tree), format!("{commit}-dirty"), "a new file is compiled too");
    // Unpacked inside another project, whose commits say nothing of this code.
    let inside = tree.join("vendor/copy");
    fs::create_dir_all(inside.join("crates/align/src")).unwrap();
    assert_eq!(revision::revision(&inside, &inside), "unknown");
    assert!(revision::lock(&inside).is_empty(), "its versions were chosen elsewhere");
    // A package from a registry: cargo has written down what it was made from.
    let packaged = |dirty: &str| {
        let text = format!(
            "{{\n  \"git\": {{\n    \"sha1\": \"0123456789abcdef\"{dirty}\n  }},\n  \"path_in_vcs\": \"x\"\n}}"
        );
        fs::write(inside.join(".cargo_vcs_info.json"), text).unwrap();
        revision::revision(&inside, &inside)
    };
    assert_eq!(packaged(""), "0123456789ab");
    assert_eq!(packaged(",\n    \"dirty\": true"), "0123456789ab-dirty");
}

#[test]
fn a_commit_and_a_change_of_code_are_noticed_and_nothing_else_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    checkout(&tree);
    let watched = revision::watched(&tree);
    let log = tree.join(".git/logs/HEAD");
    assert!(watched.iter().any(|path| path.canonicalize().unwrap() == log.canonicalize().unwrap()), "{watched:?}");
    assert_eq!(watched.len(), revision::CODE.len() + 1, "{watched:?}");
    let before = fs::read(&log).unwrap();
    git(&tree, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    assert_ne!(fs::read(&log).unwrap(), before);
    // Without such logs.
    fs::remove_dir_all(tree.join(".git/logs")).unwrap();
    let branch = git(&tree, &["symbolic-ref", "HEAD"]);
    let watched = revision::watched(&tree);
    assert!(watched.iter().any(|path| path.ends_with(&branch)) && watched.iter().any(|path| path.ends_with("HEAD")));
    // Another worktree of the same repository has its own.
    let other = folder.path().join("other");
    git(&tree, &["worktree", "add", "--quiet", other.to_str().unwrap()]);
    assert_eq!(revision::revision(&other, &other), git(&other, &["rev-parse", "--short=12", "HEAD"]));
}

/// The crates below the workspace's folder that a crate is made of, itself among them.
fn made_of(name: &str, found: &mut BTreeSet<String>) {
    if !found.insert(name.to_string()) {
        return;
    }
    let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default().split("\n[").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.split(['.', ' ']).next());
    let ours = names.filter(|name| !name.is_empty() && root().join("crates").join(name).is_dir());
    ours.for_each(|name| made_of(name, found));
}

#[test]
fn all_crates_of_the_program_count_as_its_code() {
    let mut crates = BTreeSet::new();
    made_of("runner", &mut crates);
    let listed: BTreeSet<String> = revision::CODE
        .iter()
        .filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/src"))
        .map(Into::into)
        .collect();
    assert_eq!(crates, listed);
    for path in revision::CODE {
        assert!(root().join(path).exists(), "{path}");
    }
}

#[test]
fn records_say_which_code_made_them_whichever_folder_the_grid_lies_in() {
    let bench = Bench::new(GRID);
    let folder = bench.folder.path();
    git(folder, &["init", "--quiet"]);
    git(folder, &["add", "grid.yaml"]);
    git(folder, &["commit", "--quiet", "-m", "a paper"]);
    let paper = git(folder, &["rev-parse", "--short=12", "HEAD"]);
    let begun = now().unwrap();
    assert!(bench.run(&[]).status.success());
    let ended = now().unwrap();
    let records = bench.records("tiny");
    for record in &records {
        assert_eq!(record.git.as_deref(), Some(REVISION));
        assert_eq!(record.grid_git.as_deref(), Some(paper.as_str()));
        assert_eq!(record.lock_sha256, *LOCK_SHA256);
        let method = align::Method::from_name(record.method.as_deref().unwrap()).unwrap();
        assert_eq!(record.method_version, Some(method.version().into()));
        let finished = record.finished_at.clone().unwrap();
        assert!(begun <= finished && finished <= ended, "{begun} {finished} {ended}");
        assert!(finished.len() == 20 && finished.ends_with('Z') && finished.as_bytes()[10] == b'T', "{finished}");
    }
    assert_ne!(REVISION, paper);
    let lock = data::sha256_file(&root().join("Cargo.lock")).unwrap();
    assert_eq!(LOCK_SHA256.as_deref(), Some(lock.as_str()));
    // In a checkout it is one of its own commits; that it is the one that was compiled, the tests above see to.
    match revision::revision(&root(), &root()).as_str() {
        "unknown" => assert_eq!(REVISION, "unknown"),
        _ => assert_eq!(git(&root(), &["cat-file", "-t", REVISION.trim_end_matches("-dirty")]), "commit"),
    }
    let said = text(&runner(&["--version"]).stdout);
    assert_eq!(said.trim_end(), format!("runner {} ({REVISION})", env!("CARGO_PKG_VERSION")));
    // A failed cell is stamped too, and a cell that is done is not stamped anew.
    fs::write(bench.grid(), GRID.replace("clustering]", "clustering: {k: 50}]")).unwrap();
    assert_eq!(bench.run(&[]).status.code(), Some(1));
    assert!(bench.records("tiny").iter().all(|record| record.finished_at.is_some() && record.grid_git.is_some()));
    assert!(bench.records("tiny").iter().any(|record| record.grid_git == Some(format!("{paper}-dirty"))));
    let html = fs::read_to_string(bench.out().join("tiny/report.html")).unwrap();
    for part in [REVISION, lock.as_str(), "revision of the grid&#x27;s folder", "finished"] {
        assert!(html.contains(&part.replace("&#x27;", "'")) || html.contains(part), "{part}");
    }
}
