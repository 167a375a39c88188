//! Atomic files of this crate.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use align::{
    Matrix,
    parts::{Array, Values},
};
use files::checksum::Sha256Stream;
use polars_core::prelude::{Column, DataFrame, PolarsError};
use polars_io::prelude::ParquetWriter;
use safetensors::{Dtype, SafeTensorError, tensor::TensorView};
use serde::Serialize;

use crate::{DataError, import::Member, pieces::matrix_writer::MatrixWriter};

/// A named array to be written.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    pub(crate) fn integers(name: String, values: &[i64]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { name, dtype: Dtype::I64, shape: vec![values.len()], bytes }
    }

    pub(crate) fn doubles(name: &str, shape: Vec<usize>, values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { name: name.to_owned(), dtype: Dtype::F64, shape, bytes }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn matrix(name: String, values: &Matrix) -> Self {
        let bytes = values.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { name, dtype: Dtype::F32, shape: vec![values.rows(), values.cols()], bytes }
    }

    pub(crate) fn array(name: String, array: &Array) -> Self {
        let shape = array.shape.clone();
        let (dtype, bytes) = match &array.values {
            Values::Single(values) => (Dtype::F32, values.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Values::Double(values) => (Dtype::F64, values.iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        Self { name, dtype, shape, bytes }
    }
}

/// Writes a file atomically and returns its checksum.
pub(crate) fn whole(file: &Path, bytes: &[u8]) -> Result<String, DataError> {
    files::write(file, bytes).map_err(|reason| DataError::unwritable(file, reason))
}

/// Writes named arrays and returns the file's checksum.
pub(crate) fn safetensors(file: &Path, tensors: &[Tensor]) -> Result<String, DataError> {
    safetensors_with(file, tensors, None)
}

/// The same with metadata. At most one entry, because the format's library stores several in no fixed order.
pub(crate) fn safetensors_with(
    file: &Path,
    tensors: &[Tensor],
    metadata: Option<HashMap<String, String>>,
) -> Result<String, DataError> {
    let bytes = safetensors_bytes(tensors, metadata).map_err(|e| DataError::unwritable(file, e))?;
    whole(file, &bytes)
}

/// The bytes of such a file.
pub(crate) fn safetensors_bytes(
    tensors: &[Tensor],
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, SafeTensorError> {
    let views =
        tensors.iter().map(|t| TensorView::new(t.dtype, t.shape.clone(), &t.bytes).map(|view| (t.name.clone(), view)));
    safetensors::serialize(views.collect::<Result<Vec<_>, _>>()?, metadata)
}

/// SHA-256 of the bytes after the header of a file of these arrays: wide elements first, then by name.
pub(crate) fn checksum_of_data(tensors: &[Tensor]) -> String {
    let mut order: Vec<&Tensor> = tensors.iter().collect();
    order.sort_by(|a, b| b.dtype.cmp(&a.dtype).then_with(|| a.name.cmp(&b.name)));
    let mut sum = Sha256Stream::default();
    order.iter().for_each(|tensor| sum.update(&tensor.bytes));
    sum.finish()
}

/// Writes one matrix to a file of its own, in the format of its extension, and returns the file's checksum.
pub(crate) fn matrix(file: PathBuf, values: &Matrix) -> Result<String, DataError> {
    let mut sink = MatrixWriter::create(&Member::from(file), values.rows(), values.cols())?;
    sink.write(values)?;
    sink.finish()
}

/// Writes columns of texts as a table.
pub(crate) fn texts(file: &Path, columns: &[(&str, &[String])]) -> Result<(), DataError> {
    let failed = |e: PolarsError| DataError::unwritable(file, e);
    let rows = columns.first().map_or(0, |(_, values)| values.len());
    let column = |(name, values): &(&str, &[String])| Column::new((*name).into(), *values);
    let mut frame = DataFrame::new(rows, columns.iter().map(column).collect()).map_err(failed)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame).map_err(failed)?;
    whole(file, &bytes).map(drop)
}

/// Writes one JSON object per line.
pub(crate) fn lines(file: &Path, values: impl Iterator<Item = impl Serialize>) -> Result<(), DataError> {
    let mut bytes = Vec::new();
    for value in values {
        serde_json::to_writer(&mut bytes, &value).map_err(|e| DataError::unwritable(file, e))?;
        bytes.push(b'\n');
    }
    whole(file, &bytes).map(drop)
}

/// Writes a JSON file.
pub(crate) fn json(file: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| DataError::unwritable(file, e))?;
    bytes.push(b'\n');
    whole(file, &bytes).map(drop)
}

/// Writes a YAML file.
pub(crate) fn yaml(file: &Path, value: &impl Serialize) -> Result<(), DataError> {
    whole(file, yaml_text(file, value)?.as_bytes()).map(drop)
}

/// Content of a YAML file.
pub(crate) fn yaml_text(file: &Path, value: &impl Serialize) -> Result<String, DataError> {
    serde_yaml::to_string(value).map_err(|e| DataError::unwritable(file, e))
}

/// Whether two paths lead to one file that is there.
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// A name as a file's: whatever could lead to another folder becomes a dash, and what would be hidden or nothing a word.
pub(crate) fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let plain: String = name.chars().map(plain).collect();
    let plain = plain.trim_start_matches('.');
    if plain.is_empty() { "unnamed".to_owned() } else { plain.to_owned() }
}
