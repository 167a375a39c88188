//! Who is at work on a results folder, so that two runners do not compute the same cells.
//!
//! Advisory locks of the system: they end with the process however it ends, so none is ever stale. `.lock` is held
//! alone by a run of the whole grid, and shared by runs of parts of it (a shard, `--only`, cells of a plan); a part
//! that has a name is also held alone, in a file of its own. They save work and nothing more: results are whole also
//! where two attempts at a cell overlap.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::kept::slug;

/// A lock, held while this lives.
#[derive(Debug)]
pub struct Lock {
    _files: Vec<File>,
    alone: bool,
}

impl Lock {
    /// The whole folder for this process.
    ///
    /// # Errors
    /// Another process is at work on it, or on parts of it; the folder cannot be written.
    pub fn all(root: &Path) -> Result<Self> {
        let (file, held) = take(&root.join(".lock"), true, || {
            format!(
                "wait for it, run a part of its own beside it (--shard, --only, run-cell), or choose another folder \
                 than {} with --out",
                root.display()
            )
        })?;
        Ok(Self { _files: vec![file], alone: held })
    }

    /// A part of the folder, next to other parts; with a name, such as `shard 0/4`, for this process alone.
    ///
    /// # Errors
    /// Another process is at work on the whole, or on the part of this name; the folder cannot be written.
    pub fn part(root: &Path, name: Option<&str>) -> Result<Self> {
        let remedy = || "wait for it, or stop it: what it has finished is kept".to_string();
        let mut files = vec![take(&root.join(".lock"), false, remedy)?.0];
        if let Some(name) = name {
            files.push(
                take(&root.join(format!(".lock-{}", slug(name).chars().take(100).collect::<String>())), true, remedy)?
                    .0,
            );
        }
        Ok(Self { _files: files, alone: false })
    }

    /// Whether no other process can be at work on the folder; not so where the file system knows no locks.
    pub fn alone(&self) -> bool {
        self.alone
    }
}

/// The locked file, and whether the lock is real.
fn take(path: &Path, alone: bool, remedy: impl Fn() -> String) -> Result<(File, bool)> {
    let place = || format!("cannot write {}; choose another folder with --out", path.display());
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path).with_context(place)?;
    match if alone { file.try_lock() } else { file.try_lock_shared() } {
        Ok(()) => {}
        // Some network folders know no locks; who has such a folder takes turns without help.
        Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => return Ok((file, false)),
        Err(TryLockError::Error(e)) => return Err(e).with_context(place),
        Err(TryLockError::WouldBlock) => {
            let parts = alone && file.try_lock_shared().is_ok();
            let mut holder = String::new();
            // Who holds it is a help, not a need.
            let _ = file.rewind().and_then(|()| file.read_to_string(&mut holder));
            let who = match (parts, holder.trim()) {
                (true, _) => "another runner is at work on parts of this grid".to_string(),
                (false, "") => "another runner is at work here".to_string(),
                (false, holder) => format!("another runner is at work here: {holder}"),
            };
            bail!("{who} ({}); {}", path.display(), remedy());
        }
    }
    if alone {
        let host = hostname::get().map(|host| host.to_string_lossy().into_owned()).unwrap_or_default();
        // On a full disk the lock is held all the same.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "process {} on {host}", std::process::id()));
    }
    Ok((file, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_excludes_all_and_parts_exclude_themselves() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let whole = Lock::all(root).expect("free");
        assert!(whole.alone());
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
        assert!(Lock::part(root, Some("shard 0/2")).is_err() && !one.alone());
        let error = Lock::all(root).expect_err("parts run").to_string();
        assert!(error.starts_with("another runner is at work on parts of this grid"), "{error}");
        drop(one);
        assert!(Lock::part(root, Some("shard 0/2")).is_ok());
    }
}
