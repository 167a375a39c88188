//! Files of a dictionary: from a folder, or from a tar archive that is read without being unpacked.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
};

use ::files::archive::each_file;
use flate2::read::GzDecoder;

use crate::EmbedError;

/// Largest file of a dictionary that is read. The largest of IPADIC has 23 MB.
const LARGEST_FILE: u64 = 256 << 20;
/// Largest size of an unpacked archive. That of IPADIC has 54 MB.
const LARGEST_ARCHIVE: u64 = 1 << 30;
/// First bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Contents of the files by name, without the folders of an archive.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Reads the files of a dictionary whose names `wanted` accepts.
///
/// # Errors
/// A folder or an archive that cannot be read, is damaged or too large, or has two files of the same name.
pub(super) fn read(path: &Path, wanted: fn(&str) -> bool) -> Result<Files, EmbedError> {
    if path.is_dir() { folder(path, wanted) } else { archive(path, wanted) }
}

fn folder(path: &Path, wanted: fn(&str) -> bool) -> Result<Files, EmbedError> {
    let mut files = Files::new();
    for entry in fs::read_dir(path).map_err(|error| EmbedError::read(path, error))? {
        let file = entry.map_err(|error| EmbedError::read(path, error))?.path();
        let Some(name) = file.file_name().and_then(|name| name.to_str()).filter(|name| wanted(name)) else { continue };
        let failed = |error| EmbedError::read(&file, error);
        let bytes = bounded(fs::File::open(&file).map_err(failed)?).map_err(failed)?;
        files.insert(name.to_owned(), bytes);
    }
    Ok(files)
}

fn archive(path: &Path, wanted: fn(&str) -> bool) -> Result<Files, EmbedError> {
    let mut file = fs::File::open(path).map_err(|error| EmbedError::read(path, error))?;
    let mut start = Vec::new();
    file.by_ref().take(GZIP.len() as u64).read_to_end(&mut start).map_err(|error| EmbedError::read(path, error))?;
    let zipped = start == GZIP;
    let whole = io::Cursor::new(start).chain(io::BufReader::new(file));
    let plain: Box<dyn Read> = if zipped { Box::new(GzDecoder::new(whole)) } else { Box::new(whole) };
    unpack(plain.take(LARGEST_ARCHIVE), wanted).map_err(|error| {
        let detail = format!("{error}; expected a tar or tar.gz archive, or a folder; fetch it again");
        EmbedError::format(path, "archive", detail)
    })
}

fn unpack(tar: impl Read, wanted: fn(&str) -> bool) -> io::Result<Files> {
    let mut files = Files::new();
    each_file(tar, std::convert::identity, |path, size, content| {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| wanted(name)) else {
            return Ok(());
        };
        let bytes = bounded(content)?;
        if bytes.len() as u64 != size {
            return Err(io::Error::other(format!("{name}: cut off")));
        }
        match files.insert(name.to_owned(), bytes) {
            None => Ok(()),
            Some(_) => Err(io::Error::other(format!("has two files {name}"))),
        }
    })?;
    Ok(files)
}

fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!("larger than {} MB", LARGEST_FILE >> 20)));
    }
    Ok(bytes)
}
