//! Files of the tree, and their names in messages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::WalkDir;

/// Files of the tree with this extension, without build output, results and an environment of Python, sorted.
pub fn files(root: &Path, extension: &str) -> Vec<PathBuf> {
    let skipped = ["target", "results", ".git", ".venv"];
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    let entries =
        walk.filter_entry(|entry| entry.depth() == 0 || !skipped.iter().any(|name| entry.file_name() == *name));
    let files = entries.flatten().filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
}

/// The folders of sources: of every crate, and of xtask.
pub fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let crates = root.join("crates");
    let entries = fs::read_dir(&crates).with_context(|| format!("cannot read {}", crates.display()))?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path().join("src")).collect();
    folders.push(root.join("xtask/src"));
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    Ok(folders)
}

/// A path for messages.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
