//! `cargo xtask tidy`: rules that the compiler cannot check.

mod arrows;
mod benches;
mod circles;
mod documents;
mod folders;
mod length;
mod packages;
mod paths;
mod rustdoc;
mod snippets;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::Value;

/// Runs every check and prints the problems.
pub fn run(root: &Path) -> Result<ExitCode> {
    let packages = packages(root)?;
    let mut problems = arrows::check(&packages);
    problems.extend(benches::check(&packages)?);
    problems.extend(circles::check(root)?);
    problems.extend(documents::check(root)?);
    problems.extend(folders::check(root)?);
    problems.extend(length::check(root)?);
    problems.extend(packages::check(root, &packages)?);
    problems.extend(rustdoc::check(root)?);
    problems.extend(snippets::check(root)?);
    for problem in &problems {
        say::err!("tidy: {problem}");
    }
    if problems.is_empty() {
        say::out!(
            "tidy: crate arrows, circles of files, benches, documents, the programs in them, folder sizes, file lengths, documentation comments and packages are as they should be"
        );
        return Ok(ExitCode::SUCCESS);
    }
    say::err!("tidy: {} to mend", problems.len());
    Ok(ExitCode::FAILURE)
}

/// cargo's metadata of the workspace's crates.
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
