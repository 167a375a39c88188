//! SHA-256 of files and of lists of texts.

use std::{fs::File, io::Read, path::Path};

use sha2::{Digest as _, Sha256};

use crate::EmbedError;

/// A running sum over parts, each with its length before it, so that no two lists have the same sum.
pub(crate) struct Digest(Sha256);

impl Digest {
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    pub fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }

    /// The sum of a file's bytes alone.
    pub fn file(path: &Path) -> Result<String, EmbedError> {
        let mut file = File::open(path).map_err(|error| EmbedError::read(path, error))?;
        let mut sum = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer).map_err(|error| EmbedError::read(path, error))? {
                0 => return Ok(hex(&sum.finalize())),
                n => sum.update(&buffer[..n]),
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
