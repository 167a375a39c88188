//! A dense row-major matrix: one item's embedding is one contiguous row.

use std::fmt;
use std::sync::Arc;

use crate::AlignError;

/// Values of another owner, such as an array of another language.
type Owner<T> = Arc<dyn AsRef<[T]> + Send + Sync>;

/// Dense, row-major matrix. Files store embeddings row by row, and every per-item operation (norms, layer
/// normalisation, ranks) walks rows; GEMM takes either order through [`Matrix::view`].
///
/// Rows and entries are indexed as in a slice: an index outside panics. [`Matrix::new`] takes a user's numbers and
/// returns an error.
///
/// A matrix owns its values, or shares those of another owner ([`Matrix::shared`]).
#[derive(Clone)]
pub struct Matrix<T = f32> {
    rows: usize,
    cols: usize,
    /// Empty if the values are shared.
    data: Vec<T>,
    shared: Option<Owner<T>>,
}

impl<T: fmt::Debug + Copy + Default> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, cols, .. } = self;
        f.debug_struct("Matrix").field("rows", rows).field("cols", cols).field("data", &self.as_slice()).finish()
    }
}

impl<T: PartialEq + Copy + Default> PartialEq for Matrix<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.rows, self.cols) == (other.rows, other.cols) && self.as_slice() == other.as_slice()
    }
}

impl Matrix {
    /// Position in [`Matrix::as_slice`] of the first value that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<usize> {
        self.as_slice().iter().position(|x| !x.is_finite())
    }
}

impl<T: Copy + Default> Matrix<T> {
    fn own(rows: usize, cols: usize, data: Vec<T>) -> Self {
        Self { rows, cols, data, shared: None }
    }

    /// A matrix of `T::default()`, which is zero for floats.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self::own(rows, cols, vec![T::default(); rows * cols])
    }

    /// A matrix of `rows * cols` values in row-major order.
    ///
    /// # Errors
    /// [`AlignError::Shape`] if there are more or fewer values.
    pub fn new(rows: usize, cols: usize, data: Vec<T>) -> Result<Self, AlignError> {
        if rows.checked_mul(cols) == Some(data.len()) {
            return Ok(Self::own(rows, cols, data));
        }
        Err(AlignError::Shape { rows, cols, got: data.len() })
    }

    /// A matrix of `rows * cols` values in row-major order that stay with their owner and are not copied. Clones share
    /// them too; the first change copies them.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use align::Matrix;
    ///
    /// let owner = Arc::new(vec![1.0, 2.0, 3.0, 4.0]);
    /// let mut matrix = Matrix::shared(2, 2, owner.clone())?;
    /// assert!(std::ptr::eq(matrix.as_slice(), owner.as_slice()));
    /// matrix.as_mut_slice()[0] = 5.0;
    /// assert_eq!((matrix.at(0, 0), owner[0]), (5.0, 1.0));
    /// # Ok::<(), align::AlignError>(())
    /// ```
    ///
    /// # Errors
    /// [`AlignError::Shape`] if there are more or fewer values.
    pub fn shared(rows: usize, cols: usize, owner: Arc<dyn AsRef<[T]> + Send + Sync>) -> Result<Self, AlignError> {
        let got = (*owner).as_ref().len();
        if rows.checked_mul(cols) == Some(got) {
            return Ok(Self { shared: Some(owner), ..Self::own(rows, cols, Vec::new()) });
        }
        Err(AlignError::Shape { rows, cols, got })
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
        Self::own(rows, cols, data)
    }

    /// A matrix of the values `f(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(rows * cols);
        for i in 0..rows {
            for j in 0..cols {
                data.push(f(i, j));
            }
        }
        Self::own(rows, cols, data)
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
        &self.as_slice()[i * self.cols..(i + 1) * self.cols]
    }

    /// Row i, mutable.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        let cols = self.cols;
        &mut self.as_mut_slice()[i * cols..(i + 1) * cols]
    }

    /// Entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> T {
        self.as_slice()[i * self.cols + j]
    }

    /// All values, row by row.
    pub fn as_slice(&self) -> &[T] {
        match &self.shared {
            None => &self.data,
            Some(owner) => (**owner).as_ref(),
        }
    }

    /// All values, row by row, mutable. Shared values are copied first.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        if let Some(owner) = self.shared.take() {
            self.data = (*owner).as_ref().to_vec();
        }
        &mut self.data
    }

    /// The values, moved out. Shared values are copied.
    pub fn into_vec(self) -> Vec<T> {
        match self.shared {
            None => self.data,
            Some(owner) => (*owner).as_ref().to_vec(),
        }
    }

    /// The rows with these indices, in this order; an index may repeat.
    pub fn select_rows(&self, indices: &[usize]) -> Self {
        let mut data = Vec::with_capacity(indices.len() * self.cols);
        for &i in indices {
            data.extend_from_slice(self.row(i));
        }
        Self::own(indices.len(), self.cols, data)
    }

    /// The transpose, copied.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self.at(j, i))
    }

    /// A matrix of `f(entry)`.
    pub fn map<U: Copy + Default>(&self, f: impl FnMut(&T) -> U) -> Matrix<U> {
        Matrix::own(self.rows, self.cols, self.as_slice().iter().map(f).collect())
    }
}
