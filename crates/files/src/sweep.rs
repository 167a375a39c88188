//! Removal of incomplete files that killed processes have left.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::attempt::{self, BETWEEN};
use crate::staged::PART;

/// Removes the incomplete files of dead attempts in `folders`, which lie below `root`, and returns their number. Living
/// attempts have a lock file in `root`: see [`attempt`].
///
/// # Errors
/// A folder cannot be read, or a file cannot be removed.
pub fn sweep(root: &Path, folders: &[PathBuf]) -> io::Result<usize> {
    let mut known = HashMap::from([(attempt::name().to_string(), true)]);
    let mut swept = 0;
    for folder in folders {
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            entries => entries.map_err(|e| cannot("read", folder, &e))?,
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| name.starts_with('.') && name.ends_with(PART)) else {
                continue;
            };
            // `.NAME~ATTEMPT~COUNT.part`
            let Some(of) = name.rsplit(BETWEEN).nth(1) else { continue };
            if *known.entry(of.to_string()).or_insert_with(|| attempt::alive(root, of)) {
                continue;
            }
            match fs::remove_file(entry.path()) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(cannot("remove", &entry.path(), &e)),
                _ => swept += 1,
            }
        }
    }
    // Also the lock files of dead attempts without incomplete files.
    let left = attempt::all(root).map_err(|e| cannot("read", root, &e))?;
    left.iter().filter(|name| !known.contains_key(*name)).for_each(|name| {
        attempt::alive(root, name);
    });
    Ok(swept)
}

fn cannot(what: &str, path: &Path, reason: &io::Error) -> io::Error {
    io::Error::new(reason.kind(), format!("cannot {what} {}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_left_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let part = |name: &str| root.join(format!(".a.parquet~{name}~0.part"));
        // The same host and process as ours, as in two containers on one folder: one lives, one is dead.
        let (same, _) = attempt::name().rsplit_once('-').expect("three parts");
        let (living, dead) = (format!("{same}-0000000000000001"), format!("{same}-0000000000000002"));
        let held = fs::File::create(root.join(format!(".attempt~{living}"))).expect("room");
        held.lock_shared().expect("locks");
        fs::write(root.join(format!(".attempt~{dead}")), "").expect("room");
        let left = [part(&dead), part("elsewhere-1-0000000000000003"), part(&living), part(attempt::name())];
        left.iter().for_each(|path| fs::write(path, "x").expect("room"));
        // A name as it was made once.
        let old = root.join(".a.parquet~host~1~~~0.part");
        fs::write(&old, "x").expect("room");
        fs::write(root.join(".lock"), "").expect("room");
        assert_eq!(sweep(root, &[root.to_path_buf(), root.join("none")]).expect("readable"), 3);
        assert!(!left[0].exists() && !left[1].exists() && left[2].exists() && left[3].exists() && !old.exists());
        assert!(attempt::all(root).expect("readable") == [living] && root.join(".lock").exists());
        drop(held);
        // Another test's child may hold a copy of the lock for as long as it takes to become another program.
        let swept = (0..100).map(|_| sweep(root, &[root.to_path_buf()]).expect("readable")).find(|swept| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            *swept > 0
        });
        assert_eq!(swept, Some(1));
        assert!(!left[2].exists() && left[3].exists(), "its lock is gone, and so is it");
    }
}
