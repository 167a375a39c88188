//! A view's spectrum: what methods that whiten divide by.

use crate::moments::{Moments, Precision};
use crate::numerics::linalg::{self, Factor, Threads};
use crate::{AlignError, FitWarning, Matrix};

/// Which directions of a view a method divides by the spread of. Neither rule depends on the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All that sums in their precision can tell from nothing: what the released form of GCCA keeps.
    Resolved,
    /// Of these the ones that spread by more than the rounding of `f32` makes a linear dependence spread: along the unit
    /// vector v by more than `ε_f32 √(d Σ_j v_j² (μ_j² + σ_j²)/s_j²)`, columns of mean μ_j and deviation σ_j divided by s_j.
    /// A value x is rounded by up to `|x| ε_f32/2`, so large means hide small spreads; √d allows for views that were
    /// computed in `f32` from others.
    AboveRounding,
}

/// The eigendecomposition `Z_mᵀ Z_m = V Λ Vᵀ` of a view's Gram block, Λ the squared singular values of the standardised
/// view.
pub(crate) struct Spectrum {
    /// Λ, ascending, rounding below zero taken off.
    values: Vec<f64>,
    vectors: Factor,
    /// Which of them are not rounding ([`Keep`]), at most n − 1 of them: centred rows have no more.
    kept: Vec<usize>,
    /// What the rows count, all together.
    weight: f64,
}

/// An entry of the Gram matrix of standardised columns, summed in single precision, is off by this share of N.
const SINGLE: f64 = 3e-7;

impl Spectrum {
    /// One eigendecomposition of d_m.
    ///
    /// # Errors
    /// [`AlignError::Factorisation`].
    pub(crate) fn of(moments: &Moments, m: usize, keep: Keep) -> Result<Self, AlignError> {
        let (d, rows, weight) = (moments.width(m), moments.rows(m, m), moments.weight(m));
        let context = || format!("view `{}`", moments.names()[m]);
        let (values, vectors) = linalg::symmetric_eigen(moments.block(m, m), &context)?;
        let values: Vec<f64> = values.into_iter().map(|value| value.max(0.0)).collect();
        // What the eigenvalues are off by.
        let resolved = match moments.precision() {
            Precision::Double => values[d - 1] * d as f64 * f64::EPSILON,
            // Twice √d entries, the norm of a random symmetric matrix.
            Precision::Single => 2.0 * (d as f64).sqrt() * SINGLE * weight,
        };
        let prep = &moments.preps()[m];
        let squares: Vec<f64> = (prep.mean().iter().zip(prep.std()).zip(prep.divisors()))
            .map(|((mean, std), divisor)| (mean.hypot(*std) / divisor).powi(2))
            .collect();
        let unit = d as f64 * weight * f64::from(f32::EPSILON).powi(2);
        let rounding = |k: usize| match keep {
            Keep::Resolved => 0.0,
            Keep::AboveRounding => {
                unit * squares.iter().enumerate().map(|(j, s)| vectors[(j, k)].powi(2) * s).sum::<f64>()
            }
        };
        let first = d.saturating_sub(rows.saturating_sub(1));
        let kept = (first..d).filter(|&k| values[k] > resolved.max(rounding(k))).collect();
        Ok(Self { values, vectors, kept, weight })
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

/// What a reader has to know of views whose directions were divided by their spread: `asked` is how many of a view the
/// method would have used, `remedy` the parameter that would hold the smallest
/// back, where it does not.
pub(crate) fn warnings(
    moments: &Moments,
    spectra: &[Spectrum],
    asked: impl Fn(usize) -> usize,
    remedy: Option<&'static str>,
) -> Vec<FitWarning> {
    let name = |m: usize| moments.names()[m].clone();
    let below = (0..spectra.len()).filter(|&m| spectra[m].rank() < asked(m));
    let views: Vec<(String, usize, usize)> = below.map(|m| (name(m), spectra[m].rank(), asked(m))).collect();
    let mut found = Vec::new();
    if !views.is_empty() {
        found.push(FitWarning::RankBelow { views });
    }
    if let Some(parameter) = remedy {
        let pairs = (1..spectra.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        // Two subspaces of n − 1 dimensions meet in at least this many.
        let tied = |&(a, b): &(usize, usize)| {
            let dimensions = moments.rows(a, b).saturating_sub(1);
            (spectra[a].rank().min(dimensions) + spectra[b].rank().min(dimensions)).saturating_sub(dimensions)
        };
        if let Some((a, b)) = pairs.max_by_key(tied).filter(|pair| tied(pair) > 0) {
            let (views, rows, columns) = ([name(a), name(b)], moments.rows(a, b), [a, b].map(|m| moments.width(m)));
            found.push(FitWarning::FewRows { views, rows, columns, tied: tied(&(a, b)), parameter: parameter.into() });
        }
    }
    found
}
