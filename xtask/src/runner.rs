//! The runner, built and called.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Builds the runner and calls one of its commands; its exit code is ours.
pub fn run(root: &Path, command: &[&str], files: &[PathBuf], options: &[String]) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args(["run", "--quiet", "--release", "--package", "runner", "--"])
        .args(command)
        .args(files)
        .args(options)
        .status()
        .context("cannot start cargo")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
