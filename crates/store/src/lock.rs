//! Locks of a results folder, so that two runners do not compute the same cells, submit them twice, or mix their files.
//!
//! These are advisory locks of the system. They end with the process, however it ends, so no lock is ever stale. A run
//! of the whole grid holds `.lock` exclusively; runs of parts of it (a shard, `--only`, cells of a plan) share it. A
//! part with a name also holds a file of its own exclusively. Programs that plan or submit hold `.lock-plan` for a
//! moment, and programs that write tables, figures and report hold `.lock-outputs`; others wait, so that one set of
//! files has one writer. Files stay complete even if two attempts at a cell overlap.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail};
use files::Fault;
use files::attempt::{self, Attempt};
use files::lock::{self, Taken};

use crate::slug;

/// A lock, held for the life of this value.
#[derive(Debug)]
pub struct Lock {
    _files: Vec<File>,
    _attempt: Attempt,
}

/// Work that processes do one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Writing and submitting a plan.
    Plan,
    /// Writing records of all cells, tables, figures and report.
    Outputs,
}

impl Lock {
    /// Locks the whole folder for this process.
    ///
    /// # Errors
    /// Another process works on the folder or on parts of it; the folder cannot be written.
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

    /// Locks a part of the folder beside other parts; a part with a name, such as `shard 0/4`, exclusively.
    ///
    /// # Errors
    /// Another process works on the whole folder, or on the part with this name; the folder cannot be written.
    pub fn part(root: &Path, name: Option<&str>) -> Result<Self> {
        let remedy = || "wait for it, or stop it: what it has finished is kept".to_string();
        let mut files = vec![take(&root.join(".lock"), false, remedy)?];
        if let Some(name) = name {
            let name: String = slug(name).chars().take(100).collect();
            files.push(take(&root.join(format!(".lock-{name}")), true, remedy)?);
        }
        Self::of(root, files)
    }

    /// Permission to write a cell for the run (an attempt's name) that holds the folder and has started this process.
    ///
    /// # Errors
    /// No such run works here; the folder cannot be written.
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

    /// Waits until the work is free.
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
        let mut file = lock::open(&path).with_context(place)?;
        match lock::take(&file, true).with_context(place)? {
            Taken::Held => lock::sign(&mut file),
            Taken::Unknown => {}
            Taken::Busy => {
                tracing::info!("note: another runner {what} here{}; waiting for it", of(&lock::holder(&mut file)));
                file.lock().with_context(place)?;
                lock::sign(&mut file);
            }
        }
        Self::of(root, vec![file])
    }

    fn of(root: &Path, files: Vec<File>) -> Result<Self> {
        let attempt = Attempt::begin(root).with_context(|| unwritable(&attempt::place(root, attempt::name())))?;
        Ok(Self { _files: files, _attempt: attempt })
    }
}

/// Process that writes into a folder of results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Name of its attempt.
    pub attempt: String,
    /// Name of its machine.
    pub host: String,
    /// Number of the process on that machine.
    pub process: u32,
    /// Whether it holds the whole folder, not only a part.
    pub whole: bool,
}

/// Processes that write into a folder, as far as its file system has locks.
///
/// # Errors
/// The folder cannot be read.
pub fn workers(root: &Path) -> Result<Vec<Worker>> {
    let signed = std::fs::read_to_string(root.join(".lock")).unwrap_or_default();
    let worker = |attempt: String| {
        let (host, process) = attempt::of(&attempt)?;
        let whole = signed.trim() == lock::signature(process, host);
        Some(Worker { host: host.to_string(), process, whole, attempt })
    };
    let mut all = attempt::all(root).with_context(|| format!("cannot read {}", root.display()))?;
    all.retain(|name| attempt::alive(root, name));
    all.sort();
    Ok(all.into_iter().filter_map(worker).collect())
}

fn unwritable(path: &Path) -> Fault {
    Fault::unwritable(format!("cannot write {}; choose another folder with --out", path.display()))
}

/// The locked file; the file without a lock if the file system has no locks.
fn take(path: &Path, alone: bool, remedy: impl Fn() -> String) -> Result<File> {
    let place = || unwritable(path);
    let mut file = lock::open(path).with_context(place)?;
    match lock::take(&file, alone).with_context(place)? {
        Taken::Held => {}
        // There is no protection in such a folder.
        Taken::Unknown => return Ok(file),
        Taken::Busy => {
            let parts = alone && matches!(lock::take(&file, false), Ok(Taken::Held));
            let who = match parts {
                true => "another runner is at work on parts of this grid".to_string(),
                false => format!("another runner is at work here{}", of(&lock::holder(&mut file))),
            };
            bail!("{who} ({}); {}", path.display(), remedy());
        }
    }
    if alone {
        lock::sign(&mut file);
    }
    Ok(file)
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
        let found = workers(root).expect("readable");
        assert!(found.len() == 1 && found[0].whole && found[0].attempt == attempt::name(), "{found:?}");
        assert_eq!(found[0].process, std::process::id());
        drop(whole);
        assert!(workers(root).expect("readable").is_empty());
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
