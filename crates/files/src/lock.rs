//! Advisory locks of the system. They end with the process, however it ends, so no lock is ever stale.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::Path;

/// Result of a request for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The lock is held until the file is closed.
    Held,
    /// Another process holds the lock.
    Busy,
    /// The file system has no locks, like some network folders; there is then no protection.
    Unknown,
}

/// Opens the file of a lock, and creates it if it is missing; its contents are kept.
///
/// # Errors
/// The folder cannot be written.
pub fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

/// Requests a lock, exclusive or shared, without waiting.
///
/// # Errors
/// Errors of the system.
pub fn take(file: &File, alone: bool) -> io::Result<Taken> {
    match if alone { file.try_lock() } else { file.try_lock_shared() } {
        Ok(()) => Ok(Taken::Held),
        Err(TryLockError::WouldBlock) => Ok(Taken::Busy),
        Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => Ok(Taken::Unknown),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// Writes the holder into the file of a lock. On a full disk the lock is held without this text.
pub fn sign(file: &mut File) {
    let _ = file.set_len(0).and_then(|()| file.rewind());
    let _ = writeln!(file, "{}", signature(std::process::id(), crate::host()));
}

/// The text that [`sign`] writes for a process on a machine.
pub fn signature(process: u32, host: impl std::fmt::Display) -> String {
    format!("process {process} on {host}")
}

/// The holder of a lock, from the text of [`sign`], for messages only. Empty without such a text.
pub fn holder(file: &mut File) -> String {
    let mut holder = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut holder));
    holder.trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_alone_or_many_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".lock");
        let mut one = open(&path).expect("room");
        let mut two = open(&path).expect("room");
        assert_eq!(take(&one, true).expect("locks"), Taken::Held);
        sign(&mut one);
        assert_eq!(take(&two, true).expect("locks"), Taken::Busy);
        assert_eq!(holder(&mut two), format!("process {} on {}", std::process::id(), crate::host()));
        drop(one);
        assert_eq!(take(&two, false).expect("locks"), Taken::Held);
        assert_eq!(take(&open(&path).expect("room"), false).expect("locks"), Taken::Held);
    }
}
