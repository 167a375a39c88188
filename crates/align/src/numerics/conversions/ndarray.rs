//! The two-dimensional arrays of ndarray.

use ndarray::{Array2, ArrayView2};

use crate::Matrix;

/// Takes the values over. They are copied only if the array does not lie row by row without gaps.
impl<T: Copy + Default> From<Array2<T>> for Matrix<T> {
    fn from(array: Array2<T>) -> Self {
        let (rows, cols) = array.dim();
        if !array.is_standard_layout() {
            return Self::from(array.view());
        }
        let (mut values, first) = array.into_raw_vec_and_offset();
        // An array that was cut out of a larger one keeps all values of that one.
        values.drain(..first.unwrap_or(0));
        values.truncate(rows * cols);
        Self::from_vec(rows, cols, values)
    }
}

/// Copies the values.
impl<T: Copy + Default> From<ArrayView2<'_, T>> for Matrix<T> {
    fn from(array: ArrayView2<'_, T>) -> Self {
        Self::from_vec(array.nrows(), array.ncols(), array.iter().copied().collect())
    }
}

/// Borrows the values.
impl<'a, T: Copy + Default> From<&'a Matrix<T>> for ArrayView2<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        let shape = (matrix.rows(), matrix.cols());
        match Self::from_shape(shape, matrix.as_slice()) {
            Ok(view) => view,
            // A matrix has as many values as its shape says.
            Err(error) => unreachable!("{shape:?}: {error}"),
        }
    }
}

/// Takes the values over.
impl<T: Copy + Default> From<Matrix<T>> for Array2<T> {
    fn from(matrix: Matrix<T>) -> Self {
        let shape = (matrix.rows(), matrix.cols());
        match Self::from_shape_vec(shape, matrix.into_vec()) {
            Ok(array) => array,
            // A matrix has as many values as its shape says.
            Err(error) => unreachable!("{shape:?}: {error}"),
        }
    }
}
