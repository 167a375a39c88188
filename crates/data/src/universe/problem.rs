//! Problems of the file of a fitted method.

use align::AlignError;
use thiserror::Error;

use crate::messages::words::known_names;

/// The newest version of the format. Version 2 added calibrations to version 1; since version 3 each view of a universe
/// is a list of steps; version 4 added fits of forms outside `align`. A file has the oldest version that can hold its fit,
/// but not less than 3.
pub const FORMAT_VERSION: u64 = 4;

/// The first format in which views are lists of steps.
pub(super) const WITH_STEPS: u64 = 3;

/// Name of the entry in the metadata.
pub(super) const ENTRY: &str = "universe";

/// Problem of the file of a fitted method.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum UniverseProblem {
    /// A safetensors file with other content.
    #[error("holds no universe: its metadata have no entry `{}`; expected a file that `runner fit` has written", ENTRY)]
    NoUniverse,
    /// A file of a later version of the program.
    #[error(
        "is a universe of format {got}, this program reads {} and older; use the program that wrote it or a newer one",
        FORMAT_VERSION
    )]
    Newer {
        /// The file's format.
        got: u64,
    },
    /// Metadata of something else.
    #[error("its metadata are not those of a universe: {detail}; the file is damaged, copy it again or fit anew")]
    Metadata {
        /// The parser's words.
        detail: String,
    },
    /// Arrays that differ from those written.
    #[error("its arrays have sha256 {got}, its metadata say {want}; the file is damaged, copy it again or fit anew")]
    Damaged {
        /// Checksum of the arrays.
        got: String,
        /// Checksum in the metadata.
        want: String,
    },
    /// Arrays that are not a fitted method.
    #[error("{cause}")]
    Parts {
        /// The error of `align`.
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
    /// A fit that does not allow the operation.
    #[error("holds {fit}: {lacks}; {remedy}")]
    Lacks {
        /// The method.
        fit: String,
        /// The missing part.
        lacks: &'static str,
        /// Advice to the user.
        remedy: &'static str,
    },
}
