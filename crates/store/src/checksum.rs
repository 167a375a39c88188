//! Parquet files that contain their own checksum.
//!
//! The metadata of the file have one entry, [`KEY`]: 64 hexadecimal digits, a space, and [`Facts`] as JSON. The digits
//! are the SHA-256 of the whole file with zeros in their place. Therefore a flipped bit anywhere is found, no second
//! file can be lost or belong to another attempt, and every parquet reader can read the file. The checksum detects
//! accidents. A file that was changed on purpose and given a new checksum is found by computing cells again (`verify`).

use std::io::Cursor;

use anyhow::{Context, Result, bail};
use files::checksum::Sha256Stream;
use polars_core::prelude::DataFrame;
use polars_io::parquet::write::{KeyValueMetadata, StatisticsOptions};
use polars_io::prelude::{ParquetReader, ParquetWriter, SerReader};
use serde::{Deserialize, Serialize};

/// Name of the entry in the metadata of the file.
pub const KEY: &str = "runner.seal";

const DIGITS: usize = 64;

/// Facts in the metadata of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Owner of the file: a cell's id or a grid's name.
    pub of: String,
    /// `records`, `scores` or `failure` of a cell, or `grid`.
    pub kind: String,
    /// Number of series of per-item scores beside a cell's records.
    #[serde(default)]
    pub series: usize,
    /// For a grid's records: the checksum of the files from which they were gathered.
    #[serde(default)]
    pub inputs: Option<String>,
}

/// A verified checksum and the facts of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedChecksum {
    /// SHA-256 of the file with zeros in place of these digits.
    pub sha256: String,
    /// Facts in the metadata of the file.
    pub facts: Facts,
}

/// The bytes of a parquet file with its checksum.
///
/// # Errors
/// A frame that polars cannot write.
pub fn write(frame: &mut DataFrame, facts: &Facts) -> Result<Vec<u8>> {
    let value = format!("{} {}", "0".repeat(DIGITS), serde_json::to_string(facts)?);
    let metadata = KeyValueMetadata::from_static(vec![(KEY.into(), value)]);
    let mut bytes = Vec::new();
    // Cells are small and many: no threads, and no statistics.
    ParquetWriter::new(&mut bytes)
        .set_parallel(false)
        .with_statistics(StatisticsOptions::empty())
        .with_key_value_metadata(Some(metadata))
        .finish(frame)?;
    let place = find(&bytes).context("parquet metadata are not where they were expected; a bug worth reporting")?.0;
    let digest = digest(&bytes, place);
    bytes[place..place + DIGITS].copy_from_slice(digest.as_bytes());
    Ok(bytes)
}

/// Verifies the checksum.
///
/// # Errors
/// No checksum, for example in an incomplete file; a checksum that does not match the bytes.
pub fn check(bytes: &[u8]) -> Result<EmbeddedChecksum> {
    let (place, facts) = find(bytes).context("it has no checksum: cut short, or no file of this program's")?;
    let written = String::from_utf8_lossy(&bytes[place..place + DIGITS]).into_owned();
    let digest = digest(bytes, place);
    if digest != written {
        bail!("its bytes have the checksum {digest}, its metadata say {written}: a bit flipped, or it was altered");
    }
    Ok(EmbeddedChecksum {
        sha256: digest,
        facts: serde_json::from_slice(facts).context("its metadata cannot be read")?,
    })
}

/// The frame in a file with a checksum.
///
/// # Errors
/// The errors of [`check`]; bytes that polars cannot read.
pub fn read(bytes: &[u8]) -> Result<(DataFrame, EmbeddedChecksum)> {
    let seal = check(bytes)?;
    Ok((ParquetReader::new(Cursor::new(bytes)).finish()?, seal))
}

/// Position of the digits, and the facts after them.
fn find(bytes: &[u8]) -> Option<(usize, &[u8])> {
    // Thrift's compact form: the key, the header of the next field (0x18: a string), its length as a varint.
    let key: Vec<u8> = KEY.bytes().chain([0x18]).collect();
    let length = u32::from_le_bytes(bytes.len().checked_sub(8).and_then(|at| bytes[at..at + 4].try_into().ok())?);
    let footer = bytes.len().checked_sub(8)?.checked_sub(length as usize)?;
    let found = bytes[footer..].windows(key.len()).rposition(|window| window == key)?;
    let mut at = footer + found + key.len();
    let (mut length, mut shift) = (0usize, 0);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
        if shift > 28 {
            return None;
        }
    }
    let value = bytes.get(at..at.checked_add(length)?)?;
    Some((at, value.get(DIGITS + 1..)?))
}

fn digest(bytes: &[u8], place: usize) -> String {
    let mut sum = Sha256Stream::default();
    sum.update(&bytes[..place]);
    sum.update(&[b'0'; DIGITS]);
    sum.update(&bytes[place + DIGITS..]);
    sum.finish()
}

#[cfg(test)]
mod tests {
    use polars_core::prelude::Column;

    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let mut frame = DataFrame::new(3, vec![Column::new("x".into(), [1.0, 2.0, 3.0])]).expect("a frame");
        let facts = Facts { of: "c".into(), kind: "records".into(), series: 3, inputs: Some("y".repeat(300)) };
        let bytes = write(&mut frame, &facts).expect("written");
        let (read_back, seal) = read(&bytes).expect("whole");
        assert!(read_back.equals(&frame) && seal.facts == facts);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            assert!(check(&damaged).is_err(), "bit of byte {at} of {}", bytes.len());
            assert!(check(&bytes[..at]).is_err(), "the first {at} bytes");
        }
    }
}
