//! A view's spectrum: what methods that whiten divide by.

use crate::linalg::{self, Mat, Threads};
use crate::moments::Moments;
use crate::{AlignError, Matrix};

/// The eigendecomposition `Z_mᵀ Z_m = V Λ Vᵀ` of a view's Gram block, Λ the squared singular values of the standardised
/// view.
pub(crate) struct Spectrum {
    /// Λ, ascending, rounding below zero taken off.
    values: Vec<f64>,
    vectors: Mat<f64>,
    /// Which of them are not rounding: singular values above σ_max·max(n, d)·ε_f32, at most n of them.
    kept: Vec<usize>,
    /// What the rows count, all together.
    weight: f64,
}

impl Spectrum {
    /// One eigendecomposition of d_m.
    ///
    /// # Errors
    /// [`AlignError::Factorisation`].
    pub(crate) fn of(moments: &Moments, m: usize) -> Result<Self, AlignError> {
        let (d, rows) = (moments.width(m), moments.rows(m, m));
        let context = || format!("view `{}`", moments.names()[m]);
        let (values, vectors) = linalg::symmetric_eigen(moments.block(m, m), &context)?;
        let values: Vec<f64> = values.into_iter().map(|value| value.max(0.0)).collect();
        let cut = values[d - 1].sqrt() * rows.max(d) as f64 * f64::from(f32::EPSILON);
        let kept = (d.saturating_sub(rows)..d).filter(|&k| values[k].sqrt() > cut).collect();
        Ok(Self { values, vectors, kept, weight: moments.weight(m) })
    }

    /// Directions that are not rounding.
    pub(crate) fn rank(&self) -> usize {
        self.kept.len()
    }

    /// `V diag(f(λ))` (d × rank), the directions that are not rounding alone.
    pub(crate) fn scaled(&self, f: impl Fn(f64) -> f64) -> Matrix<f64> {
        let factors: Vec<f64> = self.kept.iter().map(|&k| f(self.values[k])).collect();
        Matrix::from_fn(self.values.len(), self.kept.len(), |i, j| self.vectors[(i, self.kept[j])] * factors[j])
    }

    /// `(Λ + κ n)^(−1/2)` on the directions that are not rounding: `Z` times this has orthonormal columns where κ is zero.
    pub(crate) fn whitener(&self, ridge: f64) -> Matrix<f64> {
        self.scaled(|value| 1.0 / (value + ridge * self.weight).sqrt())
    }

    /// The transpose of what takes [`whitener`](Spectrum::whitener) back: `V (Λ + κ n)^(1/2)`.
    pub(crate) fn unwhitener(&self, ridge: f64) -> Matrix<f64> {
        self.scaled(|value| (value + ridge * self.weight).sqrt())
    }

    /// `V f(λ/n) Vᵀ` (d × d) over all directions, `f` told whether a direction is rounding.
    pub(crate) fn function(&self, f: impl Fn(f64, bool) -> f64) -> Matrix<f64> {
        let d = self.values.len();
        let factor = |k: usize| f(self.values[k] / self.weight, !self.kept.contains(&k));
        let factors: Vec<f64> = (0..d).map(factor).collect();
        let scaled = Matrix::from_fn(d, d, |i, k| self.vectors[(i, k)] * factors[k]);
        linalg::product(scaled.view(), self.vectors.transpose(), Threads::One)
    }
}

/// `W_iᵀ Z_iᵀ Z_j W_j` with the whiteners W, times √(n_i n_j)/n_ij, which is 1 where no row is missing.
pub(crate) fn whitened_block(moments: &Moments, whiteners: &[Matrix<f64>], i: usize, j: usize) -> Matrix<f64> {
    let half = linalg::product(moments.block(i, j), whiteners[j].view(), Threads::One);
    let mut block = linalg::product(whiteners[i].view().transpose(), half.view(), Threads::One);
    let (n_i, n_j, n_ij) = (moments.rows(i, i), moments.rows(j, j), moments.rows(i, j));
    if n_ij < n_i.max(n_j) {
        let scale = (n_i as f64 * n_j as f64).sqrt() / n_ij as f64;
        block.as_mut_slice().iter_mut().for_each(|x| *x *= scale);
    }
    block
}
