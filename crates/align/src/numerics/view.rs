//! Borrowed matrices and factors of a decomposition: the input and output of [`linalg`](super::linalg).

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use faer::{Mat, MatMut, MatRef};

use super::matrix::Matrix;
use crate::AlignError;

/// A borrowed matrix: a whole [`Matrix`], a block of one, its transpose, or a slice of rows. It copies no entry.
pub struct MatrixView<'a, T = f32>(pub(super) MatRef<'a, T>);

impl<T> Clone for MatrixView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for MatrixView<'_, T> {}

impl<T> fmt::Debug for MatrixView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MatrixView({} x {})", self.rows(), self.cols())
    }
}

impl<'a, T> MatrixView<'a, T> {
    /// Borrows `rows * cols` values in row-major order.
    ///
    /// ```
    /// use align::linalg::{MatrixView, Threads, product};
    ///
    /// let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let a = MatrixView::new(3, 2, &rows)?;
    /// let gram = product(a.transpose(), a, Threads::One);
    /// assert_eq!(gram.as_slice(), [35.0, 44.0, 44.0, 56.0]);
    /// # Ok::<(), align::AlignError>(())
    /// ```
    ///
    /// # Errors
    /// [`AlignError::Shape`] if the slice has more or fewer values.
    pub fn new(rows: usize, cols: usize, values: &'a [T]) -> Result<Self, AlignError> {
        if rows.checked_mul(cols) == Some(values.len()) {
            return Ok(Self::from_slice(rows, cols, values));
        }
        Err(AlignError::Shape { rows, cols, got: values.len() })
    }

    /// Like [`MatrixView::new`], for a slice whose length is known to be right.
    ///
    /// # Panics
    /// If the slice does not have `rows * cols` values.
    pub fn from_slice(rows: usize, cols: usize, values: &'a [T]) -> Self {
        Self(MatRef::from_row_major_slice(values, rows, cols))
    }

    /// Rows that begin every `stride` values. With a stride below the number of columns they overlap, as the values under a
    /// kernel do that moves along a signal.
    ///
    /// ```
    /// use align::linalg::{MatrixView, Threads, product};
    ///
    /// let signal = [1.0, 2.0, 4.0, 8.0];
    /// let windows = MatrixView::with_stride(3, 2, 1, &signal);
    /// let differences = product(windows, MatrixView::from_slice(2, 1, &[-1.0, 1.0]), Threads::One);
    /// assert_eq!(differences.as_slice(), [1.0, 2.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If the last row reaches beyond the slice.
    pub fn with_stride(rows: usize, cols: usize, stride: usize, values: &'a [T]) -> Self {
        Self(MatRef::from_row_major_slice_with_stride(values, rows, cols, stride))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.0.nrows()
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.0.ncols()
    }

    /// The transpose.
    pub fn transpose(self) -> Self {
        Self(self.0.transpose())
    }

    /// `count` rows from the row `start` on.
    ///
    /// # Panics
    /// If the matrix does not have them.
    pub fn subrows(self, start: usize, count: usize) -> Self {
        Self(self.0.subrows(start, count))
    }

    /// `count` columns from the column `start` on.
    ///
    /// # Panics
    /// If the matrix does not have them.
    pub fn subcols(self, start: usize, count: usize) -> Self {
        Self(self.0.subcols(start, count))
    }

    /// The block of `rows` × `cols` entries whose first entry is (`row`, `col`).
    ///
    /// # Panics
    /// If it reaches beyond the matrix.
    pub fn submatrix(self, row: usize, col: usize, rows: usize, cols: usize) -> Self {
        Self(self.0.submatrix(row, col, rows, cols))
    }
}

impl<T: Copy + Default> MatrixView<'_, T> {
    /// Entry (i, j).
    ///
    /// # Panics
    /// If it lies outside of the matrix.
    pub fn at(&self, i: usize, j: usize) -> T {
        self[(i, j)]
    }

    /// An owned copy.
    pub fn to_matrix(&self) -> Matrix<T> {
        let mut copy = Matrix::zeros(self.rows(), self.cols());
        let mut buffer = Vec::new();
        (0..self.rows()).for_each(|i| copy.row_mut(i).copy_from_slice(self.row(i, &mut buffer)));
        copy
    }

    /// Row i. Its entries are copied to the buffer if they do not lie side by side in memory.
    ///
    /// # Panics
    /// If it lies outside of the matrix.
    pub(crate) fn row<'b>(&'b self, i: usize, buffer: &'b mut Vec<T>) -> &'b [T] {
        match self.0.row(i).try_as_row_major() {
            Some(row) => row.as_slice(),
            None => {
                buffer.clear();
                buffer.extend((0..self.cols()).map(|j| self.at(i, j)));
                buffer
            }
        }
    }
}

impl MatrixView<'_> {
    /// # Errors
    /// [`AlignError::Width`] if the matrix has another width than this one.
    pub(crate) fn check_width(&self, op: &'static str, what: &str, want: usize) -> Result<(), AlignError> {
        match self.cols() {
            got if got == want => Ok(()),
            got => Err(AlignError::Width { op, name: what.to_string(), got, want }),
        }
    }
}

/// A whole matrix.
impl<'a, T: Copy + Default> From<&'a Matrix<T>> for MatrixView<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        matrix.view()
    }
}

/// A whole matrix, such as [`View::observed`](crate::views::View::observed) returns.
impl<'a, T: Copy + Default> From<&'a Cow<'_, Matrix<T>>> for MatrixView<'a, T> {
    fn from(matrix: &'a Cow<'_, Matrix<T>>) -> Self {
        matrix.view()
    }
}

impl<T> Index<(usize, usize)> for MatrixView<'_, T> {
    type Output = T;

    fn index(&self, (i, j): (usize, usize)) -> &T {
        self.0.get(i, j)
    }
}

/// A mutably borrowed matrix: a whole [`Matrix`], a block of one, or a slice of rows.
pub struct MatrixViewMut<'a, T = f32>(pub(super) MatMut<'a, T>);

impl<T> fmt::Debug for MatrixViewMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MatrixViewMut({} x {})", self.0.nrows(), self.0.ncols())
    }
}

impl<'a, T> MatrixViewMut<'a, T> {
    /// Borrows `rows * cols` values in row-major order, to write them.
    ///
    /// # Panics
    /// If the slice does not have `rows * cols` values.
    pub fn from_slice(rows: usize, cols: usize, values: &'a mut [T]) -> Self {
        Self(MatMut::from_row_major_slice_mut(values, rows, cols))
    }

    /// The block of `rows` × `cols` entries whose first entry is (`row`, `col`).
    ///
    /// # Panics
    /// If it reaches beyond the matrix.
    pub fn submatrix(self, row: usize, col: usize, rows: usize, cols: usize) -> Self {
        Self(self.0.submatrix_mut(row, col, rows, cols))
    }

    /// The transpose.
    pub(crate) fn transpose(self) -> Self {
        Self(self.0.transpose_mut())
    }
}

impl<T: Copy + Default> Matrix<T> {
    /// The matrix, borrowed for linear algebra.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView::from_slice(self.rows(), self.cols(), self.as_slice())
    }

    /// The matrix, mutably borrowed for linear algebra.
    pub fn view_mut(&mut self) -> MatrixViewMut<'_, T> {
        let (rows, cols) = (self.rows(), self.cols());
        MatrixViewMut::from_slice(rows, cols, self.as_mut_slice())
    }
}

/// Vectors of a decomposition, one per column. It is stored column by column, as the decomposition writes it.
#[derive(Clone, PartialEq)]
pub struct Factor<T = f64>(pub(super) Mat<T>);

impl<T> fmt::Debug for Factor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Factor({} x {})", self.rows(), self.cols())
    }
}

impl<T> Factor<T> {
    /// Number of rows: the length of a vector.
    pub fn rows(&self) -> usize {
        self.0.nrows()
    }

    /// Number of columns: how many vectors there are.
    pub fn cols(&self) -> usize {
        self.0.ncols()
    }

    /// The factor, borrowed for linear algebra.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView(self.0.as_ref())
    }

    /// Its transpose, borrowed for linear algebra.
    pub fn transpose(&self) -> MatrixView<'_, T> {
        self.view().transpose()
    }
}

impl<T> Index<(usize, usize)> for Factor<T> {
    type Output = T;

    fn index(&self, (i, j): (usize, usize)) -> &T {
        self.0.get(i, j)
    }
}
