//! Repositories on the hub.

pub(crate) use files::hub::{is_plain, is_repository};
use serde::Deserialize;

/// A repository on the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a repository (kind, repository, branch, revision)")]
pub struct Hub {
    /// Data or an encoder.
    pub kind: Kind,
    /// Its id, such as `AmazonScience/massive`.
    pub repository: String,
    /// The branch that is downloaded if no revision is known.
    #[serde(default = "main_branch")]
    pub branch: String,
    /// The commit; `None` if the first download records it.
    #[serde(default)]
    pub revision: Option<String>,
}

/// Content of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Data.
    Dataset,
    /// An encoder.
    Model,
}

impl Kind {
    /// Prefix of a repository's id in the addresses of its files.
    pub(crate) fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Dataset => Some("datasets"),
            Self::Model => None,
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Dataset => "datasets",
            Self::Model => "models",
        }
    }
}

fn main_branch() -> String {
    "main".to_owned()
}
