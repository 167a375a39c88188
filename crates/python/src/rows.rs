//! Rows of arrays of NumPy, borrowed.

#![allow(unsafe_code, reason = "the memory of an array of NumPy belongs to Python; see `Borrowed`")]

use std::sync::Arc;

use align::{Matrix, Views};
use numpy::ndarray::Array2;
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::of_align;

/// The values of an array that lie one after the other, row by row. It keeps the array alive, and the array keeps its memory.
///
/// Whoever changes the array while a fit reads it gets a fit of old and new values, as with every function of NumPy that runs
/// without the lock of the interpreter.
struct Borrowed {
    first: *const f32,
    len: usize,
    _array: Py<PyArray2<f32>>,
}

// SAFETY: the memory is only read, and `_array` keeps it in its place: NumPy moves the values of an array only if nothing else
// refers to the array (`resize` checks the count of references).
unsafe impl Send for Borrowed {}
// SAFETY: as above.
unsafe impl Sync for Borrowed {}

impl AsRef<[f32]> for Borrowed {
    fn as_ref(&self) -> &[f32] {
        // SAFETY: `first` and `len` are those of a slice of `_array`, whose memory lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.first, self.len) }
    }
}

/// A matrix of the values of a C-contiguous array, which are not copied.
pub fn shared(array: &Bound<'_, PyArray2<f32>>) -> PyResult<Matrix> {
    let readonly = array.readonly();
    let values = contiguous(&readonly)?;
    let borrowed = Borrowed { first: values.as_ptr(), len: values.len(), _array: array.clone().unbind() };
    let (rows, cols) = (array.shape()[0], array.shape()[1]);
    Matrix::shared(rows, cols, Arc::new(borrowed)).map_err(of_align)
}

/// The address at which a fit reads the rows of a C-contiguous array: that of the array, because they are not copied.
#[pyfunction]
pub fn address(rows: &Bound<'_, PyArray2<f32>>) -> PyResult<usize> {
    Ok(shared(rows)?.as_slice().as_ptr().addr())
}

/// The values of a C-contiguous array.
pub fn contiguous<'a>(array: &'a PyReadonlyArray2<'_, f32>) -> PyResult<&'a [f32]> {
    array.as_slice().map_err(|_| PyValueError::new_err("the rows do not lie one after the other in memory"))
}

/// Named arrays, and for views that miss rows which ones.
pub type Named<'py> = Vec<(String, Bound<'py, PyArray2<f32>>, Option<Vec<bool>>)>;

/// Views of these arrays, which are not copied unless they miss rows.
pub fn views(named: &Named<'_>) -> PyResult<Views> {
    let matrices =
        named.iter().map(|(name, array, _)| Ok((name.as_str(), shared(array)?))).collect::<PyResult<Vec<_>>>()?;
    let mut views = Views::new(matrices).map_err(of_align)?;
    for (position, (_, _, missing)) in named.iter().enumerate() {
        if let Some(missing) = missing {
            views = views.with_missing(position, missing).map_err(of_align)?;
        }
    }
    Ok(views)
}

/// An array that takes the values of a matrix over.
pub fn to_array<'py>(py: Python<'py>, matrix: Matrix) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let shape = (matrix.rows(), matrix.cols());
    let array = Array2::from_shape_vec(shape, matrix.into_vec()).map_err(|e| PyValueError::new_err(e.to_string()))?;
    Ok(PyArray2::from_owned_array(py, array))
}
