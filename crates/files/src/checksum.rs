//! SHA-256 of bytes, of files, and of sequences of texts.

use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Lower-case hexadecimal SHA-256 of `bytes`.
///
/// ```
/// assert!(files::checksum::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file's contents, which may be larger than memory.
///
/// # Errors
/// The file is not there or cannot be read.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    sha256_reader(File::open(path)?).map(|(sum, _)| sum)
}

/// SHA-256 and number of all bytes of a reader.
///
/// # Errors
/// The error of the reader.
pub fn sha256_reader(from: impl Read) -> io::Result<(String, u64)> {
    let mut sum = Sha256Stream::default();
    let size = blocks(from, |block| sum.update(block))?;
    Ok((sum.finish(), size))
}

/// SHA-1 that git gives to a file of this size, in lower-case hexadecimal. Git and the hub name files by it; it finds
/// damage, not attacks.
///
/// # Errors
/// The error of the reader.
pub fn git_blob(from: impl Read, size: u64) -> io::Result<String> {
    let mut sum = Sha1::new_with_prefix(format!("blob {size}\0"));
    blocks(from, |block| sum.update(block))?;
    Ok(hex(&sum.finalize()))
}

/// Hands all bytes of a reader on, and returns their number.
fn blocks(mut from: impl Read, mut each: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut size = 0;
    let mut block = vec![0; 1 << 20];
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(size),
            Ok(got) => {
                each(&block[..got]);
                size += got as u64;
            }
            Err(reason) if reason.kind() == io::ErrorKind::Interrupted => {}
            Err(reason) => return Err(reason),
        }
    }
}

/// SHA-256 of bytes in parts.
#[derive(Clone, Debug, Default)]
pub struct Sha256Stream(Sha256);

impl Sha256Stream {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes, in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 of a sequence of texts. Each is preceded by its length, so that no two sequences have the same bytes.
#[derive(Clone, Debug, Default)]
pub struct Combined(Sha256);

impl Combined {
    /// Adds one text.
    pub fn add<T: AsRef<[u8]> + ?Sized>(&mut self, text: &T) {
        let text = text.as_ref();
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    /// The checksum of all texts, in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Whether a text is a SHA-256 in hexadecimal.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_readers_and_whole_bytes_have_one_sum() {
        let bytes: Vec<u8> = (0..3_000_000u32).map(|i| i as u8).collect();
        let mut stream = Sha256Stream::default();
        bytes.chunks(7919).for_each(|part| stream.update(part));
        let sum = sha256(&bytes);
        assert_eq!(stream.finish(), sum);
        assert_eq!(sha256_reader(bytes.as_slice()).expect("readable"), (sum.clone(), 3_000_000));
        assert!(is_sha256(&sum) && !is_sha256(&sum[1..]) && !is_sha256(&format!("{}g", &sum[1..])));
    }

    #[test]
    fn two_lists_have_one_sum_only_where_they_are_one() {
        let sum = |texts: &[&str]| {
            let mut sum = Combined::default();
            texts.iter().for_each(|text| sum.add(*text));
            sum.finish()
        };
        assert_eq!(sum(&["a", "bc"]), sum(&["a", "bc"]));
        assert_ne!(sum(&["a", "bc"]), sum(&["ab", "c"]));
    }
}
