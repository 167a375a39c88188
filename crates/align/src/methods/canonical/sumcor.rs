//! SUMCOR: multiset canonical correlation, and the path from it to Procrustes.

use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec};
use crate::fitted::ViewMap;
use crate::methods::canonical::spectrum::{self, Keep, Spectrum};
use crate::methods::gpa::{GpaParams, Solver};
use crate::methods::shared::check::{at_most, ensure};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::ConstantColumns;
use crate::{AlignError, Fit, Fitted, Matrix, Universe};

/// Parameters of `sumcor`: multiset CCA by the sum of correlations, and the path from it to Procrustes.
///
/// `max Σ_{i≠j} tr(W_iᵀ Z_iᵀ Z_j W_j)` over all directions at once, the simultaneous (trace) criterion: the columns of each
/// `Z_m W_m` are uncorrelated (see `shrinkage`). Kettenring's SUMCOR (Biometrika 58, 1971) finds one canonical variate after
/// the other; the two solutions differ where there are several dimensions.
///
/// `max Σ_{i≠j} tr(W_iᵀ Z_iᵀ Z_j W_j)` with `W_m = T_m R_m`, R_m orthogonal and
/// `T_m = ((1 − α) Z_mᵀ Z_m / n + α I)^(−1/2)`: at α = 0 the columns of each `Z_m W_m` are uncorrelated with unit variance,
/// which is multiset CCA with the sum of correlations as criterion (Kettenring, Biometrika 58, 1971), all directions at once; at α = 1 it is
/// generalised Procrustes; between them the path of regularised hyperalignment (Xu, Lorbert, Ramadge, Guntupalli and
/// Haxby, 2012).
///
/// Where views miss items, an item that |V| of M views have counts M/|V| times in `Z_mᵀ Z_m` and in n alike, as it does in
/// the sum over pairs of views: columns are uncorrelated with unit variance over items that count so.
///
/// Solved as GPA of the views `Z_m T_m`, by the accelerated solver on their moments. Back by `Z = U W⁻¹`, `W⁻¹ = Rᵀ T⁻¹`.
/// Directions along which a view does not spread are dropped. The objective reported is GPA's. Cost: M eigendecompositions
/// of d_m more than GPA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SumcorParams {
    /// α from 0, whitened views and canonical correlations, to 1, views as they are and Procrustes.
    pub shrinkage: f64,
    /// Width of the universe: the first principal axes of the solution of full width; all without. This is not SUMCOR at
    /// that rank, which would maximise the criterion over d_m × `rank` maps, and its criterion is no higher.
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
    fn rotation(&self) -> GpaParams {
        GpaParams { solver: Solver::Accelerated, tol: self.tol, rank: self.rank, ..GpaParams::default() }
    }
}

impl Aligner for SumcorParams {
    fn name(&self) -> &'static str {
        "sumcor"
    }

    fn title(&self) -> &'static str {
        "SUMCOR"
    }

    fn summary(&self) -> &'static str {
        "multiset CCA (sum of correlations), or a point on the path from it to Procrustes"
    }

    fn version(&self) -> u32 {
        2
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 2.0 * size.views as f64
    }

    fn validate(&self) -> Result<(), AlignError> {
        let shrinkage = self.shrinkage;
        ensure((0.0..=1.0).contains(&shrinkage), "sumcor", "shrinkage", shrinkage, "a number from 0 to 1")?;
        self.rotation().check("sumcor")
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for SumcorParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_consensus(self.constant_columns)
    }

    fn fit_moments(&self, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments, seed)
    }
}

fn from_moments(params: &SumcorParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    moments.check_connected("sumcor")?;
    let widths: Vec<usize> = (0..moments.views()).map(|m| moments.width(m)).collect();
    let narrowest = widths.iter().copied().min().unwrap_or(0);
    at_most("sumcor", "rank", params.rank, narrowest, || "the width of the narrowest view".into())?;
    ensure(
        params.rank.is_none() || narrowest == moments.widest(),
        "sumcor",
        "rank",
        format!("asked for with widths {widths:?}"),
        "views of one width (the grid's `widths: pca` makes them so)",
    )?;
    let spectra: Result<Vec<Spectrum>, AlignError> =
        (0..moments.views()).into_par_iter().map(|m| Spectrum::of(moments, m, Keep::AboveRounding)).collect();
    let spectra = spectra?;
    let kept: Vec<usize> = spectra.iter().map(Spectrum::rank).collect();
    if kept.iter().all(|&kept| kept == 0) {
        return Err(AlignError::NoDirection { method: "sumcor" });
    }
    let power = |exponent: f64| -> Vec<Matrix<f64>> {
        let f = |value: f64, rounding: bool| {
            let dropped = rounding && params.shrinkage == 0.0;
            if dropped { 0.0 } else { ((1.0 - params.shrinkage) * value + params.shrinkage).powf(exponent) }
        };
        spectra.iter().map(|spectrum| spectrum.function(f)).collect()
    };
    let (inverses, roots) = (power(-0.5), power(0.5));
    let mut fit = params.rotation().fit_moments(&moments.transformed(&inverses), seed)?;
    if params.shrinkage == 0.0 {
        let asked = |m: usize| params.rank.unwrap_or(moments.width(m));
        fit.report.kept = kept;
        fit.report.warnings.extend(spectrum::warnings(moments, &spectra, asked, Some("shrinkage")));
    }
    let Fitted::Universe(universe) = fit.fitted else { return Ok(fit) };
    let views = universe.views().iter().zip(inverses.iter().zip(&roots)).filter_map(|(view, (inverse, root))| {
        let rotation = view.linear_in()?;
        let map = linalg::product(inverse.view(), rotation.view(), Threads::Pool);
        let back = linalg::product(rotation.view().transpose(), root.view(), Threads::Pool);
        let view = ViewMap::new(view.name().to_string(), view.prep().clone(), map.map(|&x| x as f32));
        Some(view.with_back(back.map(|&x| x as f32)))
    });
    Ok(Fit { fitted: Fitted::Universe(Universe::new(views.collect())), report: fit.report })
}
