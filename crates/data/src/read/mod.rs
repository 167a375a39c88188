//! Registry of file formats.
//!
//! A format turns bytes into a `Raw` tensor: shape, element type, order and its bytes, as a slice of the file if the
//! format allows it. The rest (ranks, conversion, checks of finiteness) is common to all formats. To add a format, add
//! a variant to [`Format`], its extension, and a file beside `npy.rs` (or a table beside `tables/parquet.rs`); the
//! compiler asks for the rest.

mod element;
mod guard;
mod hdf5;
mod note;
mod npy;
mod npz;
mod problem;
mod raw;
pub(crate) mod safetensors;
mod tables;

use std::{collections::HashMap, io, ops::Range, path::Path};

use align::Matrix;
use files::checksum;

use self::{
    element::Element,
    guard::guarded,
    raw::Raw,
    tables::{columns, parquet, pictures, translations},
};
use crate::DataError;

pub use self::problem::FileProblem;
pub(crate) use self::{note::Note, raw::without_mark, tables::columns::as_printed};

/// File formats, distinguished by extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Named tensors of Hugging Face.
    Safetensors,
    /// One array of NumPy.
    Npy,
    /// Several arrays of NumPy in one archive.
    Npz,
    /// A table: embeddings as a column of lists, or a column for each dimension.
    Parquet,
    /// A table as text, with a header line.
    Csv,
    /// Arrays in groups; latentis stores its vectors in this format.
    Hdf5,
}

/// A command that converts a pickle to a readable file; `None` for other extensions.
fn unpickled(path: &Path, extension: &str) -> Option<String> {
    let file = path.display().to_string();
    let quoted = |path: &str| format!("'{}'", path.replace('\\', "\\\\").replace('\'', "\\'"));
    let beside = |extension| quoted(&path.with_extension(extension).display().to_string());
    let code = match extension.to_ascii_lowercase().as_str() {
        "pt" | "pth" | "ckpt" => format!(
            "import torch, numpy; x = torch.load({}, map_location='cpu', weights_only=True); \
             x = x if isinstance(x, dict) else {{'x': x}}; \
             numpy.savez({}, **{{k: v.float().numpy() for k, v in x.items()}})",
            quoted(&file),
            beside("npz")
        ),
        "pkl" | "pickle" => {
            format!("import pickle, numpy; numpy.save({}, pickle.load(open({}, 'rb')))", beside("npy"), quoted(&file))
        }
        _ => return None,
    };
    Some(files::shell::command(["python3", "-c", &code]))
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Safetensors, Self::Npy, Self::Npz, Self::Parquet, Self::Csv, Self::Hdf5];

    /// The file extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Hdf5 => "h5",
        }
    }

    /// The format of a file, by its extension.
    ///
    /// # Errors
    /// The extension is none of those registered here.
    pub fn of(path: &Path) -> Result<Self, DataError> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        Self::ALL.into_iter().find(|f| extension.eq_ignore_ascii_case(f.extension())).ok_or_else(|| {
            let known = Self::ALL.iter().map(|f| f.extension().to_owned()).collect();
            let extension = extension.into_owned();
            let problem = match unpickled(path, &extension) {
                Some(convert) => FileProblem::Pickle { extension, convert },
                None => FileProblem::Format { extension, known },
            };
            DataError::file(path, problem)
        })
    }

    /// Whether a file has several tensors with names.
    pub fn has_names(self) -> bool {
        self != Self::Npy
    }

    /// Whether values can be read in place, any rows without the others.
    pub fn can_be_mapped(self) -> bool {
        matches!(self, Self::Safetensors | Self::Npy)
    }

    fn raw<'a>(self, bytes: &'a [u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
        if bytes.starts_with(b"version https://git-lfs") {
            return Err(FileProblem::LfsPointer);
        }
        match self {
            Self::Safetensors => safetensors::raw(bytes, tensor),
            Self::Npy => npy::raw(bytes, tensor),
            Self::Npz => npz::raw(bytes, tensor),
            Self::Parquet => guarded("parquet", || columns::raw(&parquet::table(bytes)?, tensor)),
            Self::Csv => guarded("csv", || columns::raw(&columns::csv(bytes)?, tensor)),
            Self::Hdf5 => guarded("HDF5", || hdf5::raw(bytes, tensor)),
        }
    }
}

/// Content of a file.
///
/// # Errors
/// The file does not exist or cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    std::fs::read(path).map_err(|reason| DataError::file(path, why_unreadable(reason)))
}

/// SHA-256 of a file's content, which may be larger than memory.
///
/// # Errors
/// The file does not exist or cannot be read.
pub fn sha256_file(path: &Path) -> Result<String, DataError> {
    checksum::sha256_file(path).map_err(|reason| DataError::file(path, why_unreadable(reason)))
}

pub(crate) fn why_unreadable(reason: io::Error) -> FileProblem {
    match reason.kind() {
        io::ErrorKind::NotFound => FileProblem::NotFound,
        _ => FileProblem::Unreadable { reason },
    }
}

/// The matrix named `tensor` in the content of the file at `path`, as f32. Without a name, the file must have one
/// tensor only.
///
/// # Errors
/// The content does not match the extension, or is truncated; no such tensor; not two-dimensional; not f16, bf16, f32
/// or f64; a value that is not finite or is beyond the range of f32.
pub fn matrix(path: &Path, contents: &[u8], tensor: Option<&str>) -> Result<Matrix, DataError> {
    let floats = Floats::of(path, contents, tensor)?;
    floats.read(0..floats.rows).map_err(|p| DataError::file(path, p))
}

/// The integers named `tensor` in the content of the file at `path`. Without a name, the file must have one tensor
/// only.
///
/// # Errors
/// The content does not match the extension, or is truncated; no such tensor; not one-dimensional; not of a signed
/// integer type or u8, u16 or u32; in a csv file a text that is not the canonical form of its number, such as `007`.
pub fn integers(path: &Path, contents: &[u8], tensor: Option<&str>) -> Result<Vec<i64>, DataError> {
    if Format::of(path)? == Format::Csv {
        let read = || columns::integers_of_texts(&columns::csv_as_texts(contents)?, tensor);
        return guarded("csv", read).map_err(|p| DataError::file(path, p));
    }
    let raw = Format::of(path)?.raw(contents, tensor).map_err(|p| DataError::file(path, p))?;
    as_integers(raw).map_err(|p| DataError::file(path, p))
}

/// All numbers of the f64 tensor with this name, in any shape.
///
/// # Errors
/// The content does not match the extension, or is truncated; no such tensor; another type.
pub fn doubles(path: &Path, contents: &[u8], tensor: &str) -> Result<Vec<f64>, DataError> {
    let values = |raw: Raw<'_>| {
        let wrong = |got| FileProblem::Dtype { tensor: raw.name.clone(), got, want: "f64" };
        let element = raw.element.clone().map_err(wrong)?;
        if element != Element::F64 || raw.big_endian {
            return Err(wrong(element.name().to_owned()));
        }
        let bytes = raw.bytes.as_chunks::<8>().0;
        Ok(bytes.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    };
    Format::of(path)?.raw(contents, Some(tensor)).and_then(values).map_err(|p| DataError::file(path, p))
}

/// The texts of a `column` in a table (parquet or csv), of the array of texts or integers with this name, or the lines
/// of a `.txt` file, or the field (`_id` without a name) of each line of a `.jsonl` file. Texts are not converted: `007` is not `7`.
///
/// # Errors
/// The content does not match the extension; no such column; missing values; floats.
pub fn texts(path: &Path, contents: &[u8], column: Option<&str>) -> Result<Vec<String>, DataError> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt")) {
        let text = str::from_utf8(without_mark(contents)).map_err(|e| {
            let problem =
                FileProblem::Header { format: "text", detail: format!("not UTF-8 at byte {}", e.valid_up_to()) };
            DataError::file(path, problem)
        })?;
        return Ok(text.lines().map(str::to_owned).collect());
    }
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("jsonl")) {
        return fields(contents, column.unwrap_or("_id")).map_err(|problem| DataError::file(path, problem));
    }
    let format = Format::of(path)?;
    let texts = match format {
        Format::Parquet => guarded("parquet", || columns::texts(&parquet::table(contents)?, column)),
        Format::Csv => guarded("csv", || columns::texts(&columns::csv_as_texts(contents)?, column)),
        _ => format.raw(contents, column).and_then(as_texts),
    };
    texts.map_err(|p| DataError::file(path, p))
}

/// The texts or integers of a field of every line of JSON.
fn fields(contents: &[u8], field: &str) -> Result<Vec<String>, FileProblem> {
    let problem =
        |line: usize, detail: String| FileProblem::Header { format: "jsonl", detail: format!("line {line}: {detail}") };
    let lines = without_mark(contents).split(|&byte| byte == b'\n').zip(1..);
    let field_of = |(line, number): (&[u8], usize)| {
        let object: serde_json::Value = serde_json::from_slice(line).map_err(|e| problem(number, e.to_string()))?;
        match object.get(field) {
            Some(serde_json::Value::String(text)) => Ok(text.clone()),
            Some(serde_json::Value::Number(number)) if number.is_i64() => Ok(number.to_string()),
            Some(_) => Err(problem(number, format!("`{field}` is neither a text nor an integer"))),
            None => Err(problem(number, format!("there is no field `{field}`"))),
        }
    };
    lines.filter(|(line, _)| !line.trim_ascii().is_empty()).map(field_of).collect()
}

/// Columns of a table (parquet or csv) as texts, in the requested order.
///
/// # Errors
/// The errors of [`texts`]; a file that is not a table.
pub fn text_columns(path: &Path, contents: &[u8], columns: &[&str]) -> Result<Vec<Vec<String>>, DataError> {
    let each = |table: &columns::Table| columns.iter().map(|name| columns::texts(table, Some(name))).collect();
    let found = match Format::of(path)? {
        Format::Parquet => guarded("parquet", || each(&parquet::columns(contents, columns)?)),
        Format::Csv => guarded("csv", || each(&columns::csv_as_texts(contents)?)),
        _ => Err(no_table(path)),
    };
    found.map_err(|p| DataError::file(path, p))
}

/// The metadata of a safetensors file, by key.
///
/// # Errors
/// The content is not safetensors.
pub(crate) fn safetensors_metadata(path: &Path, contents: &[u8]) -> Result<HashMap<String, String>, DataError> {
    safetensors::metadata(contents).map_err(|p| DataError::file(path, p))
}

/// The texts of each row in the `wanted` languages, in their order, from a parquet column of structs of two lists: the
/// languages of a row under `keys`, their texts under `values`. `None` for a row without one of the languages. If a row
/// has a language twice, the last one counts.
///
/// # Errors
/// The content is not parquet; no such column or field; a field that is not a list of texts; lists of different
/// lengths.
pub fn translations(
    path: &Path,
    contents: &[u8],
    column: &str,
    [keys, values]: [&str; 2],
    wanted: &[&str],
) -> Result<Vec<Option<Vec<String>>>, DataError> {
    let found = match Format::of(path)? {
        Format::Parquet => guarded("parquet", || {
            let table = parquet::columns(contents, &[column])?;
            translations::rows(columns::column(&table, column)?, [keys, values], wanted)
        }),
        _ => Err(no_table(path)),
    };
    found.map_err(|p| DataError::file(path, p))
}

/// The files in a parquet column: of structs whose field `bytes` has them, as the hub stores pictures, or of bytes.
///
/// # Errors
/// The content is not parquet; no such column or field; a field that is not bytes; a row without bytes.
pub fn files_in_column(path: &Path, contents: &[u8], column: &str) -> Result<Vec<Vec<u8>>, DataError> {
    let found = match Format::of(path)? {
        Format::Parquet => guarded("parquet", || {
            let table = parquet::columns(contents, &[column])?;
            pictures::rows(columns::column(&table, column)?)
        }),
        _ => Err(no_table(path)),
    };
    found.map_err(|p| DataError::file(path, p))
}

fn no_table(path: &Path) -> FileProblem {
    let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    FileProblem::Format { extension, known: vec![Format::Parquet.extension().to_owned()] }
}

/// A matrix in the content of a file; any rows can be converted to f32 without the others.
#[derive(Clone, Debug)]
pub struct Floats<'a> {
    raw: Raw<'a>,
    element: Element,
    rows: usize,
    cols: usize,
}

impl<'a> Floats<'a> {
    /// Like [`matrix`], without conversion.
    ///
    /// # Errors
    /// The errors of [`matrix`], except those about values.
    pub fn of(path: &Path, contents: &'a [u8], tensor: Option<&str>) -> Result<Self, DataError> {
        let raw = Format::of(path)?.raw(contents, tensor);
        raw.and_then(Self::of_raw).map_err(|p| DataError::file(path, p))
    }

    /// One vector of an npy file, of one dimension or one row, as a matrix of one row.
    ///
    /// # Errors
    /// As [`Floats::of`]; another shape.
    pub(crate) fn of_vector(path: &Path, contents: &'a [u8]) -> Result<Self, DataError> {
        let row = |mut raw: Raw<'a>| match raw.shape[..] {
            [width] | [1, width] if width > 0 => {
                raw.shape = vec![1, width];
                Self::of_raw(raw)
            }
            _ => Err(FileProblem::Rank { tensor: raw.name, shape: raw.shape, want: "one vector (values)" }),
        };
        Format::Npy.raw(contents, None).and_then(row).map_err(|p| DataError::file(path, p))
    }

    /// The name of its element type.
    pub(crate) fn element_name(&self) -> &'static str {
        self.element.name()
    }

    fn of_raw(raw: Raw<'a>) -> Result<Self, FileProblem> {
        let wrong = |got| FileProblem::Dtype { tensor: raw.name.clone(), got, want: "f16, bf16, f32, f64" };
        // The type comes first: an array of a wrong type is not refused for its shape.
        let element = raw.element.clone().map_err(wrong)?;
        let [rows, cols] = raw.shape[..] else {
            let want = "two dimensions (rows, columns)";
            return Err(FileProblem::Rank { tensor: raw.name, shape: raw.shape, want });
        };
        if !element.is_float() {
            return Err(wrong(element.name().to_owned()));
        }
        Ok(Self { element, rows: rows as usize, cols: cols as usize, raw })
    }

    /// Number of rows N.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns d.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Warnings about the matrix in its file.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.raw.notes
    }

    /// Some rows as f32.
    ///
    /// # Errors
    /// A value that is not finite or beyond the range of f32.
    ///
    /// # Panics
    /// If `rows` reaches beyond the matrix.
    pub fn read(&self, rows: Range<usize>) -> Result<Matrix, FileProblem> {
        let values = if self.raw.fortran {
            let columns: Vec<f32> =
                (0..self.cols).flat_map(|j| self.decode(j * self.rows + rows.start, rows.len())).collect();
            transposed(&columns, self.cols, rows.len())
        } else {
            self.decode(rows.start * self.cols, rows.len() * self.cols)
        };
        self.checked(Matrix::from_vec(rows.len(), self.cols, values), |i| rows.start + i)
    }

    /// These rows as f32, in this order.
    ///
    /// # Errors
    /// The errors of [`read`](Floats::read).
    ///
    /// # Panics
    /// If a row lies beyond the matrix.
    pub fn gather(&self, rows: &[usize]) -> Result<Matrix, FileProblem> {
        if let [first, .., last] = rows
            && rows.windows(2).all(|pair| pair[0] + 1 == pair[1])
        {
            return self.read(*first..last + 1);
        }
        if self.raw.fortran && rows.len() < self.rows / 8 {
            let values = rows.iter().flat_map(|row| (0..self.cols).map(|col| self.in_file(*row, col)));
            let values = values.flat_map(|at| self.decode(at, 1)).collect();
            return self.checked(Matrix::from_vec(rows.len(), self.cols, values), |i| rows[i]);
        }
        if self.raw.fortran {
            let all = transposed(&self.decode(0, self.rows * self.cols), self.cols, self.rows);
            let all = Matrix::from_vec(self.rows, self.cols, all);
            return self.checked(all.select_rows(rows), |i| rows[i]);
        }
        let mut values = Vec::with_capacity(rows.len() * self.cols);
        rows.iter().for_each(|row| values.extend_from_slice(&self.decode(row * self.cols, self.cols)));
        self.checked(Matrix::from_vec(rows.len(), self.cols, values), |i| rows[i])
    }

    /// The rows that are NaN throughout.
    pub(crate) fn nan_rows(&self) -> Vec<usize> {
        (0..self.rows).filter(|&row| self.is_nan_row(row)).collect()
    }

    fn is_nan_row(&self, row: usize) -> bool {
        let is_nan = |col: usize| self.decode(self.in_file(row, col), 1).iter().all(|x| x.is_nan());
        self.cols > 0 && (0..self.cols).all(is_nan)
    }

    /// Where an element stands among those of the file.
    fn in_file(&self, row: usize, col: usize) -> usize {
        if self.raw.fortran { col * self.rows + row } else { row * self.cols + col }
    }

    /// `count` elements in the order of the file.
    fn decode(&self, first: usize, count: usize) -> Vec<f32> {
        let size = self.element.size();
        self.element.floats(&self.raw.bytes[first * size..(first + count) * size], self.raw.big_endian)
    }

    /// Checks that all values are finite; `row` gives a row's number in the file for the error.
    fn checked(&self, matrix: Matrix, row: impl Fn(usize) -> usize) -> Result<Matrix, FileProblem> {
        match matrix.first_not_finite() {
            None => Ok(matrix),
            Some(at) => Err(self.not_finite(row(at / self.cols), at % self.cols, matrix.as_slice()[at])),
        }
    }

    fn not_finite(&self, row: usize, col: usize, value: f32) -> FileProblem {
        let tensor = self.raw.name.clone();
        let in_file = self.in_file(row, col);
        match self.element.f64_at(&self.raw.bytes, self.raw.big_endian, in_file).filter(|x| x.is_finite()) {
            Some(value) => FileProblem::Overflow { tensor, row, col, value },
            None if self.cols > 1 && self.is_nan_row(row) => FileProblem::NanRow { tensor, row, cols: self.cols },
            None => FileProblem::NotFinite { tensor, row, col, value },
        }
    }

    /// Position of these rows in the content; `None` if they are not contiguous.
    pub(crate) fn place(&self, rows: Range<usize>) -> Option<&[u8]> {
        let bytes = self.cols * self.element.size();
        (!self.raw.fortran).then(|| &self.raw.bytes[rows.start * bytes..rows.end * bytes])
    }
}

fn as_integers(raw: Raw<'_>) -> Result<Vec<i64>, FileProblem> {
    let want = "i8, i16, i32, i64, u8, u16, u32";
    let wrong = |got| FileProblem::Dtype { tensor: raw.name.clone(), got, want };
    let element = raw.element.clone().map_err(wrong)?;
    if raw.shape.len() != 1 {
        return Err(not_a_list(raw));
    }
    element.integers(&raw.bytes, raw.big_endian).ok_or_else(|| wrong(element.name().to_owned()))
}

fn as_texts(mut raw: Raw<'_>) -> Result<Vec<String>, FileProblem> {
    match raw.texts.take() {
        Some(_) if raw.shape.len() != 1 => Err(not_a_list(raw)),
        Some(texts) => Ok(texts),
        None => match as_integers(raw) {
            Ok(list) => Ok(list.iter().map(i64::to_string).collect()),
            Err(FileProblem::Dtype { tensor, got, .. }) => {
                Err(FileProblem::Dtype { tensor, got, want: "text, integers or booleans" })
            }
            Err(other) => Err(other),
        },
    }
}

fn not_a_list(raw: Raw<'_>) -> FileProblem {
    FileProblem::Rank { tensor: raw.name, shape: raw.shape, want: "one dimension (rows)" }
}

/// The transpose of `rows` x `cols` values, tile by tile so that neither side leaves the cache.
fn transposed(values: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    const TILE: usize = 32;
    let mut out = vec![0.0; values.len()];
    for top in (0..rows).step_by(TILE) {
        for left in (0..cols).step_by(TILE) {
            for i in top..rows.min(top + TILE) {
                for j in left..cols.min(left + TILE) {
                    out[j * rows + i] = values[i * cols + j];
                }
            }
        }
    }
    out
}
