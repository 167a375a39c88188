//! Penalties of candidates for being near to everything, measured on a bank of queries.

use align::Matrix;
use align::kernels::exp_shifted;
use align::linalg::{MatrixView, Threads, product};
use align::parallel::prelude::*;

use crate::ranking::largest::Largest;

/// Queries or candidates that are processed at a time.
pub(crate) const BLOCK: usize = 256;

/// Penalties that are subtracted from the similarities of candidates.
pub(crate) struct Penalties {
    /// One for every candidate.
    pub(crate) values: Vec<f32>,
    /// Whether a query's similarities are corrected; `None` if those of all queries are.
    pub(crate) applies: Option<Vec<bool>>,
}

/// One value for each row of `of`, from all its similarities to the rows of `to`, which are computed in pieces:
/// `start`, then `add` for every piece (with the index of its first similarity), then `end`. Memory: one tile per
/// thread.
pub(crate) fn by_row<S: Send, T: Send>(
    of: MatrixView<'_, f32>,
    to: &Matrix,
    start: impl Fn() -> S + Sync,
    add: impl Fn(&mut S, usize, &mut [f32]) + Sync,
    end: impl Fn(S) -> T + Sync,
) -> Vec<T> {
    let starts: Vec<usize> = (0..of.rows()).step_by(BLOCK).collect();
    let blocks: Vec<Vec<T>> = starts
        .par_iter()
        .map(|&top| {
            let height = BLOCK.min(of.rows() - top);
            let mut states: Vec<S> = (0..height).map(|_| start()).collect();
            for left in (0..to.rows()).step_by(4 * BLOCK) {
                let width = (4 * BLOCK).min(to.rows() - left);
                let block = of.subrows(top, height);
                let mut tile = product(block, to.view().subrows(left, width).transpose(), Threads::One);
                for (i, state) in states.iter_mut().enumerate() {
                    add(state, left, tile.row_mut(i));
                }
            }
            states.into_iter().map(&end).collect()
        })
        .collect();
    blocks.into_iter().flatten().collect()
}

/// Mean of the k largest similarities of each row of `of` to the rows of `to`.
pub(super) fn neighbour_means(of: &Matrix, to: &Matrix, k: usize) -> Vec<f32> {
    by_row(of.view(), to, || Largest::new(k), |largest, first, row| largest.add(first, row), Largest::mean)
}

/// `1/β · ln Σ_i exp(β s_ij)` for each row j of `of`, with i over the rows of `to`. The exponent is shifted by the
/// largest possible cosine, 1.
pub(super) fn log_sums(of: &Matrix, to: &Matrix, beta: f32) -> Vec<f32> {
    let add = |sum: &mut f64, _: usize, row: &mut [f32]| {
        row.iter_mut().for_each(|s| *s *= beta);
        *sum += f64::from(exp_shifted(row, beta));
    };
    by_row(of.view(), to, || 0.0, add, |sum| (1.0 + sum.max(f64::MIN_POSITIVE).ln() / f64::from(beta)) as f32)
}

/// Queries whose nearest candidate is also the nearest of a row of `bank`. Candidates that tie for the nearest count
/// alike.
pub(super) fn reach_a_hub(queries: &Matrix, gallery: &Matrix, bank: &Matrix) -> Vec<bool> {
    let nearest = |of: &Matrix| {
        let add = |largest: &mut Largest, first: usize, row: &mut [f32]| largest.add(first, row);
        by_row(of.view(), gallery, || Largest::new(1), add, Largest::nearest)
    };
    let mut reached = vec![false; gallery.rows()];
    for nearest in nearest(bank) {
        nearest.shares().for_each(|(candidate, _)| reached[candidate] = true);
    }
    nearest(queries).iter().map(|nearest| nearest.shares().any(|(candidate, _)| reached[candidate])).collect()
}

/// Sinkhorn's potentials of candidates, as penalties: `−1/β · ln u_j`, where u and v bring `u_j exp(β s_ij) v_i` to equal
/// sums for every candidate j and for every row i of `bank`. Each iteration normalises over candidates, then over the
/// bank. The penalties are those of the rows of `gallery`, relative to their mean; the rows of `beside` are candidates as
/// well.
///
/// Cost: one product of the bank with all candidates per iteration; 256 rows of similarities per thread. The exponents are
/// relative to the largest of their row, so that no sum overflows or vanishes.
pub(super) fn potentials(
    bank: &Matrix,
    gallery: &Matrix,
    beside: Option<&Matrix>,
    beta: f32,
    iterations: usize,
) -> Vec<f32> {
    let stacked = beside.map(|beside| {
        let rows = [gallery.as_slice(), beside.as_slice()].concat();
        Matrix::from_vec(gallery.rows() + beside.rows(), gallery.cols(), rows)
    });
    let candidates = stacked.as_ref().unwrap_or(gallery);
    let mut logs = vec![0.0f64; candidates.rows()];
    for _ in 0..iterations {
        let sums = masses(bank, candidates, &logs, beta);
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logs.iter_mut().zip(sums).for_each(|(log, sum)| *log -= largest + sum.max(f64::MIN_POSITIVE).ln());
    }
    let own = &logs[..gallery.rows()];
    let mean = own.iter().sum::<f64>() / own.len().max(1) as f64;
    own.iter().map(|log| ((mean - log) / f64::from(beta)) as f32).collect()
}

/// Sum over the rows i of `bank` of `exp(β s_ij + l_j) / Σ_j' exp(β s_ij' + l_j')`, for every candidate j. Blocks of the
/// bank are summed in their order, so the sum does not depend on the number of threads.
fn masses(bank: &Matrix, candidates: &Matrix, logs: &[f64], beta: f32) -> Vec<f64> {
    let logs: Vec<f32> = logs.iter().map(|&log| log as f32).collect();
    let starts: Vec<usize> = (0..bank.rows()).step_by(BLOCK).collect();
    let blocks: Vec<Vec<f64>> = starts
        .par_iter()
        .map(|&top| {
            let block = bank.view().subrows(top, BLOCK.min(bank.rows() - top));
            let mut tile = product(block, candidates.view().transpose(), Threads::One);
            let mut sums = vec![0.0f64; candidates.rows()];
            for i in 0..tile.rows() {
                let row = tile.row_mut(i);
                row.iter_mut().zip(&logs).for_each(|(s, log)| *s = *s * beta + log);
                let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let share = 1.0 / f64::from(exp_shifted(row, largest));
                sums.iter_mut().zip(&*row).for_each(|(sum, &mass)| *sum += share * f64::from(mass));
            }
            sums
        })
        .collect();
    let mut sums = vec![0.0; candidates.rows()];
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, part)| *sum += part);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::prep::unit_rows;

    fn rows(n: usize, shift: f32) -> Matrix {
        unit_rows(&Matrix::from_fn(n, 5, |i, j| ((i * 7 + j * 3) as f32 * 0.37 + shift).sin()))
    }

    /// After enough iterations every candidate has the same mass, and so has every row of the bank.
    #[test]
    fn potentials_balance_both_sides() {
        let (bank, gallery) = (rows(300, 0.2), rows(40, 1.1));
        let (beta, penalties) = (12.0f32, potentials(&bank, &gallery, None, 12.0, 200));
        let logs: Vec<f64> = penalties.iter().map(|p| f64::from(-p * beta)).collect();
        let sums = masses(&bank, &gallery, &logs, beta);
        assert!(sums.iter().all(|sum| (sum / (300.0 / 40.0) - 1.0).abs() < 1e-4), "{sums:?}");
        assert!(penalties.iter().sum::<f32>().abs() < 1e-4);
    }

    #[test]
    fn no_exponent_is_too_large() {
        let gallery = Matrix::from_fn(3, 2, |i, j| [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]][i][j]);
        let penalties = potentials(&Matrix::from_fn(4, 2, |_, j| [1.0, 0.0][j]), &gallery, None, 100.0, 10);
        assert!(penalties.iter().all(|penalty| penalty.is_finite()), "{penalties:?}");
    }
}
