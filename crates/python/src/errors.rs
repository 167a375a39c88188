//! Errors of the library as exceptions of Python, with the same texts.

use align::AlignError;
use data::universe::UniverseProblem;
use data::{DataError, FileProblem};
use pyo3::PyErr;
use pyo3::exceptions::{
    PyArithmeticError, PyFileExistsError, PyFileNotFoundError, PyKeyboardInterrupt, PyOSError, PyRuntimeError,
    PyTypeError, PyValueError,
};

// A `KeyError` shows its text in quotes; this one, which is a `KeyError` too, shows it as it is.
pyo3::import_exception!(polyalign.errors, UnknownViewError);

/// The exception for an error of views, methods and fits.
pub fn of_align(error: AlignError) -> PyErr {
    let text = error.to_string();
    match error {
        AlignError::UnknownView { .. } => UnknownViewError::new_err(text),
        AlignError::NoSuchSpace { .. } | AlignError::NoParts | AlignError::NeedsRows { .. } => {
            PyTypeError::new_err(text)
        }
        AlignError::Cancelled => PyKeyboardInterrupt::new_err(text),
        AlignError::Diverged { .. } | AlignError::Factorisation { .. } => PyArithmeticError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// The exception for an error of files.
pub fn of_data(error: DataError) -> PyErr {
    let text = error.to_string();
    match error {
        DataError::Views(cause) => of_align(cause),
        error => in_kind(&error, text),
    }
}

/// `OSError` and its kinds for what the system refused; a `ValueError` for files with the wrong content.
fn in_kind(error: &DataError, text: String) -> PyErr {
    match error {
        DataError::Listed { cause, .. } => in_kind(cause, text),
        DataError::File { problem, .. } => match **problem {
            FileProblem::NotFound => PyFileNotFoundError::new_err(text),
            FileProblem::Exists => PyFileExistsError::new_err(text),
            FileProblem::Unreadable { .. } | FileProblem::Unwritable { .. } | FileProblem::NotRegular => {
                PyOSError::new_err(text)
            }
            _ => PyValueError::new_err(text),
        },
        DataError::Universe { problem, .. } => match **problem {
            UniverseProblem::UnknownView { .. } => UnknownViewError::new_err(text),
            UniverseProblem::Parts { cause: AlignError::NoParts } => PyTypeError::new_err(text),
            _ => PyValueError::new_err(text),
        },
        _ => PyValueError::new_err(text),
    }
}

/// The exception for a thread that ended by a panic.
pub fn of_panic() -> PyErr {
    PyRuntimeError::new_err("a fit ended by a bug of polyalign; its message stands above, please report it")
}
