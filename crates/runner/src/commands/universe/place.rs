//! Where files of fits go, and who writes them.

use std::path::Path;

use data::read::Format;
use data::{DataError, FileProblem};

/// The program, as files name it.
pub const TOOL: &str = concat!("runner ", env!("CARGO_PKG_VERSION"));

/// A place to write to: free, unless it may be overwritten.
pub fn check_free(file: &Path, overwrite: bool) -> Result<(), DataError> {
    if overwrite || !file.exists() {
        return Ok(());
    }
    Err(DataError::File { path: file.to_path_buf(), problem: Box::new(FileProblem::Exists) })
}

/// A universe is a safetensors file, and says so.
pub fn check_extension(file: &Path) -> Result<(), DataError> {
    if Format::of(file).is_ok_and(|format| format == Format::Safetensors) {
        return Ok(());
    }
    let extension = file.extension().unwrap_or_default().to_string_lossy().into_owned();
    let problem = FileProblem::Format { extension, known: vec![Format::Safetensors.extension().to_owned()] };
    Err(DataError::File { path: file.to_path_buf(), problem: Box::new(problem) })
}
