//! Problems of one file.

use std::io;

use thiserror::Error;

use crate::messages::words::{count, known_names, quoted, tensor_prefix};

/// Problem of one file of embeddings, labels or ids.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The file does not exist.
    #[error("no such file; check the path (relative paths in a manifest start at the manifest's folder)")]
    NotFound,
    /// The file exists but cannot be read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// The system's reason.
        reason: io::Error,
    },
    /// A folder, a pipe or another special file.
    #[error("is no regular file; name the file itself")]
    NotRegular,
    /// The file exists, and overwriting was not allowed.
    #[error("is there already; choose another name, or allow that it is overwritten")]
    Exists,
    /// The file cannot be written.
    #[error("cannot be written: {reason}")]
    Unwritable {
        /// The reason.
        reason: String,
    },
    /// A format that can be read but not written.
    #[error("embeddings are not written as {extension}; expected one of {}", quoted(.known))]
    NoWriter {
        /// The extension asked for.
        extension: &'static str,
        /// Formats that can be written.
        known: Vec<String>,
    },
    /// Another number or width of rows than announced.
    #[error("expected {want}, found {got}")]
    OtherRows {
        /// Rows found.
        got: String,
        /// Rows announced.
        want: String,
    },
    /// A matrix without rows.
    #[error("{}has no rows; there is nothing to do with it", tensor_prefix(.tensor.as_deref()))]
    NoRows {
        /// The tensor, if the format has names.
        tensor: Option<String>,
    },
    /// A folder without encodings.
    #[error("holds no encodings; expected folders <encoder>/<train, validation or test>/vectors/data.h5")]
    NoEncodings,
    /// An extension of no format that this crate reads.
    #[error("unknown extension `{extension}`; expected one of {}", quoted(.known))]
    Format {
        /// The extension found, possibly empty.
        extension: String,
        /// The known extensions.
        known: Vec<String>,
    },
    /// A pickle, of PyTorch or of Python itself.
    #[error(
        "`.{extension}` files are pickles, which can run any code, and are not read; convert one that you trust: {convert}"
    )]
    Pickle {
        /// The extension.
        extension: String,
        /// A command that writes the same values as npz or npy.
        convert: String,
    },
    /// A pointer of Git Large File Storage instead of the file.
    #[error("holds a Git LFS pointer, not the data; run `git lfs pull`")]
    LfsPointer,
    /// A file with another checksum than in the manifest.
    #[error(
        "has sha256 {got}, expected {want}; the file is damaged or another version: fetch it again, or correct `sha256` in the manifest"
    )]
    Checksum {
        /// The sum of the file.
        got: String,
        /// The sum in the manifest.
        want: String,
    },
    /// A header that breaks the format.
    #[error("not a valid {format} file: {detail}")]
    Header {
        /// The format.
        format: &'static str,
        /// The parser's message.
        detail: String,
    },
    /// A file that is shorter than its header says.
    #[error("truncated: has {got} bytes, its header asks for {want}; copy or fetch it again")]
    Truncated {
        /// Bytes of the file.
        got: u64,
        /// Bytes that the header requires.
        want: u64,
    },
    /// A file that is longer than its header says.
    #[error("has {got} bytes, its header describes only {want}; write or fetch it again")]
    Trailing {
        /// Bytes of the file.
        got: u64,
        /// Bytes that the header describes.
        want: u64,
    },
    /// A file with several tensors, and no name of one of them.
    #[error("holds {} ({}); name the one that is meant", count(.known.len(), "tensor"), quoted(.known))]
    TensorNotNamed {
        /// The names of the tensors.
        known: Vec<String>,
    },
    /// A name of a tensor for a format without names.
    #[error(
        "tensor `{tensor}` was requested, but an npy file holds one array without a name; remove the tensor's name"
    )]
    TensorNamed {
        /// The name asked for.
        tensor: String,
    },
    /// A tensor that the file does not have.
    #[error("no tensor `{tensor}`{}", known_names("tensor", .nearest.as_deref(), .known))]
    NoTensor {
        /// The name asked for.
        tensor: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A column that the table does not have.
    #[error("no column `{column}`{}", known_names("column", .nearest.as_deref(), .known))]
    NoColumn {
        /// The name asked for.
        column: String,
        /// The name there that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A table with a missing value.
    #[error("column `{column}` has no value at row {row}; drop the item from every view or fill the value in")]
    Missing {
        /// The column.
        column: String,
        /// The first such row, from 0.
        row: usize,
    },
    /// Lists of different lengths.
    #[error(
        "column `{column}` has a list of {got} at row {row}, expected {want} as in row 0; one encoder has one width"
    )]
    Ragged {
        /// The column.
        column: String,
        /// The first row that deviates, from 0.
        row: usize,
        /// Its length.
        got: usize,
        /// The first row's length.
        want: usize,
    },
    /// Something packed that unpacks to far more than the file.
    #[error(
        "{}unpacks to more than {limit} bytes from a file of {got}, the most that is taken; if the file can be trusted, write it without compression, or as npy", tensor_prefix(.tensor.as_deref())
    )]
    Inflated {
        /// The array or column, where it is one.
        tensor: Option<String>,
        /// Bytes of the file.
        got: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// An intact file that uses a part of its format that this crate does not read.
    #[error("{}{detail}, which polyalign does not read; {remedy}", tensor_prefix(.tensor.as_deref()))]
    Unsupported {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// What it uses.
        detail: String,
        /// How to write it otherwise.
        remedy: &'static str,
    },
    /// A text where integers must be, or one that would not be the same text again.
    #[error(
        "column `{column}` has `{text}` at row {row}, expected integers as they are printed (`7`, not `07` or `7.0`); `runner import` numbers texts"
    )]
    NotInteger {
        /// The column.
        column: String,
        /// The first such row, from 0.
        row: usize,
        /// What is there.
        text: String,
    },
    /// An input file that would be overwritten.
    #[error("is one of the files that are read, and would be overwritten; choose another name or folder")]
    IsInput,
    /// A file whose length changed while it was in use.
    #[error("changed while it was read: had {want} bytes, has {got}; do not write to a file that is in use")]
    Changed {
        /// Bytes it has now.
        got: u64,
        /// Bytes it had when it was opened.
        want: u64,
    },
    /// A tensor with a wrong number of dimensions.
    #[error("{}found shape {shape:?}, expected {want}", tensor_prefix(.tensor.as_deref()))]
    Rank {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// Its shape.
        shape: Vec<u64>,
        /// The dimensions wanted.
        want: &'static str,
    },
    /// A tensor whose element type cannot be used.
    #[error("{}found element type {got}, expected one of {want}; convert it before it is written", tensor_prefix(.tensor.as_deref()))]
    Dtype {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// Its type in the format's own words.
        got: String,
        /// The types that can be used.
        want: &'static str,
    },
    /// A column of texts where numbers are expected.
    #[error("column `{column}` has the text `{text}` at row {row}, expected numbers; {}", remedy_of_text(.text))]
    NotNumbers {
        /// The column.
        column: String,
        /// The first row that is no number, from 0.
        row: usize,
        /// What is there.
        text: String,
    },
    /// A csv file whose columns are not separated by commas.
    #[error(
        "its columns are separated by {separator}, expected commas; write it with `,` between columns and `.` in numbers (pandas: `to_csv(sep=\",\", decimal=\".\")`, R: `write.csv` in place of `write.csv2`)"
    )]
    Separator {
        /// The separator in words.
        separator: &'static str,
    },
    /// A value that is not finite.
    #[error(
        "{}found {value} at row {row}, column {col}, expected finite values; drop the item from every view or repair it", tensor_prefix(.tensor.as_deref())
    )]
    NotFinite {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// Row of the first such value, from 0.
        row: usize,
        /// Its column, from 0.
        col: usize,
        /// The value.
        value: f32,
    },
    /// A row without a number in it.
    #[error(
        "{}all {cols} values of row {row} are NaN; expected finite values: repair the item, drop it from every view, or import it as missing", tensor_prefix(.tensor.as_deref())
    )]
    NanRow {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// The row, from 0.
        row: usize,
        /// Its columns.
        cols: usize,
    },
    /// A finite f64 that f32 cannot hold.
    #[error(
        "{}{value:e} at row {row}, column {col} is beyond the range of f32; rescale the view", tensor_prefix(.tensor.as_deref())
    )]
    Overflow {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// Row of the first such value, from 0.
        row: usize,
        /// Its column, from 0.
        col: usize,
        /// The value.
        value: f64,
    },
}

/// Whether a text is a number with a comma before its fraction.
fn has_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && text.replace(',', ".").trim().parse::<f64>().is_ok()
}

/// Whether a text is a number that a csv file cannot hold in this spelling.
pub(super) fn spelled_oddly(text: &str) -> bool {
    text.trim() != text || (text.eq_ignore_ascii_case("nan") && text != "NaN")
}

fn remedy_of_text(text: &str) -> &'static str {
    let trimmed = text.trim();
    if has_decimal_comma(text) {
        "write numbers with a decimal point (`0.5`), not with a comma"
    } else if trimmed.eq_ignore_ascii_case("nan") {
        "write a missing number as `NaN`, without spaces"
    } else if spelled_oddly(text) && trimmed.parse::<f64>().is_ok() {
        "write numbers without spaces around them"
    } else {
        "name the columns of the embedding: `file#column`, or `file#prefix*` for several"
    }
}
