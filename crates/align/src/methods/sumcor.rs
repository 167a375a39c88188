//! SUMCOR: multiset canonical correlation, and the path from it to Procrustes.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::linalg::{self, Threads};
use crate::method::{at_least_two_views, ensure};
use crate::methods::gpa::{self, GpaParams, Solver};
use crate::moments::{Incomplete, Moments};
use crate::prep::{ConstantColumns, Standardisation};
use crate::{AlignError, Fit, Fitted, Matrix, Spaces, Universe};

/// Parameters of `sumcor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SumcorParams {
    /// α from 0, whitened views and canonical correlations, to 1, views as they are and Procrustes.
    pub shrinkage: f64,
    /// Width of the universe: its first principal axes; all without.
    pub rank: Option<usize>,
    /// Stop when a sweep changes the objective by less than this, relative to itself.
    pub tol: f64,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl Default for SumcorParams {
    fn default() -> Self {
        Self { shrinkage: 0.0, rank: None, tol: 1e-6, constant_columns: ConstantColumns::default() }
    }
}

impl SumcorParams {
    pub(crate) fn validate(&self) -> Result<(), AlignError> {
        let shrinkage = self.shrinkage;
        ensure((0.0..=1.0).contains(&shrinkage), "sumcor", "shrinkage", shrinkage, "a number from 0 to 1")?;
        self.rotation().validate("sumcor")
    }

    fn rotation(&self) -> GpaParams {
        GpaParams { solver: Solver::Accelerated, tol: self.tol, rank: self.rank, ..GpaParams::default() }
    }
}

/// `max Σ_{i≠j} tr(W_iᵀ Z_iᵀ Z_j W_j)` with `W_m = T_m R_m`, R_m orthogonal and
/// `T_m = ((1 − α) Z_mᵀ Z_m / n + α I)^(−1/2)`: at α = 0 the columns of each `Z_m W_m` are uncorrelated with unit variance,
/// which is multiset CCA with the sum of correlations as criterion (Kettenring, Biometrika 58, 1971); at α = 1 it is
/// generalised Procrustes; between them the path of regularised hyperalignment (Xu, Lorbert, Ramadge, Guntupalli and
/// Haxby, 2012).
///
/// Solved as GPA of the views `Z_m T_m`, by the accelerated solver on their moments. Back by `Z = U W⁻¹`, `W⁻¹ = Rᵀ T⁻¹`.
/// Directions along which a view does not spread are dropped. The objective reported is GPA's. Cost: M eigendecompositions
/// of d_m more than GPA.
pub(crate) fn fit(params: &SumcorParams, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
    at_least_two_views("sumcor", train)?;
    let standardisation = Standardisation::Population(params.constant_columns);
    from_moments(params, &Moments::fit(train, Incomplete::MeanOfPresent, standardisation)?, seed)
}

/// The same from moments alone, [`Incomplete::MeanOfPresent`] ones where views miss items.
pub(crate) fn from_moments(params: &SumcorParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    let whiteners: Result<Vec<Roots>, AlignError> =
        (0..moments.views()).into_par_iter().map(|m| Roots::of(moments, m, params.shrinkage)).collect();
    let whiteners = whiteners?;
    let maps: Vec<Matrix<f64>> = whiteners.iter().map(|roots| roots.inverse.clone()).collect();
    let fit = gpa::fit_moments(&params.rotation(), &moments.transformed(&maps), seed)?;
    let Fitted::Universe(universe) = fit.fitted else { return Ok(fit) };
    let views = universe.views().iter().zip(&whiteners).map(|(view, roots)| {
        let rotation = view.map.map(|&x| f64::from(x));
        let map = linalg::product(roots.inverse.view(), rotation.view(), Threads::Pool);
        let back = linalg::product(rotation.view().transpose(), roots.root.view(), Threads::Pool);
        let mut view = view.clone();
        (view.map, view.back) = (map.map(|&x| x as f32), Some(back.map(|&x| x as f32)));
        view
    });
    Ok(Fit { fitted: Fitted::Universe(Universe::new(views.collect())), report: fit.report })
}

/// `(…)^(−1/2)` and `(…)^(1/2)` of `(1 − α) Z_mᵀ Z_m / n + α I`, both d × d and symmetric.
struct Roots {
    inverse: Matrix<f64>,
    root: Matrix<f64>,
}

impl Roots {
    fn of(moments: &Moments, m: usize, shrinkage: f64) -> Result<Self, AlignError> {
        let context = || format!("view `{}`", moments.names()[m]);
        let (values, vectors) = linalg::symmetric_eigen(moments.block(m, m), &context)?;
        let (d, rows) = (moments.width(m), moments.rows(m, m));
        let largest = values.last().copied().unwrap_or(0.0).max(0.0);
        let cut = largest.sqrt() * rows.max(d) as f64 * f64::from(f32::EPSILON);
        let power = |k: usize, exponent: f64| {
            let shrunk = (1.0 - shrinkage) * values[k].max(0.0) / rows as f64 + shrinkage;
            let empty = shrinkage == 0.0 && values[k].max(0.0).sqrt() <= cut;
            if empty { 0.0 } else { shrunk.powf(exponent) }
        };
        let of_power = |exponent: f64| {
            let scaled = Matrix::from_fn(d, d, |i, k| vectors[(i, k)] * power(k, exponent));
            linalg::product(scaled.view(), vectors.transpose(), Threads::One)
        };
        Ok(Self { inverse: of_power(-0.5), root: of_power(0.5) })
    }
}
