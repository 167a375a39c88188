//! GPA: generalised Procrustes analysis.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fitted::ViewMap;
use crate::linalg::{self, Accum, Threads};
use crate::method::{at_least_two_views, ensure};
use crate::moments::{Incomplete, Moments};
use crate::prep::{ConstantColumns, ZScore};
use crate::rng::{Purpose, stream};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Spaces, Stop, Universe};

/// Parameters of `gpa`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GpaParams {
    /// Most sweeps over the views.
    pub max_iter: usize,
    /// Stop when the consensus moves by less than this, relative to its norm.
    pub tol: f64,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl Default for GpaParams {
    fn default() -> Self {
        Self { max_iter: 100, tol: 1e-8, constant_columns: ConstantColumns::default() }
    }
}

impl GpaParams {
    pub(crate) fn validate(&self, method: &'static str) -> Result<(), AlignError> {
        ensure(self.max_iter >= 1, method, "max_iter", self.max_iter, "at least 1")?;
        ensure(self.tol >= 0.0 && self.tol.is_finite(), method, "tol", self.tol, "a finite number, 0 or above")
    }
}

/// min over orthogonal maps of `Σ_m |Z_m R_m − C|²_F` with the consensus `C = 1/M Σ_m Z_m R_m`.
///
/// Input: M views, standardised (ddof 0). Universe: width D = max d_m. A view of width d_m lives in the
/// first d_m universe coordinates, `R_m = [B_m 0]` with B_m orthogonal d_m × d_m, as zero-padding gives it.
/// Reflections are allowed; there is no scaling. Where views miss items, `C_i` is the mean over the views that
/// have item i, and the sum is over the rows that there are.
///
/// Source: arXiv 2602.06205; the released form: a Gaussian start and Jacobi sweeps. Departs: everything is
/// computed from the moments in `f64`, so the tolerance 1e-8 can be reached where `f32` stalls above it;
/// the start is drawn from the seed. The optimum is not unique: seeds end in stationary points whose
/// objectives agree to about 1e-4 and whose maps differ by reflections of weakly shared directions.
pub(crate) fn fit(params: &GpaParams, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
    at_least_two_views("gpa", train)?;
    let prep = |x: &Matrix| ZScore::fit(x, params.constant_columns);
    from_moments(params, &Moments::fit(train, Incomplete::MeanOfPresent, prep)?, seed)
}

/// GPA from moments alone, however they were summed: the rows are not needed. Moments of incomplete views are
/// those of [`Incomplete::MeanOfPresent`].
///
/// # Errors
/// As [`crate::Method::fit`].
pub fn fit_moments(params: &GpaParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    params.validate("gpa")?;
    from_moments(params, moments, seed)
}

fn from_moments(params: &GpaParams, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
    moments.check_every_view("gpa")?;
    let (stacked, report) = sweep(params, moments, seed)?;
    let views = (0..moments.views())
        .map(|m| {
            let (start, width) = (moments.offset(m), moments.width(m));
            let map = Matrix::from_fn(width, stacked.cols(), |i, j| stacked.at(start + i, j) as f32);
            ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), map)
        })
        .collect();
    Ok(Fit { fitted: Fitted::Universe(Universe::new(views)), report })
}

/// Jacobi sweeps on the moments: with all maps stacked in `R` (P × D), `S = G R` holds
/// `M·Z_mᵀ C` for every view, whose first d_m columns give the next B_m by their polar factor.
///
/// Cost of a sweep: 2·P²·D flops and M SVDs of d_m × d_m, whatever N is.
fn sweep(params: &GpaParams, moments: &Moments, seed: u64) -> Result<(Matrix<f64>, FitReport), AlignError> {
    let (views, width) = (moments.views(), moments.widest());
    let mean = (views as f64).powi(-2);
    let mut maps = gaussian_start(moments, width, seed);
    let mut sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
    let mut consensus_square = mean * inner(&maps, &sums);
    let mut next_sums = Matrix::zeros(maps.rows(), width);
    let (mut stop, mut iterations, mut residual) = (Stop::IterationCap, 0, f64::INFINITY);
    for iteration in 1..=params.max_iter {
        let next = procrustes_step(moments, &sums, width)?;
        linalg::gemm(next_sums.view_mut(), Accum::Replace, moments.gram(), next.view(), Threads::Pool);
        let moved = mean * inner_of_differences(&next, &maps, &next_sums, &sums);
        residual = moved.max(0.0).sqrt() / (consensus_square.max(0.0).sqrt() + 1e-12);
        iterations = iteration;
        maps = next;
        std::mem::swap(&mut sums, &mut next_sums);
        consensus_square = mean * inner(&maps, &sums);
        if residual < params.tol {
            stop = Stop::Converged;
            break;
        }
    }
    let parameters = (0..views).map(|m| moments.width(m) * moments.width(m)).sum();
    let report = FitReport {
        stop,
        iterations: Some(iterations),
        objective: Some(moments.energy() - views as f64 * consensus_square),
        residual: Some(residual),
        maps: views,
        parameters,
        corrector: None,
    };
    Ok((maps, report))
}

/// iid N(0, 1) entries per view, not orthogonal: only the first consensus feels them.
fn gaussian_start(moments: &Moments, width: usize, seed: u64) -> Matrix<f64> {
    let rows: Vec<Vec<f64>> = (0..moments.views())
        .into_par_iter()
        .map(|m| {
            let rng = stream(seed, Purpose::GpaStart, Some(m));
            gaussians(moments.width(m) * width, rng)
        })
        .collect();
    Matrix::from_vec(rows.iter().map(Vec::len).sum::<usize>() / width, width, rows.concat())
}

fn gaussians(count: usize, mut rng: impl Rng) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// Every view against the same consensus of the sweep before (Jacobi), its own term included.
fn procrustes_step(moments: &Moments, sums: &Matrix<f64>, width: usize) -> Result<Matrix<f64>, AlignError> {
    let factors: Result<Vec<Matrix<f64>>, AlignError> = (0..moments.views())
        .into_par_iter()
        .map(|m| {
            let d = moments.width(m);
            let block = sums.view().submatrix(moments.offset(m), 0, d, d);
            linalg::polar(block, &|| format!("view `{}` against the consensus", moments.names()[m]))
        })
        .collect();
    let mut maps = Matrix::zeros(sums.rows(), width);
    for (m, factor) in factors?.iter().enumerate() {
        for i in 0..factor.rows() {
            maps.row_mut(moments.offset(m) + i)[..factor.cols()].copy_from_slice(factor.row(i));
        }
    }
    Ok(maps)
}

/// `tr(Aᵀ B)`, row by row.
fn inner(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x * y).sum()
}

/// `tr((A − A0)ᵀ (B − B0))` without forming the differences.
fn inner_of_differences(a: &Matrix<f64>, a0: &Matrix<f64>, b: &Matrix<f64>, b0: &Matrix<f64>) -> f64 {
    let left = a.as_slice().iter().zip(a0.as_slice());
    let right = b.as_slice().iter().zip(b0.as_slice());
    left.zip(right).map(|((x, x0), (y, y0))| (x - x0) * (y - y0)).sum()
}
