//! GPA: generalised Procrustes analysis.

mod accelerated;
mod balance;
mod bound;
mod released;
mod robust;
mod rounds;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fitted::ViewMap;
use crate::linalg::{self, Threads};
use crate::methods::check::{at_least_two_views, at_most, ensure};
use crate::moments::{Incomplete, Moments};
use crate::prep::{ConstantColumns, Standardisation};
use crate::rng::{Purpose, stream};
use crate::{AlignError, Fit, FitReport, FitWarning, Fitted, Ignored, Matrix, Spaces, Stop, Universe};

pub use balance::Weights;
pub use robust::Robust;
use rounds::Balanced;

/// Parameters of `gpa`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GpaParams {
    /// How the objective is lowered.
    pub solver: Solver,
    /// Most sweeps over the views; the solver's without: 100 released, 500 accelerated.
    pub max_iter: Option<usize>,
    /// Stop when a sweep changes less than this: the consensus relative to its norm (released), the objective
    /// relative to itself (accelerated, of a sweep one view at a time, and so must be what is still to come if changes go on
    /// to shrink as the last two did).
    pub tol: f64,
    /// Starts, of which the one with the lowest objective is kept; they share the moments, so each costs its sweeps alone.
    /// The accelerated solver's first is not random.
    pub restarts: usize,
    /// Whether the report says how far the objective can be above the lowest ([`FitReport::optimality_gap`]), an
    /// eigendecomposition of P × P; without, where P, the columns of all views together, is at most 1,024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certify: Option<bool>,
    /// Which of all rotations of the universe.
    pub gauge: Gauge,
    /// Width of the universe: its first principal axes; all without.
    pub rank: Option<usize>,
    /// Whether every view gets a factor of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
    /// What each view counts in the consensus.
    #[serde(skip_serializing_if = "Weights::is_equal")]
    pub weights: Weights,
    /// How rows count that lie far from their item's consensus; by the square of their distance without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robust: Option<Robust>,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// How the objective is lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// As the authors released it: Jacobi sweeps from a Gaussian start.
    #[default]
    Released,
    /// Two views at a time against the rest, extrapolated, from Procrustes maps to the widest view: the released
    /// solver's objective after 100 sweeps in about a tenth of them, and below it.
    Accelerated,
}

/// A universe is defined up to a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gauge {
    /// Whichever the iteration ends in.
    #[default]
    Free,
    /// The principal axes of the consensus, the longest first; of each the sign that makes the largest entry of
    /// the stacked maps positive. Views of one width alone have it.
    Principal,
}

impl Gauge {
    pub(crate) fn is_free(&self) -> bool {
        *self == Self::Free
    }
}

impl Default for GpaParams {
    fn default() -> Self {
        Self {
            solver: Solver::default(),
            max_iter: None,
            tol: 1e-8,
            restarts: 1,
            certify: None,
            gauge: Gauge::default(),
            rank: None,
            scale: false,
            weights: Weights::default(),
            robust: None,
            constant_columns: ConstantColumns::default(),
        }
    }
}

impl GpaParams {
    pub(crate) fn validate(&self, method: &'static str) -> Result<(), AlignError> {
        let (sweeps, rank) = (self.max_iter.unwrap_or(1), self.rank.unwrap_or(1));
        ensure(sweeps >= 1, method, "max_iter", sweeps, "at least 1")?;
        ensure(self.restarts >= 1, method, "restarts", self.restarts, "at least 1")?;
        ensure(rank >= 1, method, "rank", rank, "at least 1")?;
        self.weights.validate(method)?;
        if let Some(robust) = self.robust {
            robust.validate(method)?;
            // A loss that grows slowly is lowest where the views that fit have shrunk to nothing.
            ensure(!self.scale, method, "scale", "true beside `robust`", "one of the two")?;
            let certified = self.certify == Some(true);
            ensure(
                !certified,
                method,
                "certify",
                "true beside `robust`",
                "one of the two: its losses have no such bound",
            )?;
        }
        ensure(self.tol >= 0.0 && self.tol.is_finite(), method, "tol", self.tol, "a finite number, 0 or above")
    }

    /// What has no effect beside the rest.
    pub(crate) fn ignored(&self) -> Vec<Ignored> {
        let beside = "as `free` beside `rank`, which takes principal axes";
        let free = self.rank.is_some() && self.gauge.is_free();
        free.then_some(Ignored { parameter: "gauge", beside, changed: false }).into_iter().collect()
    }

    /// Whether different seeds can give different fits.
    pub(crate) fn uses_seed(&self) -> bool {
        self.solver == Solver::Released || self.restarts > 1
    }
}

/// min over orthogonal maps of `Σ_m |Z_m R_m − C|²_F` with the consensus `C = 1/M Σ_m Z_m R_m`.
///
/// Input: M views, standardised (ddof 0). Universe: width D = max d_m. A view of width d_m lives in the
/// first d_m universe coordinates, `R_m = [B_m 0]` with B_m orthogonal d_m × d_m.
/// Reflections are allowed; there is no scaling. Where views miss items, `C_i` is the mean over the views that
/// have item i, and the sum is over the rows that there are.
///
/// Source: arXiv 2602.06205; the released form: a Gaussian start and Jacobi sweeps. Departs: everything is
/// computed from the moments in `f64`, so the tolerance 1e-8 can be reached where `f32` stalls above it;
/// the start is drawn from the seed. Narrow views are as released, and not as Procrustes has them: zero-padded
/// columns would leave `Z_mᵀ C` a d_m × D matrix, whose polar factor is a partial isometry into any d_m of D
/// directions, while `[B_m 0]` lets a narrow view meet the wider ones in the first d_m coordinates alone.
///
/// The optimum is not unique: starts end in stationary points whose maps differ by reflections of weakly shared
/// directions. On embeddings of encoders their objectives agree to about 1e-4. On small random sets (12 to 150 rows, 2 to
/// 16 columns) one accelerated start in twenty ends above the best of twenty-one, with noise well above the signal
/// half of them, by up to 3.4e-3. `restarts` keeps the best, and [`FitReport::optimality_gap`] says how far any fit can be
/// from the lowest.
///
/// None of the authors', and all a matter of the moments that the same solvers get ([`crate::moments`]):
///
/// - `scale`: min of `Σ_m |s_m Z_m R_m − C|²` over `s_m > 0` with `Σ_m s_m² |Z_m|² = Σ_m |Z_m|²`, by turns (Gower,
///   Psychometrika 40, 1975; Ten Berge, Psychometrika 42, 1977). The map is `s_m R_m`, back by `R_mᵀ/s_m`. Beside
///   `weights` v the norm that is kept is the weighted one, `Σ_m v_m s_m² |Z_m|² = Σ_m v_m |Z_m|²`: under the plain one a
///   view that counts little would take all of it.
/// - `weights`: min of `Σ_m v_m |Z_m R_m − C|²`, C the mean so weighted. Only the consensus feels a weight.
/// - `robust`: min over maps and consensus of `Σ_mi |z_mi|² ρ(|z_mi R_m − c_i|/|z_mi|)` ([`Robust`]) by iteratively
///   reweighted least squares from the fit without; for correspondences of which some are wrong. Views are standardised
///   by all rows, because a row of the wrong item is a row of its view all the same. A round costs N·P·(P + 2D)
///   multiply-adds and a few sweeps.
pub(crate) fn fit(params: &GpaParams, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
    at_least_two_views("gpa", train)?;
    let standardisation = Standardisation::Population(params.constant_columns);
    from_moments(params, &Moments::fit(train, Incomplete::MeanOfPresent, standardisation)?, Some(train), seed)
}

/// GPA from moments alone, [`Incomplete::MeanOfPresent`] ones where views miss items.
///
/// # Errors
/// As [`crate::Method::fit`]; [`AlignError::NeedsRows`] for `robust`, and for `weights` where views miss items.
pub fn fit_moments(params: &GpaParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    from_moments(params, moments, None, seed)
}

fn from_moments(params: &GpaParams, moments: &Moments, train: Option<&Spaces>, seed: u64) -> Result<Fit, AlignError> {
    params.validate("gpa")?;
    moments.check_connected("gpa")?;
    let Balanced { solved, spread, scales, moments } = rounds::solve(params, moments, train, seed)?;
    // Of the maps before they are turned or cut. A robust sum is no quadratic form in the maps and has no such bound.
    let certify = params.robust.is_none() && params.certify.unwrap_or(solved.maps.rows() <= bound::COLUMNS);
    let optimality_gap = certify.then(|| bound::gap(&moments, &solved.maps)).transpose()?;
    let stacked = if params.gauge == Gauge::Principal || params.rank.is_some() {
        principal_axes(&moments, &solved.maps, params.rank)?
    } else {
        solved.maps
    };
    let views = (0..moments.views())
        .map(|m| {
            let (start, width) = (moments.offset(m), moments.width(m));
            let entry = |i: usize, j: usize| stacked.at(start + i, j);
            let scale = scales.as_ref().map_or(1.0, |scales| scales[m]);
            let map = Matrix::from_fn(width, stacked.cols(), |i, j| (scale * entry(i, j)) as f32);
            let back = || Matrix::from_fn(stacked.cols(), width, |j, i| (entry(i, j) / scale) as f32);
            let back = scales.is_some().then(back);
            ViewMap { back, ..ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), map) }
        })
        .collect();
    let rotations: usize = (0..moments.views()).map(|m| moments.width(m) * moments.width(m).min(stacked.cols())).sum();
    let report = FitReport {
        stop: solved.stop,
        iterations: Some(solved.iterations),
        objective: Some(solved.objective),
        residual: Some(solved.residual),
        spread,
        optimality_gap,
        maps: moments.views(),
        parameters: rotations + scales.map_or(0, |scales| scales.len()),
        kept: Vec::new(),
        corrector: None,
        warnings: FitWarning::of_end(solved.stop, "GPA", solved.iterations, "max_iter"),
    };
    Ok(Fit { fitted: Fitted::Universe(Universe::new(views)), report })
}

/// Where an iteration has ended.
struct Solved {
    /// All maps stacked, P × D.
    maps: Matrix<f64>,
    stop: Stop,
    iterations: usize,
    residual: f64,
    objective: f64,
}

/// The lowest of `restarts` objectives, and with several the distance from it to the highest.
fn best_of_restarts(params: &GpaParams, moments: &Moments, seed: u64) -> Result<(Solved, Option<f64>), AlignError> {
    let run = |restart: usize| {
        let gaussian = || gaussian_start(moments, moments.widest(), seed, restart);
        match params.solver {
            Solver::Released => released::solve(params, moments, gaussian()),
            Solver::Accelerated if restart == 0 => accelerated::solve(params, moments, None),
            Solver::Accelerated => accelerated::solve(params, moments, Some(gaussian())),
        }
    };
    let mut best = run(0)?;
    let mut highest = best.objective;
    for restart in 1..params.restarts {
        let solved = run(restart)?;
        highest = highest.max(solved.objective);
        if solved.objective < best.objective {
            best = solved;
        }
    }
    let spread = (params.restarts > 1).then_some(highest - best.objective);
    Ok((best, spread))
}

/// The same maps in the principal axes of the consensus, the first `rank` of them: with `Cᵀ C = V Λ Vᵀ`, `R V`.
fn principal_axes(moments: &Moments, maps: &Matrix<f64>, rank: Option<usize>) -> Result<Matrix<f64>, AlignError> {
    let width = moments.widest();
    if (0..moments.views()).any(|m| moments.width(m) != width) {
        let widths: Vec<String> = (0..moments.views()).map(|m| moments.width(m).to_string()).collect();
        return Err(AlignError::Parameter {
            method: "gpa",
            parameter: if rank.is_some() { "rank" } else { "gauge" },
            got: format!("asked for with widths {}", widths.join(", ")),
            want: "views of one width (the grid's `widths: pca` makes them so)",
        });
    }
    let sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
    let square = linalg::product(maps.view().transpose(), sums.view(), Threads::Pool);
    let (_, vectors) = linalg::symmetric_eigen(square.view(), &|| "the consensus".into())?;
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

/// iid N(0, 1) entries per view, not orthogonal: only the first consensus feels them. The first start has a stream of its
/// own, every further one a substream.
fn gaussian_start(moments: &Moments, width: usize, seed: u64, restart: usize) -> Matrix<f64> {
    let of_view = |m: usize| match restart {
        0 => stream(seed, Purpose::GpaStart, Some(m)),
        _ => {
            let mut rng = stream(seed, Purpose::GpaRestart, Some(m));
            rng.set_stream(restart as u64);
            rng
        }
    };
    let rows: Vec<Vec<f64>> =
        (0..moments.views()).into_par_iter().map(|m| gaussians(moments.width(m) * width, of_view(m))).collect();
    Matrix::from_vec(rows.iter().map(Vec::len).sum::<usize>() / width, width, rows.concat())
}

fn gaussians(count: usize, mut rng: impl Rng) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// The maps `[B_m 0]` of all views one below the other, P × D, from their square factors.
fn stacked(moments: &Moments, factors: &[Matrix<f64>]) -> Matrix<f64> {
    let mut maps = Matrix::zeros(factors.iter().map(Matrix::rows).sum(), moments.widest());
    for (m, factor) in factors.iter().enumerate() {
        for i in 0..factor.rows() {
            maps.row_mut(moments.offset(m) + i)[..factor.cols()].copy_from_slice(factor.row(i));
        }
    }
    maps
}

/// View m's rows and first d_m columns of a P × D matrix.
fn corner(moments: &Moments, stacked: &Matrix<f64>, m: usize) -> Matrix<f64> {
    let d = moments.width(m);
    Matrix::from_fn(d, d, |i, j| stacked.at(moments.offset(m) + i, j))
}

/// `tr(Aᵀ B)`, row by row.
fn inner(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x * y).sum()
}
