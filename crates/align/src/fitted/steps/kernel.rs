//! Kernel features.

use crate::numerics::linalg::{self, Threads};
use crate::{AlignError, Matrix};

/// Nyström features of an RBF kernel, a step of a view's way into the universe.
///
/// With the landmarks L (k × d) and the kernel `K(x, y) = exp(−|x − y|² / s)`, a row x becomes `K(x, L) W` with the whitener
/// `W = K(L, L)^(−1/2)` (k × k), so that `f(x) · f(y)` approximates `K(x, y)`. Computed in `f64`, because W has large entries
/// of either sign. Cost: k·(d + k) multiply-adds for each row.
///
/// Source: Williams and Seeger, NIPS 13 (2001).
#[derive(Clone, Debug, PartialEq)]
pub struct KernelFeatures {
    landmarks: Matrix,
    whitener: Matrix<f64>,
    scale: f64,
}

/// Smallest eigenvalue of the kernel matrix of the landmarks by which is divided, as a share of the largest.
const SMALLEST: f64 = 1e-6;

/// Rows whose features are computed at a time.
const CHUNK: usize = 1024;

impl KernelFeatures {
    /// The features of these landmarks with the scale s. `view` is named in errors.
    ///
    /// # Errors
    /// [`AlignError::Factorisation`] if the eigendecomposition of `K(L, L)` does not converge.
    pub fn of(landmarks: Matrix, scale: f64, view: &str) -> Result<Self, AlignError> {
        let wide = landmarks.map(|&x| f64::from(x));
        let kernel = kernel(&wide, &wide, scale);
        let (values, vectors) = linalg::symmetric_eigen(kernel.view(), &|| format!("the landmarks of `{view}`"))?;
        // Ascending order: the last is the largest.
        let least = SMALLEST * values.last().copied().unwrap_or(0.0);
        let k = landmarks.rows();
        let scaled = Matrix::from_fn(k, k, |i, j| vectors[(i, j)] / values[j].max(least).sqrt());
        let whitener = linalg::product(scaled.view(), vectors.transpose(), Threads::Pool);
        Ok(Self { landmarks, whitener, scale })
    }

    /// Features from the values of [`KernelFeatures::landmarks`], [`KernelFeatures::whitener`] and
    /// [`KernelFeatures::scale`], whose shapes must fit.
    pub(crate) fn of_parts(landmarks: Matrix, whitener: Matrix<f64>, scale: f64) -> Self {
        Self { landmarks, whitener, scale }
    }

    /// The landmarks L, k × d.
    pub fn landmarks(&self) -> &Matrix {
        &self.landmarks
    }

    /// The whitener W, k × k.
    pub fn whitener(&self) -> &Matrix<f64> {
        &self.whitener
    }

    /// The scale s of squared distances.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The widths of rows before and after the step, d and k.
    pub(super) fn widths(&self) -> (usize, usize) {
        (self.landmarks.cols(), self.whitener.cols())
    }

    /// The numbers of landmarks and whitener.
    pub(super) fn parameters(&self) -> usize {
        self.landmarks.as_slice().len() + self.whitener.as_slice().len()
    }

    /// Bytes of landmarks and whitener.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.landmarks.as_slice()) + size_of_val(self.whitener.as_slice())
    }

    /// The features of rows (n × d): n × k.
    ///
    /// # Errors
    /// [`AlignError::Width`] for rows of another width than the landmarks'.
    pub fn of_rows(&self, x: &Matrix) -> Result<Matrix, AlignError> {
        x.check_width("kernel features", "the landmarks", self.landmarks.cols())?;
        Ok(self.apply(x))
    }

    /// Like [`KernelFeatures::of_rows`], for rows whose width was checked before.
    pub(super) fn apply(&self, x: &Matrix) -> Matrix {
        let landmarks = self.landmarks.map(|&l| f64::from(l));
        let mut features = Vec::with_capacity(x.rows() * self.whitener.cols());
        for start in (0..x.rows()).step_by(CHUNK) {
            let rows = CHUNK.min(x.rows() - start);
            let wide = Matrix::from_fn(rows, x.cols(), |i, j| f64::from(x.at(start + i, j)));
            let similarities = kernel(&wide, &landmarks, self.scale);
            let chunk = linalg::product(similarities.view(), self.whitener.view(), Threads::Pool);
            features.extend(chunk.as_slice().iter().map(|&f| f as f32));
        }
        Matrix::from_vec(x.rows(), self.whitener.cols(), features)
    }
}

/// K(x, y) of every row of `x` (n × d) with every row of `y` (k × d): n × k.
fn kernel(x: &Matrix<f64>, y: &Matrix<f64>, scale: f64) -> Matrix<f64> {
    let squares =
        |a: &Matrix<f64>| -> Vec<f64> { (0..a.rows()).map(|i| a.row(i).iter().map(|v| v * v).sum()).collect() };
    let (of_x, of_y) = (squares(x), squares(y));
    let dot = linalg::product(x.view(), y.view().transpose(), Threads::Pool);
    Matrix::from_fn(x.rows(), y.rows(), |i, j| {
        let distance = (of_x[i] + of_y[j] - 2.0 * dot.at(i, j)).max(0.0);
        (-distance / scale).exp()
    })
}
