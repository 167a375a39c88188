//! The files of fits: their paths and the program that writes them.

use std::path::Path;

use data::read::Format;
use data::{DataError, FileProblem};
use files::Part;

/// The name of the program in files.
pub const TOOL: &str = concat!("runner ", env!("CARGO_PKG_VERSION"));

/// Refuses a path that exists, unless it may be overwritten, and one where nothing can be written: before the work, not
/// after it.
pub fn check_place(file: &Path, overwrite: bool) -> Result<(), DataError> {
    let refused = |problem| DataError::File { path: file.to_path_buf(), problem: Box::new(problem) };
    if !overwrite && file.exists() {
        return Err(refused(FileProblem::Exists));
    }
    // Folders that are missing are made with the file.
    let above = file.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.exists());
    let above = above.unwrap_or(Path::new(""));
    let tried = match above.is_file() {
        true => Err(format!("{} is a file, not a folder", above.display())),
        false => Part::create(&above.join(file.file_name().unwrap_or_default())).map_err(|error| error.to_string()),
    };
    tried.map(drop).map_err(|reason| refused(FileProblem::Unwritable { reason }))
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
