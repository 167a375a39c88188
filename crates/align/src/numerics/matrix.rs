//! A dense row-major matrix: one item's embedding is one contiguous row.

use crate::AlignError;

/// Dense, row-major, owned. Files store embeddings row by row and every per-item operation (norms,
/// layer normalisation, ranks) walks rows; GEMM takes either order through [`Matrix::view`].
///
/// Rows and entries are indexed as in a slice: what lies outside panics. [`Matrix::new`] is the way in for a user's numbers
/// and answers with an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T = f32> {
    rows: usize,
    cols: usize,
    data: Vec<T>,
}

impl<T: Copy + Default> Matrix<T> {
    /// All entries `T::default()`, which is zero for floats.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, data: vec![T::default(); rows * cols] }
    }

    /// Takes `rows * cols` values in row-major order.
    ///
    /// # Errors
    /// [`AlignError::Shape`] if there are more or fewer.
    pub fn new(rows: usize, cols: usize, data: Vec<T>) -> Result<Self, AlignError> {
        if rows.checked_mul(cols) == Some(data.len()) {
            return Ok(Self { rows, cols, data });
        }
        Err(AlignError::Shape { rows, cols, got: data.len() })
    }

    /// The check of everything that takes a user's rows: `what` they are held against has `want` columns.
    pub(crate) fn check_width(&self, op: &'static str, what: &str, want: usize) -> Result<(), AlignError> {
        if self.cols == want {
            return Ok(());
        }
        Err(AlignError::Width { op, name: what.to_string(), got: self.cols, want })
    }

    /// Like [`Matrix::new`], of values that are known to be that many.
    ///
    /// # Panics
    /// If they are not; readers check it first and say so in their own words.
    pub fn from_vec(rows: usize, cols: usize, data: Vec<T>) -> Self {
        assert_eq!(data.len(), rows * cols, "{rows} x {cols} needs {} values", rows * cols);
        Self { rows, cols, data }
    }

    /// Entry by entry.
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

    /// Row i, to write.
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

    /// All values, row by row, to write.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The values themselves.
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

    /// Rows as columns, copied.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self.at(j, i))
    }

    /// Every entry through `f`.
    pub fn map<U: Copy + Default>(&self, f: impl FnMut(&T) -> U) -> Matrix<U> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(f).collect() }
    }
}
