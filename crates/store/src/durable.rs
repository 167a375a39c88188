//! Atomic writes of results. Errors say what is kept.
//!
//! The crate `files` writes atomic files; [`files::sweep`] removes the incomplete files of a killed attempt.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use files::{Fault, Staged};

/// Time at which files are synced to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// About every two seconds, many files together: a crash loses at most the cells of the last two seconds.
    #[default]
    Batch,
    /// After every cell, before the next one begins.
    Cell,
}

/// Writes `bytes` beside `path`.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn stage(path: &Path, bytes: &[u8]) -> Result<Staged> {
    fill(path, |file| Ok(file.write_all(bytes)?))
}

fn fill(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<Staged> {
    let staged = Staged::unique(path);
    let write = || {
        let mut file = staged.create()?;
        fill(&mut file)?;
        Ok(file.flush()?)
    };
    write().map_err(|e| failed(path, &e))?;
    Ok(staged)
}

/// Syncs files to disk together. Returns the results in order.
pub fn sync_all(files: &[&Staged]) -> Vec<Result<()>> {
    let results = files::sync_all(files).into_iter().zip(files);
    results.map(|(result, staged)| result.map_err(|e| failed(staged.path(), &e.into()))).collect()
}

/// Moves a file to its place.
///
/// # Errors
/// The folder can no longer be written.
pub fn publish(staged: Staged) -> Result<()> {
    let path = staged.path().to_owned();
    staged.publish().map_err(|e| failed(&path, &e.into()))
}

/// Writes a file atomically.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn write_file(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let staged = fill(path, write)?;
    staged.sync().map_err(|e| failed(path, &e.into()))?;
    publish(staged)
}

fn failed(path: &Path, error: &anyhow::Error) -> anyhow::Error {
    Fault::unwritable(format!("cannot write {}: {error:#}; what is finished is kept", path.display())).into()
}
