//! Problems of YAML files.

use thiserror::Error;

use crate::messages::words::known_names;

/// Problem of a YAML file.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum YamlProblem {
    /// A text that is not YAML.
    #[error("not valid YAML: {detail}")]
    Syntax {
        /// The parser's message.
        detail: String,
    },
    /// An empty file, or only comments.
    #[error("the file is empty")]
    Empty,
    /// A mapping with the same key twice; parsers keep one of them silently.
    #[error("given twice, first at line {line}, column {col}; remove one of the two")]
    DuplicateKey {
        /// Line of the first.
        line: usize,
        /// Column of the first.
        col: usize,
    },
    /// An unknown key or name.
    #[error("unknown {kind} `{name}`{}", known_names(.kind, .nearest.as_deref(), .known))]
    Unknown {
        /// `key` or `name`.
        kind: &'static str,
        /// The name given.
        name: String,
        /// The most similar valid name.
        nearest: Option<String>,
        /// All valid names.
        known: Vec<String>,
    },
    /// A former name.
    #[error("`{old}` is called `{name}` since {since}")]
    Renamed {
        /// The name that was given.
        old: String,
        /// The current name.
        name: String,
        /// The first version with the current name.
        since: String,
    },
    /// A missing key.
    #[error("key `{key}` is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A key that is not a string, for example a number or a list.
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
    #[error("{value} is not finite; expected a finite number")]
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
        /// What was found and what was expected.
        detail: String,
    },
}

impl From<align::named::Renamed> for YamlProblem {
    fn from(renamed: align::named::Renamed) -> Self {
        Self::Renamed { old: renamed.old.into(), name: renamed.name.into(), since: renamed.since.into() }
    }
}
