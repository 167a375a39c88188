//! Finished work on its way to disk: whole or not at all, after a crash too, and with an error that says what is kept.
//!
//! How a file comes to be there whole is `files`' matter; what a killed attempt leaves behind is removed by [`files::sweep`].

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow};
use files::Staged;

/// When files are forced to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Those of about two seconds together: a crash costs at most the cells of the last two seconds.
    #[default]
    Batch,
    /// Each by itself before the next begins.
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

/// Forces files to disk together. What each came to, in order.
pub fn sync_all(files: &[&Staged]) -> Vec<Result<()>> {
    let results = files::sync_all(files).into_iter().zip(files);
    results.map(|(result, staged)| result.map_err(|e| failed(staged.path(), &e.into()))).collect()
}

/// Puts a file in its place.
///
/// # Errors
/// The folder cannot be written any more.
pub fn publish(staged: Staged) -> Result<()> {
    let path = staged.path().to_owned();
    staged.publish().map_err(|e| failed(&path, &e.into()))
}

/// Writes a whole file or nothing.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn write_file(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let staged = fill(path, write)?;
    staged.sync().map_err(|e| failed(path, &e.into()))?;
    publish(staged)
}

fn failed(path: &Path, error: &anyhow::Error) -> anyhow::Error {
    anyhow!("cannot write {}: {error:#}; what is finished is kept", path.display())
}
