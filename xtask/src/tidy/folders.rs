//! Sizes of folders: a folder of sources must be small enough to be taken in at a glance.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::paths::{shown, sources};

/// Largest number of files at one level.
const MOST: usize = 12;

/// Folders below `crates/*/src` and `xtask/src` with more files at one level than that.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for folder in sources(root)? {
        problems.extend(of_folder(root, &folder)?);
    }
    Ok(problems)
}

fn of_folder(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut count = 0;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        match entry.is_dir() {
            true => problems.extend(of_folder(root, &entry)?),
            false => count += 1,
        }
    }
    if count > MOST {
        let what = format!("{count} files at one level, at most {MOST}; give those of one theme a folder");
        problems.insert(0, format!("{}: {what}", shown(root, folder)));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_level_by_level() {
        let root = tempfile::tempdir().expect("a folder");
        let deep = root.path().join("crates/x/src/deep");
        fs::create_dir_all(&deep).expect("folders");
        for i in 0..MOST {
            fs::write(deep.join(format!("{i}.rs")), "").expect("a file");
            fs::write(deep.with_file_name(format!("{i}.rs")), "").expect("a file");
        }
        assert!(check(root.path()).expect("folders").is_empty());
        fs::write(deep.join("one_more.js"), "").expect("a file");
        let told = "crates/x/src/deep: 13 files at one level, at most 12; give those of one theme a folder";
        assert_eq!(check(root.path()).expect("folders"), [told]);
    }
}
