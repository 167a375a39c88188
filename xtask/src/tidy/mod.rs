//! `cargo xtask tidy`: what must agree and cannot be seen by the compiler.

mod arrows;
mod benches;
mod documents;
mod length;
mod snippets;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::Value;
use walkdir::WalkDir;

/// Runs every check and prints what does not agree.
pub fn run(root: &Path) -> Result<ExitCode> {
    let packages = packages(root)?;
    let mut problems = arrows::check(&packages);
    problems.extend(benches::check(&packages)?);
    problems.extend(documents::check(root)?);
    problems.extend(length::check(root)?);
    problems.extend(snippets::check(root)?);
    for problem in &problems {
        say::err!("tidy: {problem}");
    }
    if problems.is_empty() {
        say::out!(
            "tidy: crate arrows, benches, documents, the programs in them and file lengths are as they should be"
        );
        return Ok(ExitCode::SUCCESS);
    }
    say::err!("tidy: {} to mend", problems.len());
    Ok(ExitCode::FAILURE)
}

/// What cargo knows of the crates of the workspace.
fn packages(root: &Path) -> Result<Vec<Value>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cannot start cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    Ok(metadata["packages"].as_array().context("cargo metadata named no packages")?.clone())
}

/// The files of the tree with this extension, build output and results left out, sorted.
fn files(root: &Path, extension: &str) -> Vec<PathBuf> {
    let skipped = ["target", "results", ".git"];
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    let entries =
        walk.filter_entry(|entry| entry.depth() == 0 || !skipped.iter().any(|name| entry.file_name() == *name));
    let files = entries.flatten().filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
}

/// A path as it is named in messages.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
