//! The deterministic shared response model (SRM).

use crate::methods::shared::docs::CONSTANT_COLUMNS;
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace};
use crate::fitted::ViewMap;
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::search::ranks;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::ConstantColumns;
use crate::rng::{Purpose, stream};
use crate::{AlignError, Fit, FitReport, FitWarning, Fitted, Matrix, Termination, Universe};
use rand_distr::{Distribution, StandardNormal};

/// Gaussian starting matrices, one random stream per view.
const START: Purpose = Purpose::new(26);

/// Deterministic shared response model (SRM): K shared directions of every view.
///
/// # Formula
/// $$ \min_{W_1, \dots, W_M, S} \sum_m \lVert Z_m - S W_m^\top \rVert_F^2 \quad \text{with} \quad W_m^\top W_m = I_K , $$
///
/// solved by turns: $S = \frac{1}{M} \sum_m Z_m W_m$, then $W_m = U V^\top$ of $Z_m^\top S = U \Sigma V^\top$. The
/// start is drawn from the seed. A row goes into the universe by $u = z W_m$ and comes back by $z = u W_m^\top$, the
/// model's own reconstruction. The objective in the report is the minimised sum.
///
/// GPA rotates the whole view. SRM keeps $K$ directions of each view and leaves the others unexplained. If $K$ is the
/// width of all views, both solve the same problem.
///
/// # Shapes
/// Views $Z_m$ are $N \times d_m$, standardised with the population standard deviation. $W_m$ is $d_m \times K$, the
/// shared response $S$ is $N \times K$, and the universe has width $K$, at most the width of the narrowest view.
///
/// # Cost
/// The second moments of all views, then per sweep $2 P^2 K$ flops with $P = \sum_m d_m$ and $M$ SVDs of
/// $d_m \times K$. A sweep does not depend on $N$, because $Z_m^\top S$ is a block of $G W / M$ with the moments $G$.
///
/// # Source
/// Chen, Chen, Yeshurun, Hasson, Haxby and Ramadge, NeurIPS 2015, the deterministic form.
///
/// # Departures
/// None.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SrmParams {
    /// Number K of features that all views share, at most the narrowest view's width. Default: half of that width.
    pub features: Option<usize>,
    /// Maximal number of sweeps over the views.
    pub max_iter: usize,
    /// Tolerance: stop after a sweep that changes the objective by less than this, relative to the objective.
    pub tol: f64,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl Default for SrmParams {
    fn default() -> Self {
        Self { features: None, max_iter: 100, tol: 1e-6, constant_columns: ConstantColumns::default() }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "features",
        "null",
        "integer >= 1, or null",
        "Number of shared features, at most the narrowest view's width; null is half of it",
    ),
    ParameterDoc::new("max_iter", "100", "integer >= 1", "Maximum number of sweeps over the views"),
    ParameterDoc::new("tol", "1e-6", "number >= 0", "Stop when a sweep changes the objective by less than this share"),
    CONSTANT_COLUMNS,
];

impl Aligner for SrmParams {
    fn name(&self) -> &'static str {
        "srm"
    }

    fn title(&self) -> &'static str {
        "SRM"
    }

    fn summary(&self) -> &'static str {
        "deterministic shared response model: a few shared directions of each view"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        3
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 2.0 * size.views as f64
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        vec![("features", ranks(size))]
    }

    fn validate(&self) -> Result<(), AlignError> {
        let (features, tol) = (self.features.unwrap_or(1), self.tol);
        ensure(features >= 1, "srm", "features", features, "at least 1")?;
        ensure(self.max_iter >= 1, "srm", "max_iter", self.max_iter, "at least 1")?;
        ensure(tol >= 0.0 && tol.is_finite(), "srm", "tol", tol, "a finite number, 0 or above")
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for SrmParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_consensus(self.constant_columns)
    }

    fn fit_moments(&self, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments, seed)
    }
}

fn from_moments(params: &SrmParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    moments.check_connected("srm")?;
    let views = moments.views();
    let narrowest = (0..views).map(|m| moments.width(m)).min().unwrap_or(0);
    at_most("srm", "features", params.features, narrowest, || "the width of the narrowest view".into())?;
    let features = params.features.unwrap_or(narrowest.div_ceil(2));
    let mean = (views as f64).powi(-2);

    let mut maps = Matrix::<f64>::zeros(moments.gram().rows(), features);
    let starts: Vec<Matrix<f64>> = (0..views)
        .map(|m| {
            let mut rng = stream(seed, START, Some(m));
            Matrix::from_fn(moments.width(m), features, |_, _| StandardNormal.sample(&mut rng))
        })
        .collect();
    place(moments, &mut maps, &isometries(moments, &starts)?);
    let mut sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
    // |S|² = tr(Wᵀ G W)/M², and the objective is Σ|Z|² − M|S|².
    let objective = |maps: &Matrix<f64>, sums: &Matrix<f64>| {
        let inner: f64 = maps.as_slice().iter().zip(sums.as_slice()).map(|(w, s)| w * s).sum();
        moments.energy() - views as f64 * mean * inner
    };
    let mut last = objective(&maps, &sums);
    let (mut stop, mut iterations, mut residual) = (Termination::IterationCap, 0, f64::INFINITY);
    for iteration in 1..=params.max_iter {
        let targets: Vec<Matrix<f64>> = (0..views)
            .map(|m| {
                let start = moments.offset(m);
                Matrix::from_fn(moments.width(m), features, |i, k| sums.at(start + i, k))
            })
            .collect();
        place(moments, &mut maps, &isometries(moments, &targets)?);
        linalg::gemm(sums.view_mut(), Accum::Replace, moments.gram(), maps.view(), Threads::Pool);
        let now = objective(&maps, &sums);
        residual = (last - now).abs() / now.abs().max(f64::MIN_POSITIVE);
        (iterations, last) = (iteration, now);
        if residual < params.tol {
            stop = Termination::Converged;
            break;
        }
        moments.watch().step(iteration, params.max_iter)?;
    }
    let of_view = |m: usize| {
        let start = moments.offset(m);
        let map = Matrix::from_fn(moments.width(m), features, |i, k| maps.at(start + i, k) as f32);
        ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), map)
    };
    let maps: Vec<ViewMap> = (0..views).map(of_view).collect();
    let report = FitReport {
        stop,
        iterations: Some(iterations),
        objective: Some(last),
        residual: Some(residual),
        spread: None,
        optimality_gap: None,
        maps: views,
        parameters: maps.iter().map(ViewMap::parameters).sum(),
        kept: Vec::new(),
        corrector: None,
        selection: None,
        warnings: FitWarning::of_end(stop, "SRM", iterations, "max_iter"),
    };
    Ok(Fit { fitted: Fitted::Universe(Universe::new(maps)), report })
}

fn isometries(moments: &Moments, targets: &[Matrix<f64>]) -> Result<Vec<Matrix<f64>>, AlignError> {
    let of = |(m, target): (usize, &Matrix<f64>)| {
        linalg::polar(target.view(), &|| format!("view `{}` against the shared response", moments.names()[m]))
    };
    targets.par_iter().enumerate().map(of).collect()
}

/// Writes the map of every view into the rows of that view.
fn place(moments: &Moments, maps: &mut Matrix<f64>, factors: &[Matrix<f64>]) {
    for (m, factor) in factors.iter().enumerate() {
        (0..factor.rows()).for_each(|i| maps.row_mut(moments.offset(m) + i).copy_from_slice(factor.row(i)));
    }
}
