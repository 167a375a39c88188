//! The path of a file in a tar archive, from its header or from the entries before it.

use std::{
    io::{self, Read},
    path::PathBuf,
};

/// Largest long name (GNU) or list of extensions (pax) of a file, in bytes. The names of files on disk have at most 4,096.
const LARGEST: u64 = 1 << 16;

/// What the entries before a file say of it.
#[derive(Default)]
pub(super) struct Named {
    /// Name by GNU, which comes first, or by pax.
    path: Option<String>,
    /// Size by pax.
    size: Option<String>,
}

impl Named {
    /// The path of a regular file; `None` for an entry of another kind.
    pub(super) fn path<R: Read>(
        &mut self,
        number: usize,
        entry: &mut tar::Entry<'_, R>,
    ) -> io::Result<Option<PathBuf>> {
        let wrong = |problem: String| io::Error::other(format!("entry {number} {problem}"));
        let header = entry.header();
        let (kind, known) = (header.entry_type(), header.as_gnu().is_some() || header.as_ustar().is_some());
        if known && (kind.is_gnu_longname() || kind.is_pax_local_extensions()) {
            let size = entry.size();
            if size > LARGEST {
                let what = if kind.is_gnu_longname() { "is a long name" } else { "is a list of extensions" };
                return Err(wrong(format!("{what} of {size} bytes, expected at most {LARGEST}")));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            if bytes.len() as u64 != size {
                return Err(wrong("is cut off".to_owned()));
            }
            self.describe(kind.is_gnu_longname(), &bytes)?;
            return Ok(None);
        }
        if kind.is_gnu_sparse() {
            return Err(wrong("is a sparse file; pack the archive without --sparse".to_owned()));
        }
        if kind.is_gnu_longlink() || kind.is_pax_global_extensions() {
            return Ok(None);
        }
        let named = std::mem::take(self);
        if !kind.is_file() {
            return Ok(None);
        }
        // The library would go on at the size of the header.
        if let Some(size) = named.size.filter(|size| *size != entry.size().to_string()) {
            return Err(wrong(format!("has {} bytes and by its extensions {size}", entry.size())));
        }
        match named.path {
            Some(path) => Ok(Some(PathBuf::from(path))),
            None => Ok(Some(entry.path()?.into_owned())),
        }
    }

    fn describe(&mut self, is_name: bool, bytes: &[u8]) -> io::Result<()> {
        if is_name {
            let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            self.path = Some(String::from_utf8_lossy(bytes).into_owned());
            return Ok(());
        }
        for extension in tar::PaxExtensions::new(bytes) {
            let extension = extension?;
            let value = || String::from_utf8_lossy(extension.value_bytes()).into_owned();
            match extension.key_bytes() {
                b"path" if self.path.is_none() => self.path = Some(value()),
                b"size" => self.size = Some(value()),
                _ => {}
            }
        }
        Ok(())
    }
}
