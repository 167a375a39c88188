//! SUMCOR: multiset canonical correlation, and the path from it to Procrustes.

use crate::methods::shared::docs::CONSTANT_COLUMNS;
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace, fit_as_one_type};
use crate::fitted::ViewMap;
use crate::methods::canonical::spectrum::{self, Keep, Spectrum};
use crate::methods::gpa::{self, GpaParams, Solver};
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::groups::in_groups;
use crate::methods::shared::search::{axes, numbers};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::prep::ConstantColumns;
use crate::{AlignError, Fit, Fitted, Matrix, Universe};

/// Multiset CCA by the sum of correlations (SUMCOR), and the path from it to Procrustes.
///
/// # Formula
/// $$ \max \sum_{i \ne j} \operatorname{tr}(W_i^\top Z_i^\top Z_j W_j) , \qquad W_m = T_m R_m , \qquad
/// T_m = \Bigl( (1 - \alpha) \tfrac{1}{n} Z_m^\top Z_m + \alpha I \Bigr)^{-1/2} $$
///
/// over orthogonal $R_m$, with $\alpha$ = `shrinkage`. This is the simultaneous (trace) criterion: all directions are
/// found at once.
///
/// - $\alpha = 0$: the columns of every $Z_m W_m$ are uncorrelated with unit variance. This is multiset CCA with the
///   sum of correlations as criterion.
/// - $\alpha = 1$: generalised Procrustes.
/// - Between them: the path of regularised hyperalignment.
///
/// It is solved as GPA of the views $Z_m T_m$, by the accelerated solver on their moments. The way back is
/// $Z = U W^{-1}$ with $W^{-1} = R^\top T^{-1}$. The objective in the report is GPA's.
///
/// # Shapes
/// Views are $N \times d_m$, standardised with the population standard deviation. $W_m$ is $d_m \times D$; the universe
/// has the width $D$ of the widest view, or `rank`.
///
/// # Cost
/// GPA and $M$ eigendecompositions of $d_m \times d_m$.
///
/// # Source
/// Kettenring, Biometrika 58 (1971). The path: Xu, Lorbert, Ramadge, Guntupalli and Haxby, 2012 (regularised
/// hyperalignment).
///
/// # Departures
/// Kettenring finds one canonical variate after the other; the two solutions differ if there are several dimensions.
/// Directions of a view that only rounding explains are dropped. If views miss items, an item that $k$ of $M$ views
/// have counts $M / k$ times in $Z_m^\top Z_m$ and in $n$, as it does in the sum over pairs of views: columns are
/// uncorrelated with unit variance under these weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SumcorParams {
    /// Shrinkage α from 0 (whitened views, canonical correlations) to 1 (unchanged views, Procrustes).
    pub shrinkage: f64,
    /// Width of the universe: the first principal axes of the solution of full width. Default: all. This is not SUMCOR
    /// at that rank, which would maximise the criterion over d_m × `rank` maps and reach at least as high a value.
    pub rank: Option<usize>,
    /// Tolerance: stop after a sweep that changes the objective by less than this, relative to the objective.
    pub tol: f64,
    /// Maximal number of sweeps over the views. Default: 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_iter: Option<usize>,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl Default for SumcorParams {
    fn default() -> Self {
        Self { shrinkage: 0.0, rank: None, tol: 1e-6, max_iter: None, constant_columns: ConstantColumns::default() }
    }
}

impl SumcorParams {
    fn rotation(&self) -> GpaParams {
        let Self { tol, max_iter, rank, .. } = *self;
        GpaParams { solver: Solver::Accelerated, tol, max_iter, rank, ..GpaParams::default() }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "shrinkage",
        "0.0",
        "number from 0 to 1",
        "Mixture of whitened views (0, SUMCOR) and unwhitened views (1, Procrustes)",
    ),
    ParameterDoc::new(
        "rank",
        "null",
        "integer >= 1, or null",
        "Width of the universe: the first principal axes of the solution; null keeps all",
    ),
    ParameterDoc::new("tol", "1e-6", "number >= 0", "Stop when a sweep changes the objective by less than this share"),
    ParameterDoc::new(
        "max_iter",
        "null",
        "integer >= 1, or null",
        "Maximum number of sweeps over the views; null is 500",
    ),
    CONSTANT_COLUMNS,
];

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

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        3
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 12.0 * size.views as f64
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        vec![("shrinkage", numbers(&[0.0, 0.1, 0.3, 0.6, 1.0])), ("rank", axes(size))]
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

    fn fit_settings(
        &self,
        settings: &[&dyn MomentAligner],
        moments: &Moments,
        seed: u64,
    ) -> Vec<Result<Fit, AlignError>> {
        fit_as_one_type(settings, moments, seed, |settings| fit_several(settings, moments, seed))
    }
}

fn from_moments(params: &SumcorParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    check(params, moments)?;
    let spectra = Spectrum::of_all(moments, Keep::AboveRounding)?;
    let shrunk = Shrunk::new(params.shrinkage, moments, &spectra)?;
    shrunk.completed(params, params.rotation().fit_moments(&shrunk.moments(), seed)?)
}

/// Fits several settings. The eigendecompositions of the views are the same for all; settings of one shrinkage also share
/// the moments of the shrunk views, and GPA's solution if they differ only in `rank`.
fn fit_several(settings: &[&SumcorParams], moments: &Moments, seed: u64) -> Vec<Result<Fit, AlignError>> {
    let spectra = match Spectrum::of_all(moments, Keep::AboveRounding) {
        Ok(spectra) => spectra,
        Err(error) => return settings.iter().map(|_| Err(error.clone())).collect(),
    };
    in_groups(
        settings,
        |params| params.shrinkage,
        |shrinkage, settings| {
            let shrunk = match Shrunk::new(shrinkage, moments, &spectra) {
                Ok(shrunk) => shrunk,
                Err(error) => {
                    let first = |params: &&SumcorParams| Err(check(params, moments).err().unwrap_or(error.clone()));
                    return settings.iter().map(first).collect();
                }
            };
            let rotations: Vec<GpaParams> = settings.iter().map(|params| params.rotation()).collect();
            let rotations: Vec<&GpaParams> = rotations.iter().collect();
            let rotated = gpa::fit_several(&rotations, &shrunk.moments(), seed);
            let complete = |(params, rotated): (&&SumcorParams, Result<Fit, AlignError>)| {
                check(params, moments)?;
                shrunk.completed(params, rotated?)
            };
            settings.iter().zip(rotated).map(complete).collect()
        },
    )
}

/// # Errors
/// Views that no chain of common items joins; a rank above the width of the narrowest view, or for views of several
/// widths.
fn check(params: &SumcorParams, moments: &Moments) -> Result<(), AlignError> {
    moments.check_connected("sumcor")?;
    let widths: Vec<usize> = (0..moments.views()).map(|m| moments.width(m)).collect();
    let narrowest = widths.iter().copied().min().unwrap_or(0);
    at_most("sumcor", "rank", params.rank, narrowest, || "the width of the narrowest view".into())?;
    ensure(
        params.rank.is_none() || narrowest == moments.widest(),
        "sumcor",
        "rank",
        format!("set for views of widths {widths:?}"),
        "views of one width (the grid's `widths: pca` makes them so)",
    )
}

/// The views under one shrinkage.
struct Shrunk<'a> {
    original: &'a Moments,
    spectra: &'a [Spectrum],
    /// T_m of each view and its inverse.
    inverses: Vec<Matrix<f64>>,
    roots: Vec<Matrix<f64>>,
}

impl<'a> Shrunk<'a> {
    /// # Errors
    /// [`AlignError::NoDirection`] for views without a direction.
    fn new(shrinkage: f64, original: &'a Moments, spectra: &'a [Spectrum]) -> Result<Self, AlignError> {
        if spectra.iter().all(|spectrum| spectrum.rank() == 0) {
            return Err(AlignError::NoDirection { method: "sumcor" });
        }
        let power = |exponent: f64| -> Vec<Matrix<f64>> {
            let f = |value: f64, rounding: bool| {
                let dropped = rounding && shrinkage == 0.0;
                if dropped { 0.0 } else { ((1.0 - shrinkage) * value + shrinkage).powf(exponent) }
            };
            spectra.iter().map(|spectrum| spectrum.function(f)).collect()
        };
        let (inverses, roots) = (power(-0.5), power(0.5));
        Ok(Self { original, spectra, inverses, roots })
    }

    /// The moments of the views `Z_m T_m`.
    fn moments(&self) -> Moments {
        self.original.transformed(&self.inverses)
    }

    /// The fit of the original views from the rotations of the shrunk views.
    fn completed(&self, params: &SumcorParams, mut fit: Fit) -> Result<Fit, AlignError> {
        let Self { original, spectra, inverses, roots } = self;
        if params.shrinkage == 0.0 {
            let asked = |m: usize| params.rank.unwrap_or(original.width(m));
            fit.report.kept = spectra.iter().map(Spectrum::rank).collect();
            fit.report.warnings.extend(spectrum::warnings(
                original,
                &Spectrum::ranks(spectra),
                asked,
                Some("shrinkage"),
            ));
        }
        let Fitted::Universe(universe) = fit.fitted else { return Ok(fit) };
        let views = universe.views().iter().zip(inverses.iter().zip(roots)).filter_map(|(view, (inverse, root))| {
            let rotation = view.linear_in()?;
            let map = linalg::product(inverse.view(), rotation.view(), Threads::Pool);
            let back = linalg::product(rotation.view().transpose(), root.view(), Threads::Pool);
            let view = ViewMap::new(view.name().to_string(), view.prep().clone(), map.map(|&x| x as f32));
            Some(view.with_back(back.map(|&x| x as f32)))
        });
        Ok(Fit { fitted: Fitted::Universe(Universe::new(views.collect())), report: fit.report })
    }
}
