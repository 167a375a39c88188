//! SHA-256, of files and of several things at once.

use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{DataError, read};

/// Lower-case hexadecimal SHA-256 of `bytes`.
///
/// ```
/// assert!(data::checksum::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file's contents, which may be larger than memory.
///
/// # Errors
/// The file is not there or cannot be read.
pub fn sha256_file(path: &Path) -> Result<String, DataError> {
    let unreadable = |reason| DataError::file(path, read::why_unreadable(reason));
    let mut file = File::open(path).map_err(unreadable)?;
    let mut sum = Sha256Stream::default();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(sum.finish()),
            Ok(got) => sum.update(&block[..got]),
            Err(reason) if reason.kind() == io::ErrorKind::Interrupted => {}
            Err(reason) => return Err(unreadable(reason)),
        }
    }
}

/// SHA-256 of bytes that come one part after the other.
#[derive(Clone, Debug, Default)]
pub struct Sha256Stream(Sha256);

impl Sha256Stream {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum of all of them, in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 over a sequence of texts, each preceded by its length, so that no two sequences run together.
#[derive(Clone, Debug, Default)]
pub struct Combined(Sha256);

impl Combined {
    /// Adds one text.
    pub fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// The sum of what was added, in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
