//! A dense row-major matrix: one item's embedding is one contiguous row.

use crate::AlignError;

/// Dense, row-major, owned matrix. Files store embeddings row by row, and every per-item operation (norms, layer
/// normalisation, ranks) walks rows; GEMM takes either order through [`Matrix::view`].
///
/// Rows and entries are indexed as in a slice: an index outside panics. [`Matrix::new`] takes a user's numbers and
/// returns an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T = f32> {
    rows: usize,
    cols: usize,
    data: Vec<T>,
}

impl<T: Copy + Default> Matrix<T> {
    /// A matrix of `T::default()`, which is zero for floats.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, data: vec![T::default(); rows * cols] }
    }

    /// A matrix of `rows * cols` values in row-major order.
    ///
    /// # Errors
    /// [`AlignError::Shape`] if there are more or fewer values.
    pub fn new(rows: usize, cols: usize, data: Vec<T>) -> Result<Self, AlignError> {
        if rows.checked_mul(cols) == Some(data.len()) {
            return Ok(Self { rows, cols, data });
        }
        Err(AlignError::Shape { rows, cols, got: data.len() })
    }

    /// Checks the width of a user's rows: `what` has `want` columns.
    pub(crate) fn check_width(&self, op: &'static str, what: &str, want: usize) -> Result<(), AlignError> {
        if self.cols == want {
            return Ok(());
        }
        Err(AlignError::Width { op, name: what.to_string(), got: self.cols, want })
    }

    /// Like [`Matrix::new`], for values whose number was checked before.
    ///
    /// # Panics
    /// If there are more or fewer values. Readers check the number first and return errors of their own.
    pub fn from_vec(rows: usize, cols: usize, data: Vec<T>) -> Self {
        assert_eq!(data.len(), rows * cols, "{rows} x {cols} needs {} values", rows * cols);
        Self { rows, cols, data }
    }

    /// A matrix of the values `f(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(rows * cols);
        for i in 0..rows {
            for j in 0..cols {
                data.push(f(i, j));
            }
        }
        Self { rows, cols, data }
    }

    /// Number of rows N.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns d.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Row i.
    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Row i, mutable.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        &mut self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.cols + j]
    }

    /// All values, row by row.
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All values, row by row, mutable.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The values, moved out.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// The rows with these indices, in this order; an index may repeat.
    pub fn select_rows(&self, indices: &[usize]) -> Self {
        let mut data = Vec::with_capacity(indices.len() * self.cols);
        for &i in indices {
            data.extend_from_slice(self.row(i));
        }
        Self { rows: indices.len(), cols: self.cols, data }
    }

    /// The transpose, copied.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self.at(j, i))
    }

    /// A matrix of `f(entry)`.
    pub fn map<U: Copy + Default>(&self, f: impl FnMut(&T) -> U) -> Matrix<U> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(f).collect() }
    }
}
