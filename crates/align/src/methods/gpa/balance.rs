//! Influence of each view: its weight in the consensus, and its scale factor on the way into the universe.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::methods::shared::check::ensure;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::views::position;
use crate::{AlignError, Matrix};

/// Weights of the views in the consensus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Weights {
    /// The same weight for all views.
    #[default]
    Equal,
    /// Weight by agreement with the other views: the leading eigenvector of the matrix of RV coefficients
    /// `|Z_jᵀ Z_k|²_F / (|Z_jᵀ Z_j|_F |Z_kᵀ Z_k|_F)`, as STATIS weights its tables (Lavit, Escoufier, Sabatier and
    /// Traissac, Computational Statistics & Data Analysis 18, 1994). Residuals of a GPA would not do: a view with a
    /// larger weight comes closer to the consensus and would then get a still larger weight.
    Agreement,
    /// These weights, each above 0. A view that is not named has weight 1.
    Given(BTreeMap<String, f64>),
}

/// A view that shares nothing with the others keeps this share of its length, so that a way back exists.
const LEAST_SCALE: f64 = 1e-6;

impl Weights {
    pub(crate) fn is_equal(&self) -> bool {
        *self == Self::Equal
    }

    pub(super) fn validate(&self, method: &'static str) -> Result<(), AlignError> {
        let Self::Given(weights) = self else { return Ok(()) };
        weights.iter().try_for_each(|(view, &weight)| {
            let got = format!("{weight} for `{view}`");
            ensure(weight > 0.0 && weight.is_finite(), method, "weights", got, "finite numbers above 0")
        })
    }

    /// The weights of the views with mean 1; `None` if all are equal.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`]; a decomposition that does not converge.
    pub(super) fn of(&self, moments: &Moments) -> Result<Option<Vec<f64>>, AlignError> {
        let views = moments.views();
        let weights = match self {
            Self::Equal => return Ok(None),
            Self::Agreement => {
                let square = |a: usize, b: usize| -> f64 {
                    let block = moments.block(a, b);
                    (0..block.cols()).flat_map(|j| (0..block.rows()).map(move |i| block[(i, j)].powi(2))).sum()
                };
                let own: Vec<f64> = (0..views).map(|m| square(m, m).sqrt()).collect();
                // A view whose columns are all constant has nothing in common with any view and gets no weight.
                let coefficient = |a: usize, b: usize| match own[a] * own[b] {
                    norms if norms > 0.0 => square(a, b) / norms,
                    _ => 0.0,
                };
                let rv = Matrix::from_fn(views, views, |a, b| if b > a { 0.0 } else { coefficient(a, b) });
                let (_, vectors) = linalg::symmetric_eigen(rv.view(), &|| "the views' RV coefficients".into())?;
                // No entry of the matrix is negative, so the entries of the leading eigenvector have one sign.
                (0..views).map(|m| vectors[(m, views - 1)].abs()).collect()
            }
            Self::Given(given) => {
                let mut weights = vec![1.0; views];
                for (name, &weight) in given {
                    weights[position(moments.names().iter().map(String::as_str), name)?] = weight;
                }
                weights
            }
        };
        let mean = weights.iter().sum::<f64>() / views as f64;
        Ok(Some(weights.into_iter().map(|weight: f64| weight / mean).collect()))
    }
}

/// The scales `s_m > 0` that lower the objective most for these orthogonal maps under `Σ_m s_m² E_m = Σ_m E_m`. E_m is
/// the energy `|Z_m|²` of a view, multiplied by its weight if it has one. With `Φ_jk = tr(R_jᵀ G_jk R_k)`,
/// `s_m = p_m √(Σ E/E_m)` where p is the unit leading eigenvector of `E^(−1/2) Φ E^(−1/2)` (Ten Berge, Psychometrika
/// 42, 1977). A map with a negative entry of p changes its sign. A view without energy (all columns constant, or weight
/// zero) keeps the scale 1.
///
/// Cost: 2·P²·D flops and one eigendecomposition of M × M.
pub(super) fn scales(moments: &Moments, maps: &mut Matrix<f64>) -> Result<Vec<f64>, AlignError> {
    let (views, width) = (moments.views(), maps.cols());
    let mut coupling = Matrix::<f64>::zeros(views, views);
    let mut sums = Matrix::<f64>::zeros(maps.rows(), width);
    for k in 0..views {
        let (start, d) = (moments.offset(k), moments.width(k));
        let columns = moments.gram().subcols(start, d);
        let own = maps.view().subrows(start, d);
        linalg::gemm(sums.view_mut(), Accum::Replace, columns, own, Threads::Pool);
        for j in k..views {
            let rows = moments.offset(j) * width..(moments.offset(j) + moments.width(j)) * width;
            let pairs = maps.as_slice()[rows.clone()].iter().zip(&sums.as_slice()[rows]);
            coupling.row_mut(j)[k] = pairs.map(|(map, sum)| map * sum).sum();
        }
    }
    let energies = moments.energies();
    let living = |m: usize| energies[m] > 0.0;
    let roots: Vec<f64> = energies.iter().map(|energy| energy.sqrt()).collect();
    let entry = |j: usize, k: usize| match living(j) && living(k) {
        true => coupling.at(j, k) / (roots[j] * roots[k]),
        false => 0.0,
    };
    let balanced = Matrix::from_fn(views, views, entry);
    let (_, vectors) = linalg::symmetric_eigen(balanced.view(), &|| "the agreement of all views".into())?;
    let sign = (0..views).map(|m| vectors[(m, views - 1)]).sum::<f64>().signum();
    let total = energies.iter().sum::<f64>().sqrt();
    let mut scales: Vec<f64> = (0..views)
        .map(|m| {
            if !living(m) {
                return 1.0;
            }
            let share = sign * vectors[(m, views - 1)];
            if share < 0.0 {
                let rows = moments.offset(m)..moments.offset(m) + moments.width(m);
                rows.for_each(|i| maps.row_mut(i).iter_mut().for_each(|x| *x = -*x));
            }
            (share.abs() * total / roots[m]).max(LEAST_SCALE)
        })
        .collect();
    // The energy that the least scale adds is taken from all scales.
    let kept = scales.iter().zip(energies).map(|(scale, energy)| scale * scale * energy).sum::<f64>().sqrt();
    if kept > 0.0 {
        (0..views).filter(|&m| living(m)).for_each(|m| scales[m] *= total / kept);
    }
    Ok(scales)
}
