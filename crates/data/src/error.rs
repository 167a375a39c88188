//! Errors between a file and a data set; every module has its own problems, and each has its place.

use std::path::{Path, PathBuf};

use align::AlignError;
use thiserror::Error;

use crate::{
    FileProblem, Place, SetProblem, YamlProblem, import::ImportProblem, maps::MapProblem, texts::TextProblem,
    universe::UniverseProblem,
};

/// Every error of this crate. Each names the file and, if there is one, the line, the key path or the view; what was
/// found, what was expected and what to do. A message is complete: no error has a `source` that would have to be
/// printed after it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A YAML file with an error.
    #[error("{at}: {problem}")]
    Yaml {
        /// The offending key or item.
        at: Box<Place>,
        /// What is wrong with it.
        problem: Box<YamlProblem>,
    },
    /// A file that cannot be read in its format.
    #[error("{}: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Box<FileProblem>,
    },
    /// A file without a fitted method, or with one that does not allow the operation.
    #[error("{}: {problem}", .path.display())]
    Universe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Box<UniverseProblem>,
    },
    /// A map that cannot be written in a format.
    #[error("{}: {problem}", .path.display())]
    Map {
        /// The file or folder to write.
        path: PathBuf,
        /// What is wrong with it.
        problem: Box<MapProblem>,
    },
    /// A file of a manifest that cannot be used.
    #[error("{at}: {cause}")]
    Listed {
        /// Place of the file's name in the manifest.
        at: Box<Place>,
        /// What is wrong with it.
        cause: Box<DataError>,
    },
    /// Files that are correct but do not fit together.
    #[error("{at}: {problem}")]
    Set {
        /// Place of the deviating part in the manifest.
        at: Box<Place>,
        /// The deviation.
        problem: Box<SetProblem>,
    },
    /// Files or options of an import that do not fit together.
    #[error("{at}: {problem}")]
    Import {
        /// The file or option that deviates.
        at: Box<Place>,
        /// The deviation.
        problem: Box<ImportProblem>,
    },
    /// Tables without texts, or texts without embeddings.
    #[error("{at}: {problem}")]
    Texts {
        /// The file or folder.
        at: Box<Place>,
        /// What is wrong.
        problem: Box<TextProblem>,
    },
    /// Several errors, those of one file in the order of its lines, a line each.
    #[error("{}", lines(.0))]
    Several(Vec<DataError>),
    /// Views that `align` refused after they were read.
    #[error(transparent)]
    Views(#[from] AlignError),
    /// Views that `align` refused.
    #[error("{at}: {cause}")]
    Align {
        /// The manifest.
        at: Box<Place>,
        /// The reason.
        cause: Box<AlignError>,
    },
}

fn lines(errors: &[DataError]) -> String {
    errors.iter().map(DataError::to_string).collect::<Vec<_>>().join("\n")
}

impl DataError {
    /// These errors as one; the error itself if there is only one. Errors of the same file are sorted by line and
    /// column, whatever the order of the checks was.
    pub fn several(errors: impl IntoIterator<Item = Self>) -> Self {
        let mut errors: Vec<Self> = errors.into_iter().collect();
        if errors.len() == 1 {
            return errors.remove(0);
        }
        let mut files: Vec<Option<PathBuf>> = Vec::new();
        for error in &errors {
            let file = error.place().map(|at| at.file.clone());
            if !files.contains(&file) {
                files.push(file);
            }
        }
        errors.sort_by_key(|error| {
            let at = error.place();
            let file = files.iter().position(|file| file.as_ref() == at.map(|at| &at.file));
            (file, at.and_then(|at| at.line_col))
        });
        Self::Several(errors)
    }

    /// The place in a file, if the error has one.
    fn place(&self) -> Option<&Place> {
        match self {
            Self::Yaml { at, .. }
            | Self::Listed { at, .. }
            | Self::Set { at, .. }
            | Self::Import { at, .. }
            | Self::Texts { at, .. }
            | Self::Align { at, .. } => Some(at),
            Self::File { .. } | Self::Universe { .. } | Self::Map { .. } | Self::Several(_) | Self::Views(_) => None,
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

    /// Adds the place in the manifest that names the file.
    pub(crate) fn listed(self, at: &Place) -> Self {
        Self::Listed { at: Box::new(at.clone()), cause: Box::new(self) }
    }

    /// Adds the place in the manifest that names the file, unless the error has a place already.
    pub(crate) fn at(self, place: &Place) -> Self {
        match self {
            Self::File { .. } => self.listed(place),
            other => other,
        }
    }

    /// Removes the name of a file that does not exist, such as a manifest that was to be written.
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

    /// A problem of an import.
    pub(crate) fn import(at: &Place, problem: ImportProblem) -> Self {
        Self::Import { at: Box::new(at.clone()), problem: Box::new(problem) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_errors_of_a_file_come_in_the_order_of_its_lines() {
        let error = |file: &str, line_col: Option<(usize, usize)>, detail: &str| {
            let at = Place { file: file.into(), line_col, key: String::new() };
            let problem = YamlProblem::Invalid { detail: detail.into() };
            DataError::Yaml { at: Box::new(at), problem: Box::new(problem) }
        };
        let errors = [
            error("b.yaml", Some((6, 1)), "b61"),
            error("a.yaml", Some((1, 1)), "a11"),
            error("b.yaml", Some((3, 9)), "b39"),
            error("b.yaml", Some((3, 2)), "first of two"),
            error("b.yaml", Some((3, 2)), "second of two"),
            error("b.yaml", None, "the whole file"),
        ];
        let DataError::Several(sorted) = DataError::several(errors) else { panic!("six errors") };
        let texts: Vec<String> = sorted.iter().map(|error| error.to_string().replace(": ", " ")).collect();
        let found: Vec<&str> = texts.iter().filter_map(|text| text.split_once(' ').map(|(_, detail)| detail)).collect();
        assert_eq!(found, ["the whole file", "first of two", "second of two", "b39", "b61", "a11"], "{texts:?}");
    }
}
