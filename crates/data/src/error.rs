//! What can go wrong between a file and a data set.

use std::{fmt, io, path::PathBuf};

use align::AlignError;
use thiserror::Error;

use crate::texts::TextProblem;
use crate::universe::UniverseProblem;

/// Where in a YAML file something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Line and column, both from 1, where known.
    pub line_col: Option<(usize, usize)>,
    /// Key path, such as `methods[2].gcpa.tau`; empty for the whole file.
    pub key: String,
}

impl Place {
    /// A place outside any file, such as an option of a command.
    pub(crate) fn nowhere(key: &str) -> Self {
        Self { file: PathBuf::new(), line_col: None, key: key.to_owned() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.as_os_str().is_empty() {
            return write!(f, "{}", self.key);
        }
        write!(f, "{}", self.file.display())?;
        if let Some((line, col)) = self.line_col {
            write!(f, ":{line}:{col}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        Ok(())
    }
}

/// Every error of this crate. Each names the file and, where there is one, the line, the key path or
/// the view; what was found, what was wanted and what to do. A message is whole: no error has a
/// `source` that would have to be printed after it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A YAML file does not say what it must.
    #[error("{at}: {problem}")]
    Yaml {
        /// The offending key or item.
        at: Box<Place>,
        /// What is wrong with it.
        problem: Box<YamlProblem>,
    },
    /// A file cannot be read as what it is said to be.
    #[error("{}: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Box<FileProblem>,
    },
    /// A file that should hold a fitted method does not, or not one that this can be done with.
    #[error("{}: {problem}", .path.display())]
    Universe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Box<UniverseProblem>,
    },
    /// A file that a manifest names cannot be used.
    #[error("{at}: {cause}")]
    Listed {
        /// Where the manifest names it.
        at: Box<Place>,
        /// What is wrong with it.
        cause: Box<DataError>,
    },
    /// The files are fine one by one and do not fit together.
    #[error("{at}: {problem}")]
    Set {
        /// Where the manifest names the part that deviates.
        at: Box<Place>,
        /// How it deviates.
        problem: Box<SetProblem>,
    },
    /// Tables that give no texts, or texts without embeddings.
    #[error("{at}: {problem}")]
    Texts {
        /// The file or folder.
        at: Box<Place>,
        /// What is wrong.
        problem: Box<TextProblem>,
    },
    /// Views that were read were refused by `align`.
    #[error(transparent)]
    Spaces(#[from] AlignError),
    /// The views were refused by `align`.
    #[error("{at}: {cause}")]
    Align {
        /// The manifest.
        at: Box<Place>,
        /// Its reason.
        cause: Box<AlignError>,
    },
}

/// What is wrong with a YAML file.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum YamlProblem {
    /// Not YAML.
    #[error("not valid YAML: {detail}")]
    Syntax {
        /// The parser's words.
        detail: String,
    },
    /// Nothing, or comments only.
    #[error("the file is empty")]
    Empty,
    /// One mapping has a key twice; parsers keep one of the two without a word.
    #[error("given twice, first at line {line}, column {col}; remove one of the two")]
    DuplicateKey {
        /// Line of the first.
        line: usize,
        /// Column of the first.
        col: usize,
    },
    /// A key or a name that means nothing here.
    #[error("unknown {kind} `{name}`{}", known_names(.kind, .nearest.as_deref(), .known))]
    Unknown {
        /// `key` or `name`.
        kind: &'static str,
        /// What was given.
        name: String,
        /// The valid name most like it.
        nearest: Option<String>,
        /// All valid names.
        known: Vec<String>,
    },
    /// A key that must be there.
    #[error("key `{key}` is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A mapping's key is a number, a list or the like.
    #[error("key {key} is not a string; put quotes around it")]
    KeyNotString {
        /// The key.
        key: String,
    },
    /// A YAML tag such as `!include`.
    #[error("the tag `{tag}` has no meaning here; remove it")]
    Tag {
        /// The tag.
        tag: String,
    },
    /// `.nan` or `.inf`.
    #[error("{value} is not finite; wanted a finite number")]
    NumberNotFinite {
        /// The number.
        value: f64,
    },
    /// A value of the wrong type or outside its domain.
    #[error("{detail}")]
    Invalid {
        /// What was found and what was wanted.
        detail: String,
    },
}

/// What is wrong with one file of embeddings, labels or ids.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// It is not there.
    #[error("no such file; check the path (relative paths in a manifest start at the manifest's folder)")]
    NotFound,
    /// It is there and cannot be read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// The system's reason.
        reason: io::Error,
    },
    /// A folder, a pipe or the like.
    #[error("is no regular file; name the file itself")]
    NotRegular,
    /// It is there, and nobody said that it may be overwritten.
    #[error("is there already; choose another name, or overwrite it with --force")]
    Exists,
    /// It cannot be written.
    #[error("cannot be written: {reason}")]
    Unwritable {
        /// The reason.
        reason: String,
    },
    /// A format that embeddings are read from and not written in.
    #[error("embeddings are not written as {extension}; wanted one of {}", quoted(.known))]
    NoWriter {
        /// The extension asked for.
        extension: &'static str,
        /// Those that can be written.
        known: Vec<String>,
    },
    /// Rows that are not those announced.
    #[error("was to take {want}, got {got}")]
    OtherRows {
        /// What came.
        got: String,
        /// What was announced.
        want: String,
    },
    /// A matrix without rows.
    #[error("{}has no rows; there is nothing to do with it", tensor_prefix(.tensor.as_deref()))]
    NoRows {
        /// The tensor, where the format has names.
        tensor: Option<String>,
    },
    /// A folder that holds no encodings.
    #[error("holds no encodings; wanted folders <encoder>/<train, validation or test>/vectors/data.h5")]
    NoEncodings,
    /// Its extension is not that of a format this crate reads.
    #[error("unknown extension `{extension}`; wanted one of {}", quoted(.known))]
    Format {
        /// The extension found, possibly empty.
        extension: String,
        /// The extensions there are.
        known: Vec<String>,
    },
    /// A pointer of Git Large File Storage in place of the file.
    #[error("holds a Git LFS pointer, not the data; run `git lfs pull`")]
    LfsPointer,
    /// Not the file that the manifest was written for.
    #[error(
        "has sha256 {got}, wanted {want}; the file is damaged or another version: fetch it again, or correct `sha256` in the manifest"
    )]
    Checksum {
        /// The sum of the file.
        got: String,
        /// The sum in the manifest.
        want: String,
    },
    /// Its header does not follow the format.
    #[error("not a valid {format} file: {detail}")]
    Header {
        /// The format.
        format: &'static str,
        /// The parser's words.
        detail: String,
    },
    /// It is shorter than its header says.
    #[error("truncated: has {got} bytes, its header asks for {want}; copy or fetch it again")]
    Truncated {
        /// Bytes there are.
        got: u64,
        /// Bytes that the header asks for.
        want: u64,
    },
    /// It is longer than its header says.
    #[error("has {got} bytes, its header describes only {want}; write or fetch it again")]
    Trailing {
        /// Bytes there are.
        got: u64,
        /// Bytes that the header describes.
        want: u64,
    },
    /// Which of its tensors is meant was not said.
    #[error("holds {} ({}); name the one that is meant", count(.known.len(), "tensor"), quoted(.known))]
    TensorNotNamed {
        /// The tensors there are.
        known: Vec<String>,
    },
    /// A tensor was named in a format without names.
    #[error("tensor `{tensor}` is asked for, and an npy file holds one array without a name; remove the tensor's name")]
    TensorNamed {
        /// The name asked for.
        tensor: String,
    },
    /// There is no such tensor.
    #[error("no tensor `{tensor}`{}", known_names("tensor", .nearest.as_deref(), .known))]
    NoTensor {
        /// The name asked for.
        tensor: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// There is no such column.
    #[error("no column `{column}`{}", known_names("column", .nearest.as_deref(), .known))]
    NoColumn {
        /// The name asked for.
        column: String,
        /// The name there that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A table without a value where one must be.
    #[error("column `{column}` has no value at row {row}; drop the item from every view or fill the value in")]
    Missing {
        /// The column.
        column: String,
        /// The first such row, from 0.
        row: usize,
    },
    /// Lists of different lengths.
    #[error("column `{column}` has a list of {got} at row {row}, wanted {want} as in row 0; one encoder has one width")]
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
    /// A packed array that unpacks to far more than the file.
    #[error(
        "array `{tensor}` unpacks to more than {limit} bytes from a file of {got}; unpack it and name the npy file"
    )]
    Inflated {
        /// The array.
        tensor: String,
        /// Bytes of the file.
        got: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// It has the wrong number of dimensions.
    #[error("{}shape {shape:?}, wanted {want}", tensor_prefix(.tensor.as_deref()))]
    Rank {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// Its shape.
        shape: Vec<u64>,
        /// The dimensions wanted.
        want: &'static str,
    },
    /// Its element type cannot be used here.
    #[error("{}element type {got}, wanted one of {want}; convert it before it is written", tensor_prefix(.tensor.as_deref()))]
    Dtype {
        /// The tensor, where the format has names.
        tensor: Option<String>,
        /// Its type in the format's own words.
        got: String,
        /// The types that can be used.
        want: &'static str,
    },
    /// A value that is not finite.
    #[error(
        "{}{value} at row {row}, column {col}; wanted finite values: drop the item from every view or repair it", tensor_prefix(.tensor.as_deref())
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

/// How the parts of a data set fail to fit together.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SetProblem {
    /// Row i is not the same item in every view.
    #[error(
        "view `{view}` has {} in `{split}`, view `{first}`{} has {want}; row i must be the same item in every view", count(*.got, "row"), line(.first_line)
    )]
    Rows {
        /// The deviating view.
        view: String,
        /// The split.
        split: &'static str,
        /// Its rows.
        got: usize,
        /// The first view.
        first: String,
        /// Line of the first view in the manifest, where known.
        first_line: Option<usize>,
        /// The first view's rows.
        want: usize,
    },
    /// A view changes its width between splits.
    #[error("view `{view}` has {} in `{split}` and {want} in `{first}`; one encoder has one width", count(*.got, "column"))]
    Width {
        /// The view.
        view: String,
        /// The deviating split.
        split: &'static str,
        /// Its columns.
        got: usize,
        /// The first split.
        first: &'static str,
        /// The first split's columns.
        want: usize,
    },
    /// Shares of a split that do not make a whole.
    #[error(
        "shares {got:?}; wanted two (train, test) or three (train, validation, test) positive numbers that sum to 1"
    )]
    Shares {
        /// The shares.
        got: Vec<f64>,
    },
    /// Views whose rows are not the same items.
    #[error("row {row} is {got}, in {} it is {want}; row i must be the same item in every view", .first.display())]
    Order {
        /// The first row that differs.
        row: usize,
        /// The item there.
        got: String,
        /// The item there in the first view.
        want: String,
        /// The first view's list of items.
        first: PathBuf,
    },
    /// Two items with one id.
    #[error("id `{id}` stands at row {first} and again at row {second}; ids must be unique")]
    TextIdTwice {
        /// The id.
        id: String,
        /// Its first row, from 0.
        first: usize,
        /// Its second row.
        second: usize,
    },
    /// A row number below zero.
    #[error("row {row} in `{split}`; row numbers count from 0")]
    NegativeRow {
        /// The number.
        row: i64,
        /// The split.
        split: &'static str,
    },
    /// One row in two places.
    #[error("row {row} is given in `{first}` and again in `{second}`; an item belongs to one split, once")]
    RowTwice {
        /// The row.
        row: usize,
        /// The split that has it first.
        first: &'static str,
        /// The split that has it again.
        second: &'static str,
    },
    /// A row that a file does not have.
    #[error("row {row} is asked for by the manifest's `rows`, and there are {have} (from 0)")]
    RowBeyond {
        /// The row.
        row: usize,
        /// Rows there are.
        have: usize,
    },
    /// A split that the data set does not have.
    #[error("no split `{got}`; the splits here are {}", quoted(.known))]
    NoSplit {
        /// The split asked for.
        got: &'static str,
        /// The splits there are.
        known: Vec<String>,
    },
    /// A split without rows.
    #[error("view `{view}` has no rows in `{split}`; a split needs at least one item")]
    EmptySplit {
        /// The view.
        view: String,
        /// The split.
        split: &'static str,
    },
    /// A view without columns.
    #[error("view `{view}` has no columns in `{split}`; an embedding needs at least one")]
    NoColumns {
        /// The view.
        view: String,
        /// The split.
        split: &'static str,
    },
    /// Labels, ids or groups that are not one per item.
    #[error("{} in `{split}`, the views have {}; wanted one value per row", count(*.got, "value"), count(*.want, "row"))]
    Length {
        /// The split.
        split: &'static str,
        /// Values found.
        got: usize,
        /// Rows of the views.
        want: usize,
    },
    /// Two items of a split with one id.
    #[error("id {id} stands at row {first} and again at row {second} of `{split}`; ids must be unique within a split")]
    DuplicateId {
        /// The id.
        id: i64,
        /// Its first row, from 0.
        first: usize,
        /// Its second row.
        second: usize,
        /// The split.
        split: &'static str,
    },
    /// Not enough views to align.
    #[error("{}, wanted at least 2; there is nothing to align otherwise", count(*.got, "view"))]
    TooFewViews {
        /// Views given.
        got: usize,
    },
    /// A view that the data set does not have.
    #[error("no view `{name}`{}", known_names("view", .nearest.as_deref(), .known))]
    UnknownView {
        /// The name asked for.
        name: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// One view asked for twice.
    #[error("view `{name}` is asked for twice; name it once")]
    RepeatedView {
        /// The view.
        name: String,
    },
}

impl DataError {
    /// A problem of the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>, problem: FileProblem) -> Self {
        Self::File { path: path.into(), problem: Box::new(problem) }
    }

    /// This error, at the place of the manifest that names the file.
    pub(crate) fn listed(self, at: &Place) -> Self {
        Self::Listed { at: Box::new(at.clone()), cause: Box::new(self) }
    }

    /// This error, at the place of the manifest that names the file, unless it says where it is already.
    pub(crate) fn at(self, place: &Place) -> Self {
        match self {
            Self::File { .. } => self.listed(place),
            other => other,
        }
    }

    /// A problem between files, at a place of the manifest.
    pub(crate) fn set(at: &Place, problem: SetProblem) -> Self {
        Self::Set { at: Box::new(at.clone()), problem: Box::new(problem) }
    }
}

pub(crate) fn quoted(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// `; did you mean ..? The keys here are ..`: the tail of every message about an unknown name.
pub(crate) fn known_names(kind: &str, nearest: Option<&str>, known: &[String]) -> String {
    let guess = nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_else(|| ";".to_owned());
    match known {
        [] => format!("{guess} there is no {kind} here"),
        [one] => format!("{guess} the only {kind} here is `{one}`"),
        many => format!("{guess} the {kind}s here are {}", quoted(many)),
    }
}

fn tensor_prefix(tensor: Option<&str>) -> String {
    tensor.map(|t| format!("tensor `{t}`: ")).unwrap_or_default()
}

fn line(line: &Option<usize>) -> String {
    line.map(|l| format!(" (line {l})")).unwrap_or_default()
}

fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}
