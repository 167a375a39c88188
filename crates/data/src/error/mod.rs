//! What can go wrong between a file and a data set.

mod file;
mod set;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use align::AlignError;
use thiserror::Error;

pub use self::{file::FileProblem, set::SetProblem};
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

impl DataError {
    /// A problem of the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>, problem: FileProblem) -> Self {
        Self::File { path: path.into(), problem: Box::new(problem) }
    }

    /// The file at `path` cannot be written.
    pub(crate) fn unwritable(path: &Path, reason: impl ToString) -> Self {
        Self::file(path, FileProblem::Unwritable { reason: reason.to_string() })
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

    /// This error without a word of a file that is not there, such as a manifest that was to be written.
    pub(crate) fn without(self, file: &Path) -> Self {
        let elsewhere = |at: Box<Place>| if at.file == file { Box::new(Place::nowhere(&at.key)) } else { at };
        match self {
            Self::Listed { at, cause } if at.file == file => cause.without(file),
            Self::Yaml { at, problem } => Self::Yaml { at: elsewhere(at), problem },
            Self::Set { at, problem } => Self::Set { at: elsewhere(at), problem },
            Self::Align { at, cause } => Self::Align { at: elsewhere(at), cause },
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
