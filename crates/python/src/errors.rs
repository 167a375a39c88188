//! Errors of the library as exceptions of Python, with the same texts.

use align::AlignError;
use data::universe::UniverseProblem;
use data::{DataError, FileProblem, YamlProblem};
use files::{Fault, FaultKind};
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
        AlignError::NoSuchSpace { .. } | AlignError::NoParts | AlignError::NoRowMap | AlignError::NeedsRows { .. } => {
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

/// The exception for an error of the harness: that of the first cause in its chain that has a kind, with the whole text.
pub fn of_anyhow(error: anyhow::Error) -> PyErr {
    let text = format!("{error:#}");
    // A fault that is the context of an error is not a link of the chain.
    let fault = error.downcast_ref::<Fault>().map(|fault| of_fault(fault.kind(), &text));
    let known = fault.or_else(|| error.chain().find_map(|cause| of_cause(cause, &text)));
    known.unwrap_or_else(|| PyValueError::new_err(text))
}

fn of_cause(cause: &(dyn std::error::Error + 'static), text: &str) -> Option<PyErr> {
    if let Some(fault) = cause.downcast_ref::<Fault>() {
        return Some(of_fault(fault.kind(), text));
    }
    let absent = match cause.downcast_ref::<DataError>() {
        Some(DataError::Yaml { problem, .. }) => matches!(**problem, YamlProblem::NotPresent { .. }),
        Some(DataError::File { problem, .. }) => matches!(**problem, FileProblem::NotFound),
        _ => false,
    };
    if absent {
        return Some(PyFileNotFoundError::new_err(text.to_owned()));
    }
    if cause.is::<DataError>() || cause.is::<AlignError>() {
        return Some(PyValueError::new_err(text.to_owned()));
    }
    cause.downcast_ref::<std::io::Error>().map(|_| PyOSError::new_err(text.to_owned()))
}

fn of_fault(kind: FaultKind, text: &str) -> PyErr {
    match kind {
        FaultKind::Missing => PyFileNotFoundError::new_err(text.to_owned()),
        FaultKind::Unwritable => PyOSError::new_err(text.to_owned()),
        _ => PyValueError::new_err(text.to_owned()),
    }
}

/// The exception for a thread that ended by a panic.
pub fn of_panic() -> PyErr {
    PyRuntimeError::new_err("a fit ended by a bug of polyalign; its message stands above, please report it")
}
