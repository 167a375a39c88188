//! Files that are there whole or not at all.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use atomic_write_file::AtomicWriteFile;

use crate::{DataError, checksum::Sha256Stream, error::FileProblem};

/// A file in the making: written beside its place under another name, synced and renamed when it is done, removed where
/// it is not.
#[derive(Debug)]
pub(crate) struct Part {
    file: PathBuf,
    out: BufWriter<AtomicWriteFile>,
    sum: Sha256Stream,
}

impl Part {
    /// Begins a file; its folder is made where it is not there.
    pub(crate) fn create(file: &Path) -> Result<Self, DataError> {
        let failed = |reason| unwritable(file, reason);
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let out = BufWriter::with_capacity(1 << 20, AtomicWriteFile::open(file).map_err(failed)?);
        Ok(Self { file: file.to_owned(), out, sum: Sha256Stream::default() })
    }

    /// Puts the file in its place and returns its checksum.
    pub(crate) fn finish(self) -> Result<String, DataError> {
        let written = self.out.into_inner().map_err(io::IntoInnerError::into_error);
        written.and_then(AtomicWriteFile::commit).map_err(|reason| unwritable(&self.file, reason))?;
        Ok(self.sum.finish())
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes all of a file and returns its checksum.
pub(crate) fn whole(file: &Path, bytes: &[u8]) -> Result<String, DataError> {
    let mut part = Part::create(file)?;
    part.write_all(bytes).map_err(|reason| unwritable(file, reason))?;
    part.finish()
}

pub(crate) fn unwritable(file: &Path, reason: impl ToString) -> DataError {
    DataError::file(file, FileProblem::Unwritable { reason: reason.to_string() })
}
