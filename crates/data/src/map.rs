//! Files whose contents are looked at as bytes; those of which pieces are used are mapped. The only place with `unsafe`.

#![allow(unsafe_code, reason = "a mapped file is memory that others can change; see `Mapped::open`")]

use std::{fs::File, io::Read, path::Path};

use memmap2::Mmap;
#[cfg(unix)]
use memmap2::UncheckedAdvice;

use crate::{
    DataError,
    error::FileProblem,
    read::{self, Format},
};

/// A file's contents: of npy and safetensors without a copy, pages of which come in as they are touched and go when the
/// system needs room or [`release`](Mapped::release) says that they are done with; of all other formats, which are
/// unpacked anyway, a copy in memory.
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

/// Files up to this size are read: a map saves nothing, and a copy cannot be pulled away.
const SMALL: u64 = 1 << 20;

impl Mapped {
    /// Opens a file, read-only.
    ///
    /// A file that is cut short while it is mapped ends the process when the lost part is touched, and one that is
    /// written to gives whatever is there at the time: data files are not to be changed while they are in use.
    /// `check` tells before a piece is touched, where a file has changed its length by then.
    ///
    /// # Errors
    /// The file is not there, cannot be read or is no regular file.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let unreadable = |reason| DataError::file(path, read::why_unreadable(reason));
        let mut file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err(DataError::file(path, FileProblem::NotRegular));
        }
        let in_pieces = Format::of(path).is_ok_and(Format::can_be_mapped) && about.len() > SMALL;
        let held = if in_pieces {
            // SAFETY: the mapping is private to this value, never written to, and handed out as bytes alone, of which
            // every pattern is valid. Rust asks that nobody else changes them meanwhile, which no program can promise
            // of a file; the documentation above hands that on to whoever names the file, as every reader by mapping
            // does.
            Held::Mapped(unsafe { Mmap::map(&file) }.map_err(unreadable)?)
        } else {
            let mut bytes = Vec::with_capacity(about.len() as usize);
            file.read_to_end(&mut bytes).map_err(unreadable)?;
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

    /// Whether the file is still as long as it was, so that a piece of it may be touched.
    ///
    /// # Errors
    /// It is mapped and has another length, or can no longer be asked.
    pub(crate) fn check(&self) -> Result<(), FileProblem> {
        let Held::Mapped(map) = &self.held else { return Ok(()) };
        let (got, want) = (self.file.metadata().map_err(read::why_unreadable)?.len(), map.len() as u64);
        if got == want { Ok(()) } else { Err(FileProblem::Changed { got, want }) }
    }

    /// Lets the pages of a part of [`bytes`](Mapped::bytes) go: they no longer count as this process's memory, and are
    /// read again where they are touched again.
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_large_files_that_are_streamed_are_mapped_and_a_change_of_length_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, length: usize| {
            let path = folder.path().join(name);
            std::fs::write(&path, vec![7; length]).expect("a file");
            path
        };
        let is_mapped = |path: &Path| matches!(Mapped::open(path).expect("a file").held, Held::Mapped(_));
        let large = SMALL as usize + 1;
        let path = write("a.npy", large);
        assert!(is_mapped(&path) && is_mapped(&write("a.safetensors", large)));
        for (name, length) in [("small.npy", 10), ("a.parquet", large), ("a.csv", large), ("jobs.json", large)] {
            assert!(!is_mapped(&write(name, length)), "{name}");
        }
        let map = Mapped::open(&path).expect("a file");
        assert!(map.check().is_ok());
        File::options().write(true).open(&path).and_then(|file| file.set_len(10)).expect("shorter");
        let error = map.check().expect_err("another length").to_string();
        assert!(error.starts_with(&format!("changed while it was read: had {large} bytes, has 10;")), "{error}");
    }
}
