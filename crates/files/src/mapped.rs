//! Files read as bytes; a file of which pieces are used is mapped. The only place with `unsafe` in
//! the library.

#![allow(unsafe_code, reason = "a mapped file is memory that others can change; see `Mapped::open`")]

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use memmap2::Mmap;
#[cfg(unix)]
use memmap2::UncheckedAdvice;

/// Contents of a file: a map, whose pages are loaded on access and freed when the system needs room or
/// [`release`](Mapped::release) is called; or a copy in memory.
#[derive(Debug)]
pub struct Mapped {
    file: File,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Mapped(Mmap),
    Read(Vec<u8>),
}

/// Reason why a file cannot be opened.
#[derive(Debug)]
pub enum NotOpened {
    /// An error of the system.
    System(io::Error),
    /// The path is a folder, a pipe or another special file.
    NotRegular,
}

impl From<io::Error> for NotOpened {
    fn from(reason: io::Error) -> Self {
        Self::System(reason)
    }
}

/// Files up to this size are read: a map would save nothing, and a copy does not change when the file does.
const SMALL: u64 = 1 << 20;

impl Mapped {
    /// Opens a file, read-only; with `in_pieces` it is mapped unless it is small.
    ///
    /// Data files must not be changed while they are in use: if a mapped file is shortened, access to the lost part
    /// ends the process, and a file that is being written gives whatever it contains at the time.
    /// [`changed`](Mapped::changed) reports a different length before a piece is accessed.
    ///
    /// # Errors
    /// The file does not exist, cannot be read or is not a regular file.
    pub fn open(path: &Path, in_pieces: bool) -> Result<Self, NotOpened> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(NotOpened::NotRegular);
        }
        let held = if in_pieces && about.len() > SMALL {
            // SAFETY: the mapping is private to this value, never written to, and handed out as bytes alone, of which
            // every pattern is valid. Rust asks that nobody else changes them meanwhile, which no program can promise
            // of a file; the documentation above hands that on to whoever names the file, as every reader by mapping
            // does.
            Held::Mapped(unsafe { Mmap::map(&file) }?)
        } else {
            let mut bytes = Vec::with_capacity(about.len() as usize);
            file.read_to_end(&mut bytes)?;
            Held::Read(bytes)
        };
        Ok(Self { file, held })
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        match &self.held {
            Held::Mapped(map) => map,
            Held::Read(bytes) => bytes,
        }
    }

    /// The current length of the file and the length that it had, if it is mapped and they differ. No piece may then be
    /// accessed.
    ///
    /// # Errors
    /// The file's length can no longer be read.
    pub fn changed(&self) -> io::Result<Option<(u64, u64)>> {
        let Held::Mapped(map) = &self.held else { return Ok(None) };
        let (now, then) = (self.file.metadata()?.len(), map.len() as u64);
        Ok((now != then).then_some((now, then)))
    }

    /// Frees the pages of a part of [`bytes`](Mapped::bytes): they no longer count as this process's memory, and are
    /// read again on the next access.
    pub fn release(&self, part: &[u8]) {
        #[cfg(unix)]
        if let Held::Mapped(map) = &self.held {
            let start = (part.as_ptr() as usize).wrapping_sub(map.as_ptr() as usize);
            if start <= map.len() && part.len() <= map.len() - start {
                // SAFETY: dropped pages of a read-only mapping of a file come back with the file's contents, so the
                // bytes behind any reference stay what they were. The range has just been checked to be inside.
                // A system that refuses loses nothing but memory.
                let _ = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, part.len()) };
            }
        }
        #[cfg(not(unix))]
        let _ = part;
    }
}

/// All bytes of a reader if there are at most `most`; at most one byte more is read.
///
/// # Errors
/// The error of the reader.
pub fn read_at_most(from: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_large_files_are_mapped_and_a_change_of_length_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, length: usize| {
            let path = folder.path().join(name);
            std::fs::write(&path, vec![7; length]).expect("a file");
            path
        };
        let large = SMALL as usize + 1;
        let path = write("large", large);
        let is_mapped =
            |path: &Path, in_pieces| matches!(Mapped::open(path, in_pieces).expect("a file").held, Held::Mapped(_));
        assert!(is_mapped(&path, true) && !is_mapped(&path, false) && !is_mapped(&write("small", 10), true));
        let map = Mapped::open(&path, true).expect("a file");
        assert_eq!(map.changed().expect("there"), None);
        File::options().write(true).open(&path).and_then(|file| file.set_len(10)).expect("shorter");
        assert_eq!(map.changed().expect("there"), Some((10, large as u64)));
        assert!(matches!(Mapped::open(folder.path(), true), Err(NotOpened::NotRegular)));
    }

    #[test]
    fn no_more_is_read_than_is_allowed() {
        assert_eq!(read_at_most(&b"abc"[..], 3).expect("read"), Some(b"abc".to_vec()));
        assert_eq!(read_at_most(io::repeat(0), 3).expect("read"), None);
    }
}
