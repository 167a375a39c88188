//! Standardisation of views, fitted on training rows alone.

use serde::{Deserialize, Serialize};

use crate::linalg::MatrixView;
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, Matrix};

/// Treatment of columns that are constant on the training rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConstantColumns {
    /// The column is left out: always 0, and μ on the way back. The fit learnt nothing about it, so a different value
    /// in a test row has no meaning.
    #[default]
    Clamp,
    /// The authors' code: 1e-8 is added to every standard deviation, so a different value in a test row explodes to
    /// about 1e8. The epsilon is a length in the unit of the data: views in small units come out smaller than
    /// standardised ones.
    Released,
}

/// The epsilon that the authors' z-score adds to every standard deviation.
const EPS: f64 = 1e-8;

/// A column counts as constant if its standard deviation is at most this share of its mean: two rounding steps of
/// `f32`. A share does not depend on the unit of the data.
const CONSTANT: f64 = 2.0 * f32::EPSILON as f64;

/// Per-column standardisation with the statistics of the training rows.
///
/// `z = (x − μ) / σ`, back `x = z·σ + μ`. [`ZScore::fit`] uses the population standard deviation (ddof 0), for the
/// multi-view methods; [`ZScore::fit_sample`] uses the sample standard deviation (ddof 1), for pairwise Procrustes.
/// With [`ConstantColumns::Released`] the divisor on the way in is `σ + 1e-8`, as in the authors' code.
#[derive(Clone, Debug, PartialEq)]
pub struct ZScore {
    mean: Vec<f64>,
    std: Vec<f64>,
    eps: f64,
    constant: ConstantColumns,
}

/// Statistics by which views are standardised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standardisation {
    /// Population standard deviation (ddof 0): [`ZScore::fit`].
    Population(ConstantColumns),
    /// Sample standard deviation (ddof 1): [`ZScore::fit_sample`].
    Sample,
    /// Columns minus their means, without those that are constant to rounding.
    Centre,
    /// No standardisation, for views that are prepared already.
    Identity,
}

impl Standardisation {
    /// The standardisation by the columns of `x`.
    pub fn fit(self, x: &Matrix) -> ZScore {
        match self {
            Self::Identity => ZScore::identity(x.cols()),
            _ => {
                let (mean, squares) = column_statistics(x);
                self.of_statistics(x.rows(), mean, squares)
            }
        }
    }

    /// `x` (n × d), standardised by its own columns.
    pub fn standardise(self, x: &Matrix) -> Matrix {
        self.fit(x).standardised(x)
    }

    /// The standardisation from column means over `rows` rows and sums of squares about them.
    pub(crate) fn of_statistics(self, rows: usize, mean: Vec<f64>, squares: Vec<f64>) -> ZScore {
        let (ddof, eps, constant) = match self {
            Self::Population(ConstantColumns::Clamp) => (0, 0.0, ConstantColumns::Clamp),
            Self::Population(ConstantColumns::Released) => (0, EPS, ConstantColumns::Released),
            Self::Sample => (1, 0.0, ConstantColumns::Clamp),
            Self::Centre => {
                let varies = |(square, mean): (f64, &f64)| (square / rows.max(1) as f64).sqrt() > CONSTANT * mean.abs();
                let std = squares.into_iter().zip(&mean).map(|column| f64::from(u8::from(varies(column)))).collect();
                return ZScore { mean, std, eps: 0.0, constant: ConstantColumns::Clamp };
            }
            Self::Identity => return ZScore::identity(mean.len()),
        };
        let denominator = rows.saturating_sub(ddof).max(1) as f64;
        let deviation = |(square, mean): (f64, &f64)| {
            let std = (square / denominator).sqrt();
            if std <= CONSTANT * mean.abs() { 0.0 } else { std }
        };
        let std = squares.into_iter().zip(&mean).map(deviation).collect();
        ZScore { mean, std, eps, constant }
    }
}

impl ZScore {
    /// Mean and population standard deviation (ddof 0) of every column.
    pub fn fit(x: &Matrix, constant: ConstantColumns) -> Self {
        Standardisation::Population(constant).fit(x)
    }

    /// Mean and sample standard deviation (ddof 1); constant columns are left out.
    pub fn fit_sample(x: &Matrix) -> Self {
        Standardisation::Sample.fit(x)
    }

    /// Column means and scale 1: the rows are only centred.
    pub fn centre(x: &Matrix) -> Self {
        let (mean, _) = column_statistics(x);
        Self { mean, ..Self::identity(x.cols()) }
    }

    /// No standardisation, for views that are prepared already.
    pub fn identity(width: usize) -> Self {
        Self { mean: vec![0.0; width], std: vec![1.0; width], eps: 0.0, constant: ConstantColumns::Clamp }
    }

    /// The standardisation with these statistics, as [`ZScore::mean`], [`ZScore::std`] and [`ZScore::rule`] return
    /// them.
    pub(crate) fn of_deviations(mean: Vec<f64>, std: Vec<f64>, eps: f64, constant: ConstantColumns) -> Self {
        Self { mean, std, eps, constant }
    }

    /// The number that is added to every standard deviation on the way in.
    pub(crate) fn epsilon(&self) -> f64 {
        self.eps
    }

    /// Column means μ.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Column standard deviations σ; 0 for a column that is constant to rounding.
    pub fn std(&self) -> &[f64] {
        &self.std
    }

    /// Width d of the view.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Number of columns that are constant on the training rows.
    pub fn constant_columns(&self) -> usize {
        self.std.iter().filter(|&&s| s == 0.0).count()
    }

    /// Whether columns are divided by their standard deviations, not only centred or left as they are.
    pub(crate) fn standardises(&self) -> bool {
        self.std.iter().any(|&std| std != 0.0 && std != 1.0)
    }

    /// Whether all columns are constant on the training rows.
    pub fn is_dead(&self) -> bool {
        self.std.iter().all(|&s| s == 0.0)
    }

    /// The smallest standard deviation of a column that is not constant.
    pub(crate) fn least_deviation(&self) -> Option<f64> {
        self.std.iter().copied().filter(|&s| s > 0.0).min_by(f64::total_cmp)
    }

    /// A positive unit of length for every column, used in sums: its standard deviation; for a constant column its
    /// mean, or else the unit of the other columns.
    pub(crate) fn units(&self) -> Vec<f64> {
        let own = |(s, mean): (&f64, &f64)| if *s > 0.0 { *s } else { mean.abs() };
        let own: Vec<f64> = self.std.iter().zip(&self.mean).map(own).collect();
        let largest = own.iter().copied().fold(0.0, f64::max);
        let other = if largest > 0.0 { largest } else { 1.0 };
        own.into_iter().map(|unit| if unit > 0.0 { unit } else { other }).collect()
    }

    /// Bytes of its numbers.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.mean()) + size_of_val(self.std())
    }

    /// The treatment of constant columns.
    pub fn rule(&self) -> ConstantColumns {
        self.constant
    }

    /// The divisor of each column on the way in; infinite for a column that is left out.
    pub(crate) fn divisors(&self) -> Vec<f64> {
        let divisor = |&s: &f64| match self.constant {
            ConstantColumns::Clamp if s == 0.0 => f64::INFINITY,
            _ => s + self.eps,
        };
        self.std.iter().map(divisor).collect()
    }

    /// The factor σ of each column on the way back.
    pub(crate) fn scales(&self) -> Vec<f64> {
        self.std.clone()
    }

    /// `(x − μ) / s` with the divisor s, column by column.
    ///
    /// # Errors
    /// [`AlignError::Width`] if `x` does not have the width of the rows whose statistics these are.
    pub fn apply<'x>(&self, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        x.check_width("standardise", "the fitted rows", self.width())?;
        Ok(self.standardised(x))
    }

    /// Rows (n × d) minus their column means.
    pub fn centred(x: &Matrix) -> Matrix {
        Self::centre(x).standardised(x)
    }

    /// Like [`ZScore::apply`], for rows whose width was checked before.
    pub(crate) fn standardised<'x>(&self, x: impl Into<MatrixView<'x>>) -> Matrix {
        let (x, divisors) = (x.into(), self.divisors());
        let mut out = Matrix::zeros(x.rows(), x.cols());
        rowwise(x, &mut out, |row, to| {
            for ((z, &x), (&mean, &divisor)) in to.iter_mut().zip(row).zip(self.mean.iter().zip(&divisors)) {
                *z = ((f64::from(x) - mean) / divisor) as f32;
            }
        });
        out
    }

    /// Standardised rows `from..to` in `f64`, written to `out` (row-major, `stride` apart); moments are summed in this
    /// form.
    pub(crate) fn apply_f64(&self, x: &Matrix, rows: std::ops::Range<usize>, out: &mut [f64], stride: usize) {
        let divisors = self.divisors();
        for (row, to) in rows.zip(out.chunks_mut(stride)) {
            for (j, (&x, z)) in x.row(row).iter().zip(to).enumerate() {
                *z = (f64::from(x) - self.mean[j]) / divisors[j];
            }
        }
    }

    /// `z·σ + μ`, column by column; there is no epsilon on the way back.
    ///
    /// # Errors
    /// The errors of [`ZScore::apply`].
    pub fn invert(&self, z: &Matrix) -> Result<Matrix, AlignError> {
        z.check_width("un-standardise", "the fitted rows", self.width())?;
        Ok(self.restored(z))
    }

    /// Like [`ZScore::invert`], for rows whose width was checked before.
    pub(crate) fn restored(&self, z: &Matrix) -> Matrix {
        let scales = self.scales();
        let mut out = Matrix::zeros(z.rows(), z.cols());
        rowwise(z.view(), &mut out, |row, to| {
            for ((x, &z), (&mean, &scale)) in to.iter_mut().zip(row).zip(self.mean.iter().zip(&scales)) {
                *x = (f64::from(z) * scale + mean) as f32;
            }
        });
        out
    }
}

/// Mean of every column and sum of squares about it, by two passes in `f64` with rows in order; zeros if there is no
/// row.
fn column_statistics(x: &Matrix) -> (Vec<f64>, Vec<f64>) {
    let n = x.rows();
    if n == 0 {
        return (vec![0.0; x.cols()], vec![0.0; x.cols()]);
    }
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

/// Rows at unit length, so that cosine similarity is a dot product. A zero row has no direction and stays zero.
///
/// Exact to rounding for every row that `f32` can hold, however short or long.
pub fn unit_rows(x: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(x.rows(), x.cols());
    rowwise(x.view(), &mut out, |row, to| {
        let length = length(row);
        if ORDINARY.contains(&length) {
            let scale = 1.0 / length as f32;
            to.iter_mut().zip(row).for_each(|(o, &x)| *o = x * scale);
        } else if length > 0.0 {
            // The length or its reciprocal is outside the range of `f32` here.
            to.iter_mut().zip(row).for_each(|(o, &x)| *o = (f64::from(x) / length) as f32);
        }
    });
    out
}

/// [`unit_rows`] under the name of its purpose.
pub use self::unit_rows as cosine_rows;

/// Lengths whose reciprocals `f32` holds with full precision.
const ORDINARY: std::ops::Range<f64> = 1e-30..1e30;

/// Divisor for a length that may be zero: the length itself, or the smallest positive number, so that the quotient of a
/// zero row is zero.
pub(crate) fn divisible(length: f32) -> f32 {
    length.max(f32::MIN_POSITIVE)
}

/// Euclidean norm of a row, summed in `f64`; infinite beyond the range of `f32`.
pub fn norm(row: &[f32]) -> f32 {
    length(row) as f32
}

fn length(row: &[f32]) -> f64 {
    row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}

/// Applies `f` to every row of `x`, with the same row of `out` as output, in parallel.
fn rowwise(x: MatrixView<'_>, out: &mut Matrix, f: impl Fn(&[f32], &mut [f32]) + Sync) {
    const BLOCK: usize = 64;
    let cols = x.cols();
    let blocks = out.as_mut_slice().par_chunks_mut(cols * BLOCK).enumerate();
    blocks.for_each_init(Vec::new, |buffer, (block, rows)| {
        for (i, to) in rows.chunks_mut(cols).enumerate() {
            f(x.row(block * BLOCK + i, buffer), to);
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

    #[test]
    fn rows_of_any_length_have_a_direction() {
        for factor in [1e-40f32, 1e-25, 1.0, 1e25, 1e38] {
            let unit = unit_rows(&Matrix::from_vec(2, 2, vec![0.6 * factor, -0.8 * factor, 0.0, 0.0]));
            // A number below 1e-38 has fewer digits.
            let slack = if factor < 1e-38 { 1e-4 } else { 2e-7 };
            assert!((unit.at(0, 0) - 0.6).abs() < slack && (unit.at(0, 1) + 0.8).abs() < slack, "{factor:e}: {unit:?}");
            assert_eq!(unit.row(1), [0.0, 0.0]);
        }
    }

    #[test]
    fn a_column_is_constant_by_its_own_magnitude() {
        let column = |middle: f32, step: f32| Matrix::from_fn(50, 1, |i, _| middle + step * (i % 2) as f32);
        for factor in [1e-15f32, 1.0, 1e15] {
            let fit =
                |middle: f32, step: f32| ZScore::fit(&column(middle * factor, step * factor), ConstantColumns::Clamp);
            let living = fit(0.5, 1e-5);
            assert_eq!(living.constant_columns(), 0, "{factor:e}");
            assert!((living.apply(&column(0.5 * factor, 1e-5 * factor)).unwrap().at(0, 0) + 1.0).abs() < 1e-3);
            for dead in [fit(0.5, 0.0), fit(0.5, 6e-8), fit(0.0, 0.0)] {
                assert!(dead.is_dead(), "{factor:e}");
                let other = Matrix::from_vec(1, 1, vec![3.0 * factor]);
                assert_eq!(dead.apply(&other).unwrap().at(0, 0), 0.0, "nothing was learnt of it");
                assert_eq!(dead.invert(&other).unwrap().at(0, 0), dead.mean()[0] as f32);
            }
        }
    }
}
