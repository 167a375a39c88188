//! GPA: generalised Procrustes analysis.

mod accelerated;
mod balance;
mod bound;
mod params;
mod released;
mod restarts;
mod robust;
mod rounds;
mod stack;
mod wide;

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace, fit_as_one_type};
use crate::fitted::ViewMap;
use crate::methods::shared::check::at_most;
use crate::methods::shared::docs::CONSTANT_COLUMNS;
use crate::methods::shared::groups::in_groups;
use crate::methods::shared::search::{axes, names, quick, switch};
use crate::moments::Moments;
use crate::named::ParameterDoc;
use crate::numerics::linalg::{self, Factor, Threads};
use crate::{AlignError, Fit, FitReport, FitWarning, Fitted, Matrix, Universe, Views};

pub use balance::Weights;
pub use params::{GpaParams, Orientation, Solver};
pub use robust::Robust;
use rounds::Balanced;

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "solver",
        "released",
        "released, accelerated",
        "Solver: Jacobi sweeps from a Gaussian start, or two views at a time, extrapolated",
    ),
    ParameterDoc::new(
        "max_iter",
        "null",
        "integer >= 1, or null",
        "Maximum number of sweeps over the views; null is 100 released, 500 accelerated",
    ),
    ParameterDoc::new(
        "tol",
        "1e-8",
        "number >= 0",
        "Stop when a sweep changes the consensus (released) or the objective (accelerated) by less than this share",
    ),
    ParameterDoc::new(
        "restarts",
        "1",
        "integer >= 1",
        "Number of starts, of which the one with the lowest objective is kept",
    ),
    ParameterDoc::new(
        "certify",
        "null",
        "true, false, null",
        "Report how far the objective can be above the lowest; null does so up to 1,024 columns in all",
    ),
    ParameterDoc::new(
        "orientation",
        "",
        "principal",
        "Rotate the universe to the principal axes of the consensus; always so with `rank`",
    ),
    ParameterDoc::new(
        "rank",
        "null",
        "integer >= 1, or null",
        "Width of the universe: its first principal axes; null keeps all",
    ),
    ParameterDoc::new("scale", "false", "true, false", "Give every view a scale factor"),
    ParameterDoc::new(
        "weights",
        "equal",
        "equal, agreement, {given: {VIEW: number > 0}}",
        "Weights of the views in the consensus",
    ),
    ParameterDoc::new(
        "robust",
        "null",
        "null, {huber: number > 0}, {tukey: number > 0}",
        "Robust loss for rows far from their item's consensus, with the distance at which it begins",
    ),
    CONSTANT_COLUMNS,
];

impl Aligner for GpaParams {
    fn name(&self) -> &'static str {
        "gpa"
    }

    fn title(&self) -> &'static str {
        "GPA"
    }

    fn summary(&self) -> &'static str {
        "generalised Procrustes: one orthogonal map per view into a shared universe"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        6
    }

    fn uses_seed(&self) -> bool {
        self.solver == Solver::Released || self.restarts > 1
    }

    fn cost(&self, size: &FitSize) -> f64 {
        let views = size.views as f64;
        if self.robust.is_some() { 30.0 + 10.0 * views * views } else { 4.0 + 4.0 * views }
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        let [solver, tol] = quick();
        vec![solver, tol, ("rank", axes(size)), ("scale", switch()), ("weights", names(&["equal", "agreement"]))]
    }

    fn validate(&self) -> Result<(), AlignError> {
        self.check("gpa")
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let MomentSpec { incomplete, standardisation } = self.spec();
        let moments = Moments::fit(input.views, incomplete, standardisation)?.watched_by(input.watch());
        from_moments(self, &moments, Some(input.views), seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

/// Moments alone do not suffice for `robust`, nor for `weights` if views miss items.
impl MomentAligner for GpaParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_consensus(self.constant_columns)
    }

    fn fit_moments(&self, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments, None, seed)
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

fn from_moments(params: &GpaParams, moments: &Moments, train: Option<&Views>, seed: u64) -> Result<Fit, AlignError> {
    check(params, moments)?;
    let start = rounds::start(params, moments, train, seed)?;
    Ended::new(rounds::finish(params, start, train)?).fit(params)
}

/// Fits several settings on moments. Settings that differ only in `scale`, `rank`, `orientation` or `certify` have one
/// solution. The rounds of `scale` continue from it, once for all settings with `scale`.
pub(crate) fn fit_several(settings: &[&GpaParams], moments: &Moments, seed: u64) -> Vec<Result<Fit, AlignError>> {
    let solved_by = |params: &GpaParams| {
        check(params, moments)?;
        let free = GpaParams { scale: false, rank: None, certify: None, ..params.clone() };
        Ok(GpaParams { orientation: Orientation::Free, ..free })
    };
    in_groups(settings, solved_by, |solved_by, settings| {
        let start = solved_by.and_then(|params| rounds::start(&params, moments, None, seed));
        in_groups(
            settings,
            |params| params.scale,
            |scale, settings| {
                let finish = |params: &GpaParams| rounds::finish(params, start.clone()?, None).map(Ended::new);
                let ended = finish(&GpaParams { scale, ..settings[0].clone() });
                settings.iter().map(|params| ended.as_ref().map_err(Clone::clone)?.fit(params)).collect()
            },
        )
    })
}

/// # Errors
/// Parameters outside their domains; views that no chain of common items joins.
fn check(params: &GpaParams, moments: &Moments) -> Result<(), AlignError> {
    params.check("gpa")?;
    moments.check_connected("gpa")
}

/// The end of the iteration, from which fits with any `rank`, `orientation` and `certify` follow.
struct Ended<'m> {
    end: Balanced<'m>,
    /// The optimality gap and the principal axes of the consensus, once they are computed.
    gap: OnceCell<Result<f64, AlignError>>,
    axes: OnceCell<Result<Factor, AlignError>>,
}

impl<'m> Ended<'m> {
    fn new(end: Balanced<'m>) -> Self {
        Self { end, gap: OnceCell::new(), axes: OnceCell::new() }
    }

    fn fit(&self, params: &GpaParams) -> Result<Fit, AlignError> {
        let Balanced { solved, spread, scales, moments, .. } = &self.end;
        // The bound is for the maps before they are rotated or cut. A robust sum is no quadratic form in the maps and
        // has no such bound.
        let certify = params.robust.is_none() && params.certify.unwrap_or(solved.maps.rows() <= bound::COLUMNS);
        let gap = || self.gap.get_or_init(|| bound::gap(moments, &solved.maps)).clone();
        let optimality_gap = certify.then(gap).transpose()?;
        let stacked = if params.orientation == Orientation::Principal || params.rank.is_some() {
            Cow::Owned(self.principal(params.rank)?)
        } else {
            Cow::Borrowed(&solved.maps)
        };
        let views = (0..moments.views())
            .map(|m| {
                let (start, width) = (moments.offset(m), moments.width(m));
                let entry = |i: usize, j: usize| stacked.at(start + i, j);
                let scale = scales.as_ref().map_or(1.0, |scales| scales[m]);
                let map = Matrix::from_fn(width, stacked.cols(), |i, j| (scale * entry(i, j)) as f32);
                let back = || Matrix::from_fn(stacked.cols(), width, |j, i| (entry(i, j) / scale) as f32);
                let back = scales.is_some().then(back);
                ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), map).with_decoder(back)
            })
            .collect();
        let rotations = |m: usize| moments.width(m) * moments.width(m).min(stacked.cols());
        let report = FitReport {
            stop: solved.stop,
            iterations: Some(solved.iterations),
            objective: Some(solved.objective),
            residual: Some(solved.residual),
            spread: *spread,
            optimality_gap,
            maps: moments.views(),
            parameters: (0..moments.views()).map(rotations).sum::<usize>() + scales.as_ref().map_or(0, Vec::len),
            kept: Vec::new(),
            corrector: None,
            selection: None,
            warnings: FitWarning::of_end(solved.stop, "GPA", solved.iterations, "max_iter"),
        };
        Ok(Fit { fitted: Fitted::Universe(Universe::new(views)), report })
    }

    /// The maps in the principal axes of the consensus, cut to the first `rank` axes: `R V` with `Cᵀ C = V Λ Vᵀ`.
    fn principal(&self, rank: Option<usize>) -> Result<Matrix<f64>, AlignError> {
        let Balanced { solved, moments, .. } = &self.end;
        let (maps, width) = (&solved.maps, moments.widest());
        if (0..moments.views()).any(|m| moments.width(m) != width) {
            let widths: Vec<String> = (0..moments.views()).map(|m| moments.width(m).to_string()).collect();
            return Err(AlignError::Parameter {
                method: "gpa",
                parameter: if rank.is_some() { "rank" } else { "orientation" },
                got: format!("set for views of widths {}", widths.join(", ")),
                want: "views of one width (the grid's `widths: pca` makes them so)",
            });
        }
        let axes = || {
            let sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
            let square = linalg::product(maps.view().transpose(), sums.view(), Threads::Pool);
            Ok(linalg::symmetric_eigen(square.view(), &|| "the consensus".into())?.1)
        };
        let vectors = self.axes.get_or_init(axes).as_ref().map_err(Clone::clone)?;
        at_most("gpa", "rank", rank, width, || "the width of the views".into())?;
        let rank = rank.unwrap_or(width);
        let axes = Matrix::from_fn(width, rank, |i, j| vectors[(i, width - 1 - j)]);
        let mut turned = linalg::product(maps.view(), axes.view(), Threads::Pool);
        let signs: Vec<f64> = (0..rank).map(|j| linalg::sign_of_largest(turned.rows(), |i| turned.at(i, j))).collect();
        for i in 0..turned.rows() {
            turned.row_mut(i).iter_mut().zip(&signs).for_each(|(x, sign)| *x *= sign);
        }
        Ok(turned)
    }
}
