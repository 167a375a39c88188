//! The spectrum of a view: the eigenvalues by which whitening methods divide.

use std::sync::Arc;

use crate::moments::{Moments, Precision};
use crate::numerics::linalg::{self, Factor, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, FitWarning, Matrix};

/// Rule for the directions of a view that a method divides by their standard deviation. No rule depends on the number
/// of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All directions that sums in their precision can distinguish from zero. The released form of GCCA keeps these.
    Resolved,
    /// The resolved directions that have a larger spread than rounding to `f32` gives a linear dependence. Rounding
    /// spreads the unit vector v by at most `ε_f32 √(d Σ_j v_j² (μ_j² + σ_j²)/s_j²)` for columns with mean μ_j and
    /// deviation σ_j, divided by s_j. A value x is rounded by up to `|x| ε_f32/2`, so large means hide small spreads;
    /// √d allows for views that were computed in `f32` from other views.
    AboveRounding,
}

/// The eigendecomposition `Z_mᵀ Z_m = V Λ Vᵀ` of a view's Gram block; Λ holds the squared singular values of the
/// standardised view.
pub(crate) struct Spectrum {
    pairs: Arc<Eigenpairs>,
    /// Indices of the directions that are kept ([`Keep`]), at most n − 1 of them: centred rows have no more.
    kept: Vec<usize>,
    /// Sum of the weights of the rows.
    weight: f64,
}

/// All eigenvalues and eigenvectors of a view, whatever the rule for its directions is.
struct Eigenpairs {
    /// Λ in ascending order; negative values, which are rounding, are set to zero.
    values: Vec<f64>,
    vectors: Factor,
}

/// Error of an entry of the Gram matrix of standardised columns that is summed in single precision, as a share of N.
const SINGLE: f64 = 3e-7;

impl Spectrum {
    /// The spectrum of view m; one eigendecomposition of d_m × d_m.
    ///
    /// # Errors
    /// [`AlignError::Factorisation`].
    pub(crate) fn of(moments: &Moments, m: usize, keep: Keep) -> Result<Self, AlignError> {
        let context = || format!("view `{}`", moments.names()[m]);
        let (values, vectors) = linalg::symmetric_eigen(moments.block(m, m), &context)?;
        let values = values.into_iter().map(|value| value.max(0.0)).collect();
        Ok(Self::kept_by(keep, Arc::new(Eigenpairs { values, vectors }), moments, m))
    }

    /// The spectra of all views.
    ///
    /// # Errors
    /// The errors of [`Spectrum::of`].
    pub(crate) fn of_all(moments: &Moments, keep: Keep) -> Result<Vec<Self>, AlignError> {
        (0..moments.views()).into_par_iter().map(|m| Self::of(moments, m, keep)).collect()
    }

    /// The same spectrum of view m under another rule.
    pub(crate) fn under(&self, keep: Keep, moments: &Moments, m: usize) -> Self {
        Self::kept_by(keep, Arc::clone(&self.pairs), moments, m)
    }

    fn kept_by(keep: Keep, pairs: Arc<Eigenpairs>, moments: &Moments, m: usize) -> Self {
        let (d, rows, weight) = (moments.width(m), moments.rows(m, m), moments.weight(m));
        let Eigenpairs { values, vectors } = &*pairs;
        let resolved = resolved(moments, m, values[d - 1]);
        let (squares, unit) = (squares(moments, m), rounding_unit(moments, m));
        let rounding = |k: usize| match keep {
            Keep::Resolved => 0.0,
            Keep::AboveRounding => {
                unit * squares.iter().enumerate().map(|(j, s)| vectors[(j, k)].powi(2) * s).sum::<f64>()
            }
        };
        let first = d.saturating_sub(rows.saturating_sub(1));
        let kept = (first..d).filter(|&k| values[k] > resolved.max(rounding(k))).collect();
        Self { pairs, kept, weight }
    }

    /// Whether both keep the same directions.
    pub(crate) fn keeps_as(&self, other: &Self) -> bool {
        self.kept == other.kept
    }

    /// Number of directions that are kept.
    pub(crate) fn rank(&self) -> usize {
        self.kept.len()
    }

    /// Number of directions that are kept of each view.
    pub(crate) fn ranks(spectra: &[Self]) -> Vec<usize> {
        spectra.iter().map(Self::rank).collect()
    }

    /// The diagonal of `W_mᵀ Z_mᵀ Z_m W_m` with the [`whitener`](Spectrum::whitener) W, which has no other entries.
    pub(crate) fn whitened_variances(&self, ridge: f64) -> Vec<f64> {
        let share = |&k: &usize| self.pairs.values[k] / (self.pairs.values[k] + ridge * self.weight);
        self.kept.iter().map(share).collect()
    }

    /// `V diag(f(λ))` (d × rank) of the kept directions.
    pub(crate) fn scaled(&self, f: impl Fn(f64) -> f64) -> Matrix<f64> {
        let Eigenpairs { values, vectors } = &*self.pairs;
        let factors: Vec<f64> = self.kept.iter().map(|&k| f(values[k])).collect();
        Matrix::from_fn(values.len(), self.kept.len(), |i, j| vectors[(i, self.kept[j])] * factors[j])
    }

    /// `V (Λ + κ n)^(−1/2)` of the kept directions: `Z` times this has orthonormal columns if κ is zero.
    pub(crate) fn whitener(&self, ridge: f64) -> Matrix<f64> {
        self.scaled(|value| 1.0 / (value + ridge * self.weight).sqrt())
    }

    /// The factors by which the columns of a [`whitener`](Spectrum::whitener) change from one ridge to another.
    pub(crate) fn change_of_ridge(&self, from: f64, to: f64) -> Vec<f64> {
        let shifted = |k: usize, ridge: f64| self.pairs.values[k] + ridge * self.weight;
        self.kept.iter().map(|&k| (shifted(k, from) / shifted(k, to)).sqrt()).collect()
    }

    /// The transpose of the inverse of [`whitener`](Spectrum::whitener): `V (Λ + κ n)^(1/2)`.
    pub(crate) fn unwhitener(&self, ridge: f64) -> Matrix<f64> {
        self.scaled(|value| (value + ridge * self.weight).sqrt())
    }

    /// `V f(λ/n) Vᵀ` (d × d) over all directions; the second argument of `f` is true for a direction that is not kept.
    pub(crate) fn function(&self, f: impl Fn(f64, bool) -> f64) -> Matrix<f64> {
        let Eigenpairs { values, vectors } = &*self.pairs;
        let d = values.len();
        let factor = |k: usize| f(values[k] / self.weight, !self.kept.contains(&k));
        let factors: Vec<f64> = (0..d).map(factor).collect();
        let scaled = Matrix::from_fn(d, d, |i, k| vectors[(i, k)] * factors[k]);
        linalg::product(scaled.view(), vectors.transpose(), Threads::One)
    }
}

/// `(μ_j² + σ_j²)/s_j²` of the columns of a view ([`Keep::AboveRounding`]).
fn squares(moments: &Moments, m: usize) -> Vec<f64> {
    let prep = &moments.preps()[m];
    (prep.mean().iter().zip(prep.std()).zip(prep.divisors()))
        .map(|((mean, std), divisor)| (mean.hypot(*std) / divisor).powi(2))
        .collect()
}

/// The factor of these squares in the unit of the eigenvalues.
fn rounding_unit(moments: &Moments, m: usize) -> f64 {
    moments.width(m) as f64 * moments.weight(m) * f64::from(f32::EPSILON).powi(2)
}

/// A bound: if all eigenvalues of view m are above it, every rule keeps every direction.
pub(super) fn kept_above(moments: &Moments, m: usize) -> f64 {
    let (d, block) = (moments.width(m), moments.block(m, m));
    let trace: f64 = (0..d).map(|j| block[(j, j)]).sum();
    let rounding = rounding_unit(moments, m) * squares(moments, m).into_iter().fold(0.0, f64::max);
    resolved(moments, m, trace).max(rounding)
}

/// The error of the eigenvalues of a view.
fn resolved(moments: &Moments, m: usize, largest: f64) -> f64 {
    let d = moments.width(m) as f64;
    match moments.precision() {
        Precision::Double => largest * d * f64::EPSILON,
        // Twice √d entries: the norm of a random symmetric matrix.
        Precision::Single => 2.0 * d.sqrt() * SINGLE * moments.weight(m),
    }
}

/// `W_iᵀ Z_iᵀ Z_j W_j` with the whiteners W, times √(n_i n_j)/n_ij, which is 1 if no row is missing.
pub(crate) fn whitened_block(moments: &Moments, whiteners: &[Matrix<f64>], i: usize, j: usize) -> Matrix<f64> {
    let half = linalg::product(moments.block(i, j), whiteners[j].view(), Threads::One);
    let mut block = linalg::product(whiteners[i].view().transpose(), half.view(), Threads::One);
    scale_to_all_rows(moments, i, j, &mut block);
    block
}

/// Multiplies a block of views i and j by √(n_i n_j)/n_ij.
pub(super) fn scale_to_all_rows(moments: &Moments, i: usize, j: usize, block: &mut Matrix<f64>) {
    let (n_i, n_j, n_ij) = (moments.rows(i, i), moments.rows(j, j), moments.rows(i, j));
    if n_ij < n_i.max(n_j) {
        let scale = (n_i as f64 * n_j as f64).sqrt() / n_ij as f64;
        block.as_mut_slice().iter_mut().for_each(|x| *x *= scale);
    }
}

/// Warnings about views whose directions were divided by their spread. `ranks` gives the number of directions that each
/// view has, `asked` the number that the method would use; `remedy` names the parameter that would damp the smallest
/// directions, if it is not set.
pub(crate) fn warnings(
    moments: &Moments,
    ranks: &[usize],
    asked: impl Fn(usize) -> usize,
    remedy: Option<&'static str>,
) -> Vec<FitWarning> {
    let name = |m: usize| moments.names()[m].clone();
    let below = (0..ranks.len()).filter(|&m| ranks[m] < asked(m));
    let views: Vec<(String, usize, usize)> = below.map(|m| (name(m), ranks[m], asked(m))).collect();
    let mut found = Vec::new();
    if !views.is_empty() {
        found.push(FitWarning::RankBelow { views });
    }
    if let Some(parameter) = remedy {
        let pairs = (1..ranks.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        // Two subspaces of n − 1 dimensions meet in at least this many dimensions.
        let tied = |&(a, b): &(usize, usize)| {
            let dimensions = moments.rows(a, b).saturating_sub(1);
            (ranks[a].min(dimensions) + ranks[b].min(dimensions)).saturating_sub(dimensions)
        };
        if let Some((a, b)) = pairs.max_by_key(tied).filter(|pair| tied(pair) > 0) {
            let (views, rows, columns) = ([name(a), name(b)], moments.rows(a, b), [a, b].map(|m| moments.width(m)));
            found.push(FitWarning::FewRows { views, rows, columns, tied: tied(&(a, b)), parameter: parameter.into() });
        }
    }
    found
}
