//! Files that are there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::{DataError, checksum::Sha256Stream, error::FileProblem};

/// A file in the making: written beside its place under another name, synced and renamed when it is done, removed where
/// it is not.
#[derive(Debug)]
pub(crate) struct Part {
    file: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
    sum: Sha256Stream,
    done: bool,
}

impl Part {
    /// Begins a file; its folder is made where it is not there.
    pub(crate) fn create(file: &Path) -> Result<Self, DataError> {
        let failed = |reason| unwritable(file, reason);
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = file.with_file_name(name);
        // A link that waits there would be followed; what an attempt that was killed has left is of no use.
        let _ = fs::remove_file(&part);
        let out = BufWriter::with_capacity(1 << 20, File::create_new(&part).map_err(failed)?);
        Ok(Self { file: file.to_owned(), part, out, sum: Sha256Stream::default(), done: false })
    }

    /// Puts the file in its place and returns its checksum.
    pub(crate) fn finish(mut self) -> Result<String, DataError> {
        let synced = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        synced.and_then(|()| fs::rename(&self.part, &self.file)).map_err(|reason| unwritable(&self.file, reason))?;
        self.done = true;
        Ok(std::mem::take(&mut self.sum).finish())
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

impl Drop for Part {
    fn drop(&mut self) {
        if !self.done {
            // What could not be written to its end is of no use to anyone.
            let _ = fs::remove_file(&self.part);
        }
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
