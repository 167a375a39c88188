//! Attempts at a folder's files, and whether they are alive. An attempt is a process that writes below a folder.
//!
//! Two processes on machines of the same name can have the same number, for example in containers, and processes of
//! another machine or container cannot be looked up. Therefore an attempt has a name with random bits, and while it
//! writes into a folder of results, it holds a lock on the file `.attempt~NAME` there. The system releases the lock
//! when the process ends, for any reason, on every machine that shares the folder: if another process can lock the
//! file, the attempt is over.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::lock::{self, Taken};

/// Separator of the parts of a name; names of attempts, ids and host names do not contain it.
pub const BETWEEN: char = '~';

const PREFIX: &str = ".attempt~";

/// Name of this process among all attempts: host, process, 64 random bits.
pub fn name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let host = crate::host().replace([BETWEEN, '/', '\\'], "_");
        // The keys of a hash map come from the system's random numbers.
        let random = RandomState::new().build_hasher().finish();
        format!("{host}-{}-{random:016x}", std::process::id())
    })
}

/// The machine and the process of an attempt, from its name.
pub fn of(name: &str) -> Option<(&str, u32)> {
    let (rest, _) = name.rsplit_once('-')?;
    let (host, process) = rest.rsplit_once('-')?;
    Some((host, process.parse().ok()?))
}

/// Lock file of an attempt, which shows that it is alive.
pub fn place(root: &Path, name: &str) -> PathBuf {
    root.join(format!("{PREFIX}{name}"))
}

/// Mark of this process as a writer below a folder, for the life of this value.
#[derive(Debug)]
pub struct Attempt {
    path: PathBuf,
    file: File,
}

impl Attempt {
    /// Begins an attempt.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin(root: &Path) -> io::Result<Self> {
        let path = place(root, name());
        loop {
            let file = open(&path, true)?;
            match file.lock_shared() {
                // Some network folders have no locks; then no attempt ever counts as dead.
                Err(e) if e.kind() == ErrorKind::Unsupported => return Ok(Self { path, file }),
                locked => locked?,
            }
            // Between these two steps another process may have taken the file for that of a dead attempt.
            if path.exists() {
                return Ok(Self { path, file });
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // Keep the file if this process holds it a second time. A file that cannot be removed now is removed by the
        // next sweep.
        if self.file.unlock().is_ok() && self.file.try_lock().is_ok() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether an attempt may still write below a folder; true if that cannot be determined. The lock file of a dead
/// attempt is removed.
pub fn alive(root: &Path, name: &str) -> bool {
    let path = place(root, name);
    match open(&path, false).map(|file| (lock::take(&file, true), file)) {
        Err(e) => e.kind() != ErrorKind::NotFound,
        Ok((Ok(Taken::Held), _locked)) => {
            let _ = fs::remove_file(&path);
            false
        }
        Ok(_) => true,
    }
}

/// Names of the attempts whose lock files are in a folder.
///
/// # Errors
/// The folder cannot be read.
pub fn all(root: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(root)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.strip_prefix(PREFIX).map(str::to_string)).collect())
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    File::options().read(true).write(true).create(create).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_lives_as_long_as_its_lock_and_no_longer() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let (one, two) = (Attempt::begin(root).expect("writable"), Attempt::begin(root).expect("writable"));
        assert!(alive(root, name()) && all(root).expect("readable") == [name()]);
        drop(one);
        assert!(alive(root, name()), "it is held a second time");
        drop(two);
        assert!(!alive(root, name()) && all(root).expect("readable").is_empty());
        // Killed: the file is there, the lock is not.
        fs::write(place(root, "host-1-0123456789abcdef"), "").expect("room");
        assert!(!alive(root, "host-1-0123456789abcdef") && all(root).expect("readable").is_empty());
        // Of the same host and process, as in two containers: told apart by its random bits.
        let (same, bits) = name().rsplit_once('-').expect("three parts");
        assert_eq!(of(name()).map(|(_, process)| process), Some(std::process::id()));
        assert!(bits.len() == 16 && same.ends_with(&format!("-{}", std::process::id())));
    }
}
