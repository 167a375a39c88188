//! The released sweep of GPA: Jacobi, every view against the consensus of the previous sweep.

use super::params::GpaParams;
use super::stack::{Solved, inner, stacked};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, Matrix, Termination};

/// Default of `max_iter`.
const SWEEPS: usize = 100;

/// Jacobi sweeps on the moments. With all maps stacked in `R` (P × D), `S = G R` holds `M·Z_mᵀ C` for every view; the
/// polar factor of its first d_m columns is the next B_m.
///
/// Cost of a sweep: 2·P²·D flops and M SVDs of d_m × d_m, whatever N is.
pub(super) fn solve(params: &GpaParams, moments: &Moments, start: Matrix<f64>) -> Result<Solved, AlignError> {
    let (views, width) = (moments.views(), moments.widest());
    let mean = (views as f64).powi(-2);
    let mut maps = start;
    let mut sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
    let mut consensus_square = mean * inner(&maps, &sums);
    let mut next_sums = Matrix::zeros(maps.rows(), width);
    let (mut stop, mut iterations, mut residual) = (Termination::IterationCap, 0, f64::INFINITY);
    let most = params.max_iter.unwrap_or(SWEEPS);
    for iteration in 1..=most {
        let next = procrustes_step(moments, &sums)?;
        linalg::gemm(next_sums.view_mut(), Accum::Replace, moments.gram(), next.view(), Threads::Pool);
        let moved = mean * inner_of_differences(&next, &maps, &next_sums, &sums);
        residual = moved.max(0.0).sqrt() / (consensus_square.max(0.0).sqrt() + 1e-12);
        iterations = iteration;
        maps = next;
        std::mem::swap(&mut sums, &mut next_sums);
        consensus_square = mean * inner(&maps, &sums);
        if residual < params.tol {
            stop = Termination::Converged;
            break;
        }
        moments.watch().step(iteration, most)?;
    }
    let objective = moments.energy() - views as f64 * consensus_square;
    Ok(Solved { maps, stop, iterations, residual, objective })
}

/// One step for every view against the consensus of the previous sweep (Jacobi), which includes the view's own term.
fn procrustes_step(moments: &Moments, sums: &Matrix<f64>) -> Result<Matrix<f64>, AlignError> {
    let factors: Result<Vec<Matrix<f64>>, AlignError> = (0..moments.views())
        .into_par_iter()
        .map(|m| {
            let d = moments.width(m);
            let block = sums.view().submatrix(moments.offset(m), 0, d, d);
            linalg::polar(block, &|| format!("view `{}` against the consensus", moments.names()[m]))
        })
        .collect();
    Ok(stacked(moments, &factors?))
}

/// `tr((A − A0)ᵀ (B − B0))` without forming the differences.
fn inner_of_differences(a: &Matrix<f64>, a0: &Matrix<f64>, b: &Matrix<f64>, b0: &Matrix<f64>) -> f64 {
    let left = a.as_slice().iter().zip(a0.as_slice());
    let right = b.as_slice().iter().zip(b0.as_slice());
    left.zip(right).map(|((x, x0), (y, y0))| (x - x0) * (y - y0)).sum()
}
