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

use crate::fitted::ViewMap;
use crate::linalg::{self, Threads};
use crate::methods::check::{at_least_two_views, at_most};
use crate::moments::{Incomplete, Moments};
use crate::prep::Standardisation;
use crate::{AlignError, Fit, FitReport, FitWarning, Fitted, Matrix, Spaces, Universe};

pub use balance::Weights;
pub use params::{Gauge, GpaParams, Solver};
pub use robust::Robust;
use rounds::Balanced;

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
