//! Atomic files written as a stream.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{Staged, checksum::Sha256Stream, staged::PART};

/// An atomic file in progress: written beside its place under another name, synced and renamed when it is complete,
/// removed otherwise.
#[derive(Debug)]
pub struct Part {
    staged: Staged,
    out: BufWriter<File>,
    sum: Sha256Stream,
}

impl Part {
    /// Begins a file; its folder is created if it is missing.
    ///
    /// # Errors
    /// The folder cannot be created or written.
    pub fn create(file: &Path) -> io::Result<Self> {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}{PART}", std::process::id()));
        let staged = Staged::named(file, file.with_file_name(name));
        let out = BufWriter::with_capacity(1 << 20, staged.create()?);
        Ok(Self { staged, out, sum: Sha256Stream::default() })
    }

    /// Moves the file to its place and returns its SHA-256.
    ///
    /// # Errors
    /// The disk is full, or the folder can no longer be written.
    pub fn finish(mut self) -> io::Result<String> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        self.staged.publish()?;
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

/// Writes all of a file and returns its SHA-256.
///
/// # Errors
/// The errors of [`Part`].
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<String> {
    let mut part = Part::create(file)?;
    part.write_all(bytes)?;
    part.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_once_it_is_finished_and_its_sum_is_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("deep/x");
        let mut part = Part::create(&file).expect("room");
        part.write_all(b"ab").expect("room");
        assert!(!file.exists());
        part.write_all(b"c").expect("room");
        assert_eq!(part.finish().expect("room"), crate::checksum::sha256(b"abc"));
        assert_eq!(fs::read(&file).expect("there"), b"abc");
        drop(Part::create(&file).expect("room"));
        assert_eq!(fs::read_dir(folder.path().join("deep")).expect("a folder").count(), 1);
    }
}
