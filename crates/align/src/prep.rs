//! Preparation of a view before it is fitted: standardisation, fitted on training rows alone.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AlignError, Matrix};

/// What happens to a column that is constant on the training rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstantColumns {
    /// Its scale is 1: the column is centred and otherwise left alone.
    #[default]
    Clamp,
    /// As the authors' code: it is divided by 1e-8, so a test row that differs explodes to about 1e8.
    Released,
}

/// The epsilon that the authors' z-score adds to every standard deviation.
const EPS: f64 = 1e-8;

/// A standard deviation below this counts as constant: ten machine epsilons of `f32`.
const CONSTANT: f64 = 10.0 * f32::EPSILON as f64;

/// Per-column standardisation with the statistics of the training rows.
///
/// `z = (x − μ) / s`, back `x = z·σ + μ`. For [`ZScore::fit`] σ is the population standard deviation
/// (ddof 0) and `s = σ + 1e-8`, as the multi-view methods have it; for [`ZScore::fit_sample`] σ is the
/// sample standard deviation (ddof 1) without epsilon, as pairwise Procrustes has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ZScore {
    mean: Vec<f64>,
    std: Vec<f64>,
    eps: f64,
    constant: ConstantColumns,
}

/// Which statistics a view is standardised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standardisation {
    /// Population standard deviation (ddof 0) and 1e-8: [`ZScore::fit`].
    Population(ConstantColumns),
    /// Sample standard deviation (ddof 1): [`ZScore::fit_sample`].
    Sample,
    /// None: views that already are as they should be.
    Identity,
}

impl Standardisation {
    /// By the columns of `x`.
    pub fn fit(self, x: &Matrix) -> ZScore {
        match self {
            Self::Identity => ZScore::identity(x.cols()),
            _ => {
                let (mean, squares) = column_statistics(x);
                self.of_statistics(x.rows(), mean, squares)
            }
        }
    }

    /// `x` (n × d) by its own columns.
    pub fn standardise(self, x: &Matrix) -> Matrix {
        self.fit(x).standardised(x)
    }

    /// By the means of columns of `rows` rows and their sums of squares about them.
    pub(crate) fn of_statistics(self, rows: usize, mean: Vec<f64>, squares: Vec<f64>) -> ZScore {
        let (ddof, eps, constant) = match self {
            Self::Population(constant) => (0, EPS, constant),
            Self::Sample => (1, 0.0, ConstantColumns::Clamp),
            Self::Identity => return ZScore::identity(mean.len()),
        };
        let denominator = rows.saturating_sub(ddof).max(1) as f64;
        let std = squares.into_iter().map(|s| (s / denominator).sqrt()).collect();
        ZScore { mean, std, eps, constant }
    }
}

impl ZScore {
    /// Mean and population standard deviation (ddof 0) of every column.
    pub fn fit(x: &Matrix, constant: ConstantColumns) -> Self {
        Standardisation::Population(constant).fit(x)
    }

    /// Mean and sample standard deviation (ddof 1); constant columns get scale 1.
    pub fn fit_sample(x: &Matrix) -> Self {
        Standardisation::Sample.fit(x)
    }

    /// Column means and scale 1: the rows are only centred.
    pub fn centre(x: &Matrix) -> Self {
        let (mean, _) = column_statistics(x);
        Self { mean, ..Self::identity(x.cols()) }
    }

    /// No standardisation, for views that already are as they should be.
    pub fn identity(width: usize) -> Self {
        Self { mean: vec![0.0; width], std: vec![1.0; width], eps: 0.0, constant: ConstantColumns::Clamp }
    }

    /// With these statistics, as [`ZScore::mean`], [`ZScore::std`] and [`ZScore::rule`] give them back.
    pub(crate) fn of_deviations(mean: Vec<f64>, std: Vec<f64>, eps: f64, constant: ConstantColumns) -> Self {
        Self { mean, std, eps, constant }
    }

    /// What is added to every standard deviation on the way in.
    pub(crate) fn epsilon(&self) -> f64 {
        self.eps
    }

    /// Column means μ.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Column standard deviations σ, before any clamping.
    pub fn std(&self) -> &[f64] {
        &self.std
    }

    /// Width d of the view.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Columns that are constant on the training rows.
    pub fn constant_columns(&self) -> usize {
        self.std.iter().filter(|&&s| s < CONSTANT).count()
    }

    /// What it does with constant columns.
    pub fn rule(&self) -> ConstantColumns {
        self.constant
    }

    /// The divisor s of each column on the way in.
    pub(crate) fn divisors(&self) -> Vec<f64> {
        let divisor = |&s: &f64| match self.constant {
            ConstantColumns::Clamp if s < CONSTANT => 1.0,
            _ => s + self.eps,
        };
        self.std.iter().map(divisor).collect()
    }

    /// The factor of each column on the way back: σ without epsilon, 1 for a clamped column.
    pub(crate) fn scales(&self) -> Vec<f64> {
        let scale = |&s: &f64| match self.constant {
            ConstantColumns::Clamp if s < CONSTANT => 1.0,
            _ => s,
        };
        self.std.iter().map(scale).collect()
    }

    /// `(x − μ) / s`, column by column.
    ///
    /// # Errors
    /// [`AlignError::Width`] where `x` has not the width of the rows whose statistics these are.
    pub fn apply(&self, x: &Matrix) -> Result<Matrix, AlignError> {
        x.check_width("standardise", "the fitted rows", self.width())?;
        Ok(self.standardised(x))
    }

    /// Rows (n × d) less their column means.
    pub fn centred(x: &Matrix) -> Matrix {
        Self::centre(x).standardised(x)
    }

    /// As [`ZScore::apply`], for rows whose width is known to be right.
    pub(crate) fn standardised(&self, x: &Matrix) -> Matrix {
        let divisors = self.divisors();
        let mut out = Matrix::zeros(x.rows(), x.cols());
        rowwise(x, &mut out, |row, to| {
            for ((z, &x), (&mean, &divisor)) in to.iter_mut().zip(row).zip(self.mean.iter().zip(&divisors)) {
                *z = ((f64::from(x) - mean) / divisor) as f32;
            }
        });
        out
    }

    /// Standardised rows `from..to` in `f64`, written to `out` (row-major, `stride` apart): the form in
    /// which moments are summed.
    pub(crate) fn apply_f64(&self, x: &Matrix, rows: std::ops::Range<usize>, out: &mut [f64], stride: usize) {
        let divisors = self.divisors();
        for (row, to) in rows.zip(out.chunks_mut(stride)) {
            for (j, (&x, z)) in x.row(row).iter().zip(to).enumerate() {
                *z = (f64::from(x) - self.mean[j]) / divisors[j];
            }
        }
    }

    /// `z·σ + μ`, column by column: no epsilon on the way back. A clamped column goes back with scale 1.
    ///
    /// # Errors
    /// As [`ZScore::apply`].
    pub fn invert(&self, z: &Matrix) -> Result<Matrix, AlignError> {
        z.check_width("un-standardise", "the fitted rows", self.width())?;
        Ok(self.restored(z))
    }

    /// As [`ZScore::invert`], for rows whose width is known to be right.
    pub(crate) fn restored(&self, z: &Matrix) -> Matrix {
        let scales = self.scales();
        let mut out = Matrix::zeros(z.rows(), z.cols());
        rowwise(z, &mut out, |row, to| {
            for ((x, &z), (&mean, &scale)) in to.iter_mut().zip(row).zip(self.mean.iter().zip(&scales)) {
                *x = (f64::from(z) * scale + mean) as f32;
            }
        });
        out
    }
}

/// Mean of every column and sum of squares about it: two passes in `f64`, rows in order.
fn column_statistics(x: &Matrix) -> (Vec<f64>, Vec<f64>) {
    let n = x.rows();
    let mut mean = vec![0.0; x.cols()];
    for i in 0..n {
        for (m, &v) in mean.iter_mut().zip(x.row(i)) {
            *m += f64::from(v);
        }
    }
    mean.iter_mut().for_each(|m| *m /= n as f64);
    let mut square = vec![0.0; x.cols()];
    for i in 0..n {
        for ((s, &v), &m) in square.iter_mut().zip(x.row(i)).zip(&mean) {
            let centred = f64::from(v) - m;
            *s += centred * centred;
        }
    }
    (mean, square)
}

/// Rows divided by `|row| + 1e-8`, as the consensus and the corrector of GCPA have it.
pub fn unit_rows(x: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(x.rows(), x.cols());
    rowwise(x, &mut out, |row, to| {
        let scale = 1.0 / (norm(row) + EPS as f32);
        to.iter_mut().zip(row).for_each(|(o, &x)| *o = x * scale);
    });
    out
}

/// Rows divided by `max(|row|, 1e-12)`: cosine similarity becomes a dot product, a zero row stays zero.
pub fn cosine_rows(x: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(x.rows(), x.cols());
    rowwise(x, &mut out, |row, to| {
        let scale = 1.0 / norm(row).max(1e-12);
        to.iter_mut().zip(row).for_each(|(o, &x)| *o = x * scale);
    });
    out
}

/// Euclidean norm of a row, summed in `f64`.
pub fn norm(row: &[f32]) -> f32 {
    row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt() as f32
}

/// Every row of `x` into the same row of `out`, in parallel.
fn rowwise(x: &Matrix, out: &mut Matrix, f: impl Fn(&[f32], &mut [f32]) + Sync) {
    let cols = x.cols();
    out.as_mut_slice().par_chunks_mut(cols * 64).zip(x.as_slice().par_chunks(cols * 64)).for_each(|(to, from)| {
        for (to, from) in to.chunks_mut(cols).zip(from.chunks(cols)) {
            f(from, to);
        }
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_another_width_are_refused() {
        let prep = ZScore::fit(&Matrix::from_fn(4, 3, |i, j| (i * (j + 1)) as f32), ConstantColumns::Clamp);
        let wider = Matrix::zeros(2, 5);
        for refused in [prep.apply(&wider), prep.invert(&wider)] {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains('5') && message.contains('3'), "{message}");
        }
    }
}
