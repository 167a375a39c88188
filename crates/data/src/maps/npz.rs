//! Maps as npz: a zip archive of npy files, as `numpy.load` reads it.

use std::io::{self, Cursor, Write as _};

use align::parts::{Array, Values};
use npyz::{AutoSerialize, WriterBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The array of bytes that holds the metadata, as JSON.
const METADATA: &str = "metadata";

/// The bytes of the archive. Nothing is compressed, so the same map gives the same bytes.
pub(super) fn bytes(arrays: &[(String, Array)], metadata: &str) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut member = |name: &str, contents: Vec<u8>| -> io::Result<()> {
        let options = options.large_file(u32::try_from(contents.len()).is_err());
        archive.start_file(format!("{name}.npy"), options).map_err(io::Error::other)?;
        archive.write_all(&contents)
    };
    for (name, array) in arrays {
        let contents = match &array.values {
            Values::Single(values) => npy(&array.shape, values)?,
            Values::Double(values) => npy(&array.shape, values)?,
        };
        member(name, contents)?;
    }
    member(METADATA, npy(&[metadata.len()], metadata.as_bytes())?)?;
    Ok(archive.finish().map_err(io::Error::other)?.into_inner())
}

fn npy<T: AutoSerialize + Copy>(shape: &[usize], values: &[T]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape: Vec<u64> = shape.iter().map(|&extent| extent as u64).collect();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}
