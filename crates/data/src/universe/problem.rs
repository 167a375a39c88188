//! What can be wrong with the file of a fitted method.

use align::AlignError;
use thiserror::Error;

use crate::messages::words::known_names;

/// The format that is written, and the newest that is read. Version 2 added calibrations to version 1; since version 3 each
/// view of a universe is a list of steps.
pub const FORMAT_VERSION: u64 = 3;

/// The first format in which views are lists of steps.
pub(super) const WITH_STEPS: u64 = 3;

/// The entry of the metadata.
pub(super) const ENTRY: &str = "universe";

/// What is wrong with the file of a fitted method.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum UniverseProblem {
    /// A safetensors file of something else.
    #[error("holds no universe: its metadata have no entry `{}`; wanted a file that `runner fit` has written", ENTRY)]
    NoUniverse,
    /// A file of a later program.
    #[error(
        "is a universe of format {got}, this program reads {} and older; use the program that wrote it or a newer one",
        FORMAT_VERSION
    )]
    Newer {
        /// The file's format.
        got: u64,
    },
    /// Metadata that are not those of a universe.
    #[error("its metadata are not those of a universe: {detail}; the file is damaged, copy it again or fit anew")]
    Metadata {
        /// The parser's words.
        detail: String,
    },
    /// Arrays that are not those written.
    #[error("its arrays have sha256 {got}, its metadata say {want}; the file is damaged, copy it again or fit anew")]
    Damaged {
        /// The sum of the arrays.
        got: String,
        /// The sum of what was written.
        want: String,
    },
    /// Arrays that do not make a fitted method.
    #[error("{cause}")]
    Parts {
        /// What `align` says of them.
        cause: AlignError,
    },
    /// A view that was not fitted.
    #[error("no view `{name}`{}", known_names("view", .nearest.as_deref(), .known))]
    UnknownView {
        /// The name asked for.
        name: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A fit without what is asked of it.
    #[error("holds {fit}: {lacks}; {remedy}")]
    Lacks {
        /// The method.
        fit: String,
        /// What it has not.
        lacks: &'static str,
        /// What can be done instead.
        remedy: &'static str,
    },
}
