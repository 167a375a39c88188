//! Attempts at a folder's files, and whether they are alive.
//!
//! Two processes may have the same number on machines of the same name, as in containers, and a process of another machine or
//! container cannot be looked up at all. So an attempt has a name with random bits, and whoever writes into a folder of
//! results holds `.attempt~NAME` there locked for as long. The system gives the lock up however the process ends, on every
//! machine that shares the folder: where the file can be locked by another, the attempt is over.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::lock::{self, Taken};

/// Between the parts of a name; an attempt's name, ids and host names have none.
pub const BETWEEN: char = '~';

const PREFIX: &str = ".attempt~";

/// This process's name among all attempts: host, process, 64 random bits.
pub fn name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let host = crate::host().replace([BETWEEN, '/', '\\'], "_");
        // The keys of a hash map come from the system's random numbers.
        let random = RandomState::new().build_hasher().finish();
        format!("{host}-{}-{random:016x}", std::process::id())
    })
}

/// The machine and the process of an attempt, by its name.
pub fn of(name: &str) -> Option<(&str, u32)> {
    let (rest, _) = name.rsplit_once('-')?;
    let (host, process) = rest.rsplit_once('-')?;
    Some((host, process.parse().ok()?))
}

/// Where an attempt says that it is alive.
pub fn place(root: &Path, name: &str) -> PathBuf {
    root.join(format!("{PREFIX}{name}"))
}

/// This process writes below a folder while this lives.
#[derive(Debug)]
pub struct Attempt {
    path: PathBuf,
    file: File,
}

impl Attempt {
    /// From now on.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin(root: &Path) -> io::Result<Self> {
        let path = place(root, name());
        loop {
            let file = open(&path, true)?;
            match file.lock_shared() {
                // Some network folders know no locks: then nobody is ever known to be dead.
                Err(e) if e.kind() == ErrorKind::Unsupported => return Ok(Self { path, file }),
                locked => locked?,
            }
            // Between the two somebody may have taken the file for a dead one's.
            if path.exists() {
                return Ok(Self { path, file });
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // Not where this process holds it a second time. What cannot be removed now, the next sweep removes.
        if self.file.unlock().is_ok() && self.file.try_lock().is_ok() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether an attempt may still write below a folder; yes, where that cannot be told. What a dead one left here of itself is
/// removed.
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

/// The attempts that have left their file in a folder.
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
