//! Writer of embeddings, some rows at a time, for matrices larger than memory.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use align::Matrix;
use files::Part;
use npyz::{DType, WriterBuilder};
use polars_core::prelude::{Column, DataFrame, DataType, NamedFrom, PolarsResult, Series};
use polars_io::parquet::write::BatchedWriter;
use polars_io::prelude::ParquetWriter;
use safetensors::{
    Dtype,
    tensor::{Metadata, TensorInfo},
};

use crate::{DataError, FileProblem, import::Member, read::Format};

/// Default name of a tensor, if the format has names.
const TENSOR: &str = "embeddings";
/// Default name of a column.
const COLUMN: &str = "vector";

/// Writer of a matrix of f32: npy, a tensor of safetensors, or a column of lists in parquet. The file appears when
/// [`finish`](MatrixWriter::finish) is called, complete.
///
/// ```
/// use align::Matrix;
/// use data::MatrixWriter;
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("z.npy");
/// let mut sink = MatrixWriter::create(&file.clone().into(), 4, 2)?;
/// for start in [0, 2] {
///     sink.write(&Matrix::from_fn(2, 2, |i, j| (start + i + j) as f32))?;
/// }
/// sink.finish()?;
/// assert_eq!(data::read::matrix(&file, &std::fs::read(&file)?, None)?.row(3), [3.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MatrixWriter {
    member: Member,
    rows: usize,
    cols: usize,
    written: usize,
    body: Body,
}

enum Body {
    /// Raw bytes after a header that was written before.
    Raw(Part),
    /// One row group per piece.
    Table { part: Shared, batches: Option<Box<BatchedWriter<Shared>>> },
}

impl MatrixWriter {
    /// Begins the file; the number of rows must be known. The name after `#` is the tensor or the column.
    ///
    /// # Errors
    /// A format in which embeddings are not written; a name for the array of an npy file; a file that cannot be
    /// written.
    pub fn create(member: &Member, rows: usize, cols: usize) -> Result<Self, DataError> {
        let (file, name) = (&member.file, member.tensor.as_deref());
        let format = Format::of(file)?;
        let header = match (format, name) {
            (Format::Npy, Some(name)) => {
                let problem = FileProblem::TensorNamed { tensor: name.to_owned() };
                return Err(DataError::file(file, problem));
            }
            (Format::Npy, None) => npy_header(rows, cols).map_err(|reason| DataError::unwritable(file, reason))?,
            (Format::Safetensors, name) => safetensors_header(name.unwrap_or(TENSOR), rows, cols)
                .map_err(|reason| DataError::unwritable(file, reason))?,
            (Format::Parquet, _) => Vec::new(),
            (other, _) => {
                let known = [Format::Npy, Format::Safetensors, Format::Parquet].map(|f| f.extension().to_owned());
                let problem = FileProblem::NoWriter { extension: other.extension(), known: known.to_vec() };
                return Err(DataError::file(file, problem));
            }
        };
        let mut part = Part::create(file).map_err(|reason| DataError::unwritable(file, reason))?;
        part.write_all(&header).map_err(|reason| DataError::unwritable(file, reason))?;
        let body = match format {
            Format::Parquet => Body::Table { part: Shared(Arc::new(Mutex::new(Some(part)))), batches: None },
            _ => Body::Raw(part),
        };
        Ok(Self { member: member.clone(), rows, cols, written: 0, body })
    }

    /// Writes the next rows.
    ///
    /// # Errors
    /// Another width, or more rows than announced; a file that cannot be written.
    pub fn write(&mut self, rows: &Matrix) -> Result<(), DataError> {
        let file = &self.member.file;
        if rows.cols() != self.cols || rows.rows() > self.rows - self.written {
            let got = format!("{} of width {}", rows.rows(), rows.cols());
            let want = format!("{} more rows of width {}", self.rows - self.written, self.cols);
            return Err(DataError::file(file, FileProblem::OtherRows { got, want }));
        }
        self.written += rows.rows();
        match &mut self.body {
            Body::Raw(part) => {
                let bytes: Vec<u8> = rows.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
                part.write_all(&bytes).map_err(|reason| DataError::unwritable(file, reason))
            }
            Body::Table { part, batches } => {
                let column = self.member.tensor.as_deref().unwrap_or(COLUMN);
                let mut append = || -> PolarsResult<()> {
                    let frame = frame(column, rows)?;
                    let begun = match batches.take() {
                        Some(writer) => writer,
                        None => Box::new(ParquetWriter::new(part.clone()).batched(frame.schema())?),
                    };
                    batches.insert(begun).write_batch(&frame)
                };
                append().map_err(|reason| DataError::unwritable(file, reason))
            }
        }
    }

    /// Moves the file to its place and returns its SHA-256.
    ///
    /// # Errors
    /// Fewer rows than announced; a file that cannot be written.
    pub fn finish(mut self) -> Result<String, DataError> {
        let file = &self.member.file;
        if self.written != self.rows {
            let (got, want) = (self.written.to_string(), format!("{} rows", self.rows));
            return Err(DataError::file(file, FileProblem::OtherRows { got, want }));
        }
        if let Body::Table { batches: None, .. } = self.body {
            self.write(&Matrix::zeros(0, self.cols))?;
        }
        let file = &self.member.file;
        match self.body {
            Body::Raw(part) => part.finish().map_err(|reason| DataError::unwritable(file, reason)),
            Body::Table { part, batches } => {
                if let Some(batches) = batches {
                    batches.finish().map_err(|reason| DataError::unwritable(file, reason))?;
                }
                match part.lock().take() {
                    Some(part) => part.finish().map_err(|reason| DataError::unwritable(file, reason)),
                    None => Err(DataError::unwritable(file, "it was closed before its end")),
                }
            }
        }
    }
}

/// The table writer owns its file; this type shares it, because the file is needed again at the end.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<Part>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Part>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().as_mut().map_or(Ok(()), Write::flush)
    }
}

/// The header of an npy file of little-endian f32.
fn npy_header(rows: usize, cols: usize) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    let single = "<f4".parse().map_err(|e| io::Error::other(format!("{e}")))?;
    let options = npyz::WriteOptions::<f32>::new().dtype(DType::Plain(single)).shape(&[rows as u64, cols as u64]);
    // The values are written elsewhere; the library need not know that its array is incomplete.
    drop(options.writer(&mut header).begin_nd()?);
    Ok(header)
}

/// The header of a safetensors file with one f32 matrix.
fn safetensors_header(name: &str, rows: usize, cols: usize) -> Result<Vec<u8>, String> {
    let bytes = rows.checked_mul(cols).and_then(|count| count.checked_mul(size_of::<f32>()));
    let bytes = bytes.ok_or("more bytes than a file can hold")?;
    let info = TensorInfo { dtype: Dtype::F32, shape: vec![rows, cols], data_offsets: (0, bytes) };
    let metadata = Metadata::new(None, vec![(name.to_owned(), info)]).map_err(|e| e.to_string())?;
    let mut text = serde_json::to_string(&metadata).map_err(|e| e.to_string())?;
    text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
    let mut header = (text.len() as u64).to_le_bytes().to_vec();
    header.extend(text.into_bytes());
    Ok(header)
}

/// A table with one column of lists of one length.
fn frame(column: &str, values: &Matrix) -> PolarsResult<DataFrame> {
    let lists: Vec<Series> = (0..values.rows()).map(|row| Series::new("".into(), values.row(row))).collect();
    let lists = if lists.is_empty() {
        Series::new_empty(column.into(), &DataType::List(Box::new(DataType::Float32)))
    } else {
        Series::new(column.into(), lists)
    };
    let dtype = DataType::Array(Box::new(DataType::Float32), values.cols());
    DataFrame::new(values.rows(), vec![Column::from(lists.cast(&dtype)?)])
}
