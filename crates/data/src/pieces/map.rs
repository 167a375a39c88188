//! Files as bytes: large npy and safetensors files without a copy; all other formats, which are unpacked anyway, as a
//! copy in memory.

use std::path::Path;

use files::{Mapped, NotOpened};

use crate::{
    DataError, FileProblem,
    read::{self, Format},
};

/// Opens a file, read-only; [`Mapped::open`] describes the limits of a map.
///
/// # Errors
/// The file does not exist, cannot be read or is not a regular file.
pub(crate) fn open(path: &Path) -> Result<Mapped, DataError> {
    let in_pieces = Format::of(path).is_ok_and(Format::can_be_mapped);
    Mapped::open(path, in_pieces).map_err(|reason| match reason {
        NotOpened::System(reason) => DataError::file(path, read::why_unreadable(reason)),
        NotOpened::NotRegular => DataError::file(path, FileProblem::NotRegular),
    })
}

/// Checks that the file still has its length, so that its pieces may be accessed.
///
/// # Errors
/// The file is mapped and has another length, or its length can no longer be read.
pub(crate) fn check(map: &Mapped) -> Result<(), FileProblem> {
    match map.changed().map_err(read::why_unreadable)? {
        None => Ok(()),
        Some((got, want)) => Err(FileProblem::Changed { got, want }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_large_files_that_are_streamed_are_mapped_and_a_change_of_length_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let cut = |name: &str| {
            let large = (1 << 20) + 1;
            let path = folder.path().join(name);
            std::fs::write(&path, vec![7; large]).expect("a file");
            let map = open(&path).expect("a file");
            std::fs::File::options().write(true).open(&path).and_then(|file| file.set_len(10)).expect("shorter");
            check(&map).err().map(|error| error.to_string())
        };
        for name in ["a.npy", "a.safetensors"] {
            let error = cut(name).expect("another length");
            assert!(error.starts_with("changed while it was read: had 1048577 bytes, has 10;"), "{error}");
        }
        for name in ["a.parquet", "a.csv", "jobs.json"] {
            assert_eq!(cut(name), None, "{name} is a copy");
        }
    }
}
