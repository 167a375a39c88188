//! Starts of GPA; the fit with the lowest objective is kept.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::params::{GpaParams, Solver};
use super::stack::Solved;
use super::{accelerated, released};
use crate::moments::Moments;
use crate::numerics::parallel::prelude::*;
use crate::rng::{Purpose, stream};
use crate::{AlignError, Matrix};

/// Gaussian starting matrices of the first start, one random stream per view.
const FIRST_START: Purpose = Purpose::new(1);
/// Gaussian starting matrices of further starts: one random stream per view, with one substream per start.
const FURTHER_STARTS: Purpose = Purpose::new(27);

/// The fit with the lowest objective of `restarts` starts, and the distance from the lowest to the highest objective if
/// there are several starts.
pub(super) fn best_of_restarts(
    params: &GpaParams,
    moments: &Moments,
    seed: u64,
) -> Result<(Solved, Option<f64>), AlignError> {
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

/// Independent N(0, 1) entries per view. The matrices are not orthogonal; only the first consensus depends on them. The
/// first start has a stream of its own, every further start a substream.
fn gaussian_start(moments: &Moments, width: usize, seed: u64, restart: usize) -> Matrix<f64> {
    let of_view = |m: usize| match restart {
        0 => stream(seed, FIRST_START, Some(m)),
        _ => {
            let mut rng = stream(seed, FURTHER_STARTS, Some(m));
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
