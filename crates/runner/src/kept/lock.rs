//! Who is at work on a results folder, so that two runners do not compute the same cells, submit them twice, or mix what they
//! write.
//!
//! Advisory locks of the system: they end with the process however it ends, so none is ever stale. `.lock` is held
//! alone by a run of the whole grid, and shared by runs of parts of it (a shard, `--only`, cells of a plan); a part
//! that has a name is also held alone, in a file of its own. `.lock-plan` and `.lock-outputs` are held for a moment by whoever
//! plans or submits, or writes tables, figures and report: others wait for their turn, so that a set of files is one
//! writer's. Results are whole also where two attempts at a cell overlap.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::kept::attempt::{self, Attempt};
use crate::kept::slug;

/// A lock, held while this lives.
#[derive(Debug)]
pub struct Lock {
    _files: Vec<File>,
    _attempt: Attempt,
}

/// What is done in turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A plan, and what is submitted by it.
    Plan,
    /// Records of all cells, tables, figures and report.
    Outputs,
}

impl Lock {
    /// The whole folder for this process.
    ///
    /// # Errors
    /// Another process is at work on it, or on parts of it; the folder cannot be written.
    pub fn all(root: &Path) -> Result<Self> {
        let remedy = || {
            format!(
                "wait for it, run a part of its own beside it (--shard, --only, run-cell), or choose another folder \
                 than {} with --out",
                root.display()
            )
        };
        Self::of(root, vec![take(&root.join(".lock"), true, remedy)?])
    }

    /// A part of the folder, next to other parts; with a name, such as `shard 0/4`, for this process alone.
    ///
    /// # Errors
    /// Another process is at work on the whole, or on the part of this name; the folder cannot be written.
    pub fn part(root: &Path, name: Option<&str>) -> Result<Self> {
        let remedy = || "wait for it, or stop it: what it has finished is kept".to_string();
        let mut files = vec![take(&root.join(".lock"), false, remedy)?];
        if let Some(name) = name {
            let name: String = slug(name).chars().take(100).collect();
            files.push(take(&root.join(format!(".lock-{name}")), true, remedy)?);
        }
        Self::of(root, files)
    }

    /// A cell on behalf of a run that holds the folder and has started this process: the attempt of that name.
    ///
    /// # Errors
    /// No such run is at work here; the folder cannot be written.
    pub fn within(root: &Path, run: &str) -> Result<Self> {
        if run == attempt::name() || !attempt::alive(root, run) {
            bail!(
                "no run `{run}` is at work on {}; --within-run is what a run tells the processes that it starts for its \
                 cells, leave it out",
                root.display()
            );
        }
        Self::of(root, Vec::new())
    }

    /// Waits for those before, if there are any.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn turn(root: &Path, turn: Turn) -> Result<Self> {
        let (name, what) = match turn {
            Turn::Plan => (".lock-plan", "plans or submits"),
            Turn::Outputs => (".lock-outputs", "writes tables and figures"),
        };
        let path = root.join(name);
        let place = || unwritable(&path);
        let mut file = open(&path).with_context(place)?;
        match file.try_lock() {
            Ok(()) => sign(&mut file),
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(e)) => return Err(e).with_context(place),
            Err(TryLockError::WouldBlock) => {
                tracing::info!("note: another runner {what} here{}; waiting for it", of(&holder(&mut file)));
                file.lock().with_context(place)?;
                sign(&mut file);
            }
        }
        Self::of(root, vec![file])
    }

    fn of(root: &Path, files: Vec<File>) -> Result<Self> {
        Ok(Self { _files: files, _attempt: Attempt::begin(root)? })
    }
}

fn unwritable(path: &Path) -> String {
    format!("cannot write {}; choose another folder with --out", path.display())
}

fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

/// The locked file; where the file system knows no locks, the file.
fn take(path: &Path, alone: bool, remedy: impl Fn() -> String) -> Result<File> {
    let place = || unwritable(path);
    let mut file = open(path).with_context(place)?;
    match if alone { file.try_lock() } else { file.try_lock_shared() } {
        Ok(()) => {}
        // Some network folders know no locks; who has such a folder takes turns without help.
        Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => return Ok(file),
        Err(TryLockError::Error(e)) => return Err(e).with_context(place),
        Err(TryLockError::WouldBlock) => {
            let parts = alone && file.try_lock_shared().is_ok();
            let who = match parts {
                true => "another runner is at work on parts of this grid".to_string(),
                false => format!("another runner is at work here{}", of(&holder(&mut file))),
            };
            bail!("{who} ({}); {}", path.display(), remedy());
        }
    }
    if alone {
        sign(&mut file);
    }
    Ok(file)
}

/// Says who holds a file. On a full disk the lock is held all the same.
fn sign(file: &mut File) {
    let host = hostname::get().map(|host| host.to_string_lossy().into_owned()).unwrap_or_default();
    let _ = file.set_len(0).and_then(|()| file.rewind());
    let _ = writeln!(file, "process {} on {host}", std::process::id());
}

/// Who holds a file: a help, not a need.
fn holder(file: &mut File) -> String {
    let mut holder = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut holder));
    holder.trim().to_string()
}

fn of(holder: &str) -> String {
    if holder.is_empty() { String::new() } else { format!(": {holder}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_excludes_all_and_parts_exclude_themselves() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let whole = Lock::all(root).expect("free");
        let error = Lock::all(root).expect_err("taken").to_string();
        assert!(
            error.starts_with(&format!("another runner is at work here: process {}", std::process::id())),
            "{error}"
        );
        assert!(Lock::part(root, None).is_err());
        drop(whole);
        let one = Lock::part(root, Some("shard 0/2")).expect("free");
        let _two = Lock::part(root, Some("shard 1/2")).expect("free");
        let _cells = Lock::part(root, None).expect("free");
        assert!(Lock::part(root, Some("shard 0/2")).is_err());
        let error = Lock::all(root).expect_err("parts run").to_string();
        assert!(error.starts_with("another runner is at work on parts of this grid"), "{error}");
        drop(one);
        assert!(Lock::part(root, Some("shard 0/2")).is_ok());
    }

    #[test]
    fn turns_are_taken_one_after_the_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let first = Lock::turn(root, Turn::Outputs).expect("free");
        let _other = Lock::turn(root, Turn::Plan).expect("of another kind");
        std::thread::scope(|scope| {
            let second = scope.spawn(|| Lock::turn(root, Turn::Outputs).map(drop));
            std::thread::sleep(std::time::Duration::from_millis(100));
            assert!(!second.is_finished(), "it waits");
            drop(first);
            second.join().expect("no panic").expect("its turn");
        });
    }

    #[test]
    fn nobody_is_within_a_run_that_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let _mine = Lock::all(folder.path()).expect("free");
        for name in ["", "host-1-0123456789abcdef", attempt::name()] {
            let error = Lock::within(folder.path(), name).expect_err("no such run").to_string();
            assert!(error.starts_with(&format!("no run `{name}` is at work on ")), "{error}");
        }
    }
}
