//! The matrices of faer, which lie column by column as a rule.

use faer::{Mat, MatRef};

use crate::Matrix;
use crate::numerics::view::MatrixView;

/// Copies the values.
impl<T: Copy + Default> From<MatRef<'_, T>> for Matrix<T> {
    fn from(matrix: MatRef<'_, T>) -> Self {
        MatrixView(matrix).to_matrix()
    }
}

/// Copies the values.
impl<T: Copy + Default> From<Mat<T>> for Matrix<T> {
    fn from(matrix: Mat<T>) -> Self {
        Self::from(matrix.as_ref())
    }
}

/// Copies the values.
impl<T: Copy + Default> From<&Matrix<T>> for Mat<T> {
    fn from(matrix: &Matrix<T>) -> Self {
        Self::from_fn(matrix.rows(), matrix.cols(), |i, j| matrix.at(i, j))
    }
}

/// Borrows the values.
impl<'a, T: Copy + Default> From<&'a Matrix<T>> for MatRef<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        matrix.view().0
    }
}

/// Borrows the values.
impl<'a, T> From<MatRef<'a, T>> for MatrixView<'a, T> {
    fn from(matrix: MatRef<'a, T>) -> Self {
        Self(matrix)
    }
}

/// Borrows the values.
impl<'a, T> From<MatrixView<'a, T>> for MatRef<'a, T> {
    fn from(matrix: MatrixView<'a, T>) -> Self {
        matrix.0
    }
}
