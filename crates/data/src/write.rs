//! Files that this crate writes: whole or not at all.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use align::Matrix;
use npyz::WriterBuilder;
use polars::prelude::{Column, DataFrame, DataType, NamedFrom, ParquetWriter, Series};
use safetensors::{Dtype, tensor::TensorView};
use serde::Serialize;

use crate::{DataError, checksum, error::FileProblem};

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

    pub(crate) fn matrix(name: String, values: &Matrix) -> Self {
        let bytes = values.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { name, dtype: Dtype::F32, shape: vec![values.rows(), values.cols()], bytes }
    }
}

/// Writes named arrays and returns the file's checksum.
pub(crate) fn safetensors(file: &Path, tensors: &[Tensor]) -> Result<String, DataError> {
    let failed = |detail: String| DataError::file(file, FileProblem::Unwritable { reason: detail });
    let views =
        tensors.iter().map(|t| TensorView::new(t.dtype, t.shape.clone(), &t.bytes).map(|view| (t.name.clone(), view)));
    let views = views.collect::<Result<Vec<_>, _>>().map_err(|e| failed(e.to_string()))?;
    let bytes = safetensors::serialize(views, None).map_err(|e| failed(e.to_string()))?;
    whole(file, &bytes)
}

/// Writes one array in NumPy's format and returns the file's checksum.
pub(crate) fn npy(file: &Path, values: &Matrix) -> Result<String, DataError> {
    let failed = |reason: io::Error| DataError::file(file, FileProblem::Unwritable { reason: reason.to_string() });
    let mut bytes = Vec::new();
    let shape = [values.rows() as u64, values.cols() as u64];
    let writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd();
    let mut writer = writer.map_err(failed)?;
    writer.extend(values.as_slice().iter().copied()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    whole(file, &bytes)
}

/// Writes a table with the column `vector` of lists of one length and returns the file's checksum.
pub(crate) fn parquet(file: &Path, values: &Matrix) -> Result<String, DataError> {
    let failed =
        |e: polars::prelude::PolarsError| DataError::file(file, FileProblem::Unwritable { reason: e.to_string() });
    let lists: Vec<Series> = (0..values.rows()).map(|row| Series::new("".into(), values.row(row))).collect();
    let lists = Series::new("vector".into(), lists);
    let dtype = DataType::Array(Box::new(DataType::Float32), values.cols());
    let column = Column::from(lists.cast(&dtype).map_err(failed)?);
    let mut frame = DataFrame::new(values.rows(), vec![column]).map_err(failed)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame).map_err(failed)?;
    whole(file, &bytes)
}

/// Writes a YAML file.
pub(crate) fn yaml(file: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let text = serde_yaml::to_string(value)
        .map_err(|e| DataError::file(file, FileProblem::Unwritable { reason: e.to_string() }))?;
    whole(file, text.as_bytes()).map(drop)
}

/// Writes beside the file under another name, syncs and renames, so that the file is there whole or not at all.
fn whole(file: &Path, bytes: &[u8]) -> Result<String, DataError> {
    let failed = |reason: io::Error| DataError::file(file, FileProblem::Unwritable { reason: reason.to_string() });
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part: PathBuf = file.with_file_name(name);
    let written = fs::File::create(&part).and_then(|mut out| out.write_all(bytes).and_then(|()| out.sync_all()));
    if let Err(reason) = written.and_then(|()| fs::rename(&part, file)) {
        // What could not be written is of no use to anyone.
        let _ = fs::remove_file(&part);
        return Err(failed(reason));
    }
    Ok(checksum::sha256(bytes))
}
