//! Files mapped into memory: the only place with `unsafe`.

#![allow(unsafe_code, reason = "a mapped file is memory that others can change; see `Mapped::open`")]

use std::{fs::File, path::Path};

use memmap2::Mmap;
#[cfg(unix)]
use memmap2::UncheckedAdvice;

use crate::{DataError, error::FileProblem, read};

/// A file's contents without a copy. Pages come in as they are touched and go when the system needs room, or when
/// [`release`](Mapped::release) says that they are done with.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl Mapped {
    /// Maps a file, read-only.
    ///
    /// A file that is cut short while it is mapped ends the process when the lost part is touched, and one that is
    /// written to gives whatever is there at the time: data files are not to be changed while they are in use.
    ///
    /// # Errors
    /// The file is not there, cannot be read or is no regular file.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let unreadable = |reason| DataError::file(path, read::why_unreadable(reason));
        let file = File::open(path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(DataError::file(path, FileProblem::NotRegular));
        }
        // SAFETY: the mapping is private to this value, never written to, and handed out as bytes alone, of which
        // every pattern is valid. Rust asks that nobody else changes them meanwhile, which no program can promise of
        // a file; the documentation above hands that on to whoever names the file, as every reader by mapping does.
        let map = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
        Ok(Self(map))
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Lets the pages of a part of [`bytes`](Mapped::bytes) go: they no longer count as this process's memory, and are
    /// read again where they are touched again.
    pub fn release(&self, part: &[u8]) {
        #[cfg(unix)]
        {
            let start = (part.as_ptr() as usize).wrapping_sub(self.0.as_ptr() as usize);
            if start <= self.0.len() && part.len() <= self.0.len() - start {
                // SAFETY: dropped pages of a read-only mapping of a file come back with the file's contents, so the
                // bytes behind any reference stay what they were. The range has just been checked to be inside.
                // A system that refuses loses nothing but memory.
                let _ = unsafe { self.0.unchecked_advise_range(UncheckedAdvice::DontNeed, start, part.len()) };
            }
        }
        #[cfg(not(unix))]
        let _ = part;
    }
}
