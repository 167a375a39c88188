//! Result of every reader of a format.

use std::borrow::Cow;

use super::{element::Element, note::Note};

/// A tensor in the form in which it lies in a file. A reader guarantees that `bytes` has exactly as many elements as
/// `shape` says.
#[derive(Clone, Debug)]
pub(super) struct Raw<'a> {
    pub(super) name: Option<String>,
    pub(super) shape: Vec<u64>,
    /// The element type; `Err` holds the file's name of a type that this crate does not read.
    pub(super) element: Result<Element, String>,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) bytes: Cow<'a, [u8]>,
    /// The elements, if they are texts.
    pub(super) texts: Option<Vec<String>>,
    /// Warnings of the reader.
    pub(super) notes: Vec<Note>,
}

impl Raw<'_> {
    pub(super) fn empty<'a>() -> Raw<'a> {
        Raw {
            name: None,
            shape: Vec::new(),
            element: Err("none".to_owned()),
            big_endian: false,
            fortran: false,
            bytes: Cow::Borrowed(&[]),
            texts: None,
            notes: Vec::new(),
        }
    }

    pub(super) fn into_owned<'a>(self) -> Raw<'a> {
        Raw { bytes: Cow::Owned(self.bytes.into_owned()), ..self }
    }
}

/// Largest size of the unpacked content of a file: far more than embeddings ever compress, and far less than a file
/// made to fill the memory.
pub(super) fn most_unpacked(file: &[u8]) -> usize {
    (1 << 20) + 64 * file.len()
}

/// A file's bytes without the mark that some programs put before UTF-8.
pub(crate) fn without_mark(contents: &[u8]) -> &[u8] {
    contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents)
}
