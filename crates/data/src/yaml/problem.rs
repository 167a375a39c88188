//! What can be wrong with a YAML file.

use thiserror::Error;

use crate::messages::words::known_names;

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
    /// The old name of something.
    #[error("`{old}` is called `{name}` since {since}")]
    Renamed {
        /// The name that was given.
        old: String,
        /// The name today.
        name: String,
        /// The first version with this name.
        since: String,
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
    /// The data that a file names are not present.
    #[error("{detail}")]
    NotPresent {
        /// What is missing, and what to do.
        detail: String,
    },
    /// A value of the wrong type or outside its domain.
    #[error("{detail}")]
    Invalid {
        /// What was found and what was wanted.
        detail: String,
    },
}

impl From<align::named::Renamed> for YamlProblem {
    fn from(renamed: align::named::Renamed) -> Self {
        Self::Renamed { old: renamed.old.into(), name: renamed.name.into(), since: renamed.since.into() }
    }
}
