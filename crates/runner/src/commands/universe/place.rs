//! The files of fits: their paths and the program that writes them.

use std::path::Path;

use data::read::Format;
use data::{DataError, FileProblem};

/// The name of the program in files.
pub const TOOL: &str = concat!("runner ", env!("CARGO_PKG_VERSION"));

/// Refuses a path that exists, unless it may be overwritten.
pub fn check_free(file: &Path, overwrite: bool) -> Result<(), DataError> {
    if overwrite || !file.exists() {
        return Ok(());
    }
    Err(DataError::File { path: file.to_path_buf(), problem: Box::new(FileProblem::Exists) })
}

/// Refuses a name without the extension of safetensors.
pub fn check_extension(file: &Path) -> Result<(), DataError> {
    if Format::of(file).is_ok_and(|format| format == Format::Safetensors) {
        return Ok(());
    }
    let extension = file.extension().unwrap_or_default().to_string_lossy().into_owned();
    let problem = FileProblem::Format { extension, known: vec![Format::Safetensors.extension().to_owned()] };
    Err(DataError::File { path: file.to_path_buf(), problem: Box::new(problem) })
}
