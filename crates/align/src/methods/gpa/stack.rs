//! Maps of all views, stacked, as the solvers update them.

use crate::moments::Moments;
use crate::numerics::linalg::Float;
use crate::{Matrix, Termination};

/// End of an iteration.
#[derive(Clone)]
pub(super) struct Solved {
    /// Maps of all views, stacked: P × D.
    pub(super) maps: Matrix<f64>,
    pub(super) stop: Termination,
    pub(super) iterations: usize,
    pub(super) residual: f64,
    pub(super) objective: f64,
}

/// The maps `[B_m 0]` of all views, stacked (P × D), from their square factors.
pub(super) fn stacked(moments: &Moments, factors: &[Matrix<f64>]) -> Matrix<f64> {
    let mut maps = Matrix::zeros(factors.iter().map(Matrix::rows).sum(), moments.widest());
    for (m, factor) in factors.iter().enumerate() {
        for i in 0..factor.rows() {
            maps.row_mut(moments.offset(m) + i)[..factor.cols()].copy_from_slice(factor.row(i));
        }
    }
    maps
}

/// The rows of view m and the first d_m columns of a P × D matrix.
pub(super) fn corner(moments: &Moments, stacked: &Matrix<f64>, m: usize) -> Matrix<f64> {
    let d = moments.width(m);
    Matrix::from_fn(d, d, |i, j| stacked.at(moments.offset(m) + i, j))
}

/// `tr(Aᵀ B)`, row by row.
pub(super) fn inner<T: Float>(a: &Matrix<T>, b: &Matrix<T>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x.widen() * y.widen()).sum()
}

/// The sum of all further changes if they shrink at the rate from `before` to `change`.
pub(super) fn still_to_come(before: f64, change: f64) -> f64 {
    let ratio = change / before;
    if change <= 0.0 {
        0.0
    } else if ratio > 0.0 && ratio < 1.0 {
        change * ratio / (1.0 - ratio)
    } else {
        f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::still_to_come;

    #[test]
    fn what_is_still_to_come_is_a_geometric_sum() {
        assert_eq!(still_to_come(4.0, 2.0), 2.0);
        assert_eq!(still_to_come(2.0, 0.0), 0.0);
        assert_eq!(still_to_come(2.0, 2.0), f64::INFINITY);
        assert_eq!(still_to_come(-1.0, 2.0), f64::INFINITY);
    }
}
