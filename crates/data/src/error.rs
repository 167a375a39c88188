//! What can go wrong between a file and a data set: the problems of all modules, each at its place.

use std::path::{Path, PathBuf};

use align::AlignError;
use thiserror::Error;

use crate::{
    FileProblem, Place, SetProblem, YamlProblem, import::ImportProblem, texts::TextProblem, universe::UniverseProblem,
};

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
    /// What is to be imported does not fit together.
    #[error("{at}: {problem}")]
    Import {
        /// The file or option that deviates.
        at: Box<Place>,
        /// How it deviates.
        problem: Box<ImportProblem>,
    },
    /// Tables that give no texts, or texts without embeddings.
    #[error("{at}: {problem}")]
    Texts {
        /// The file or folder.
        at: Box<Place>,
        /// What is wrong.
        problem: Box<TextProblem>,
    },
    /// Several errors of one file, in its order, a line each.
    #[error("{}", lines(.0))]
    Several(Vec<DataError>),
    /// Views that were read were refused by `align`.
    #[error(transparent)]
    Views(#[from] AlignError),
    /// The views were refused by `align`.
    #[error("{at}: {cause}")]
    Align {
        /// The manifest.
        at: Box<Place>,
        /// Its reason.
        cause: Box<AlignError>,
    },
}

fn lines(errors: &[DataError]) -> String {
    errors.iter().map(DataError::to_string).collect::<Vec<_>>().join("\n")
}

impl DataError {
    /// These errors as one; the error itself where it is only one.
    pub fn several(errors: impl IntoIterator<Item = Self>) -> Self {
        let mut errors: Vec<Self> = errors.into_iter().collect();
        match errors.len() {
            1 => errors.remove(0),
            _ => Self::Several(errors),
        }
    }

    /// No error where there is none of these, else these as one.
    ///
    /// # Errors
    /// These.
    pub fn none_of(errors: Vec<Self>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self::several(errors)) }
    }

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
            Self::Import { at, problem } => Self::Import { at: elsewhere(at), problem },
            Self::Align { at, cause } => Self::Align { at: elsewhere(at), cause },
            Self::Several(errors) => Self::Several(errors.into_iter().map(|error| error.without(file)).collect()),
            other => other,
        }
    }

    /// A problem between files, at a place of the manifest.
    pub(crate) fn set(at: &Place, problem: SetProblem) -> Self {
        Self::Set { at: Box::new(at.clone()), problem: Box::new(problem) }
    }

    /// A problem of what is to be imported.
    pub(crate) fn import(at: &Place, problem: ImportProblem) -> Self {
        Self::Import { at: Box::new(at.clone()), problem: Box::new(problem) }
    }
}
