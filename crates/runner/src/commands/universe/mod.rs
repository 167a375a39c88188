//! `runner fit`, `project`, `translate` and `add-view`: a fitted method as a file, and what is done with it.

mod add;
mod apply;
mod fit;
pub mod moments;

use std::path::Path;

use anyhow::Result;
use data::read::Format;
use data::{DataError, FileProblem};

pub use add::{Add, add_view};
pub use apply::{Apply, Way, apply};
pub use fit::{Data, FitOn, FitRequest, fit, fit_sums, method};

/// The program, as files name it.
const TOOL: &str = concat!("runner ", env!("CARGO_PKG_VERSION"));

/// A place to write to: free, unless it may be overwritten.
fn check_free(file: &Path, force: bool) -> Result<(), DataError> {
    if force || !file.exists() {
        return Ok(());
    }
    Err(DataError::File { path: file.to_path_buf(), problem: Box::new(FileProblem::Exists) })
}

/// A universe is a safetensors file, and says so.
fn check_extension(file: &Path) -> Result<(), DataError> {
    if Format::of(file).is_ok_and(|format| format == Format::Safetensors) {
        return Ok(());
    }
    let extension = file.extension().unwrap_or_default().to_string_lossy().into_owned();
    let problem = FileProblem::Format { extension, known: vec![Format::Safetensors.extension().to_owned()] };
    Err(DataError::File { path: file.to_path_buf(), problem: Box::new(problem) })
}
