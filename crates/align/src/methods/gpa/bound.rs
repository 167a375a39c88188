//! A bound on the distance of GPA's objective from the lowest objective of any maps.
//!
//! The objective is the energy minus `tr(Rᵀ G R)/M`, and `X = R Rᵀ` is positive semidefinite with an identity block for
//! each view. For all symmetric block-diagonal Λ and S such that `Λ + S − G` is positive semidefinite, and for all such
//! R, `tr(Rᵀ G R) = ⟨G, X⟩ ≤ ⟨Λ + S, X⟩ = tr Λ + tr S`: weak duality of the semidefinite relaxation.
//!
//! The first-order conditions of the fitted maps determine Λ: `A_m B_mᵀ`, made symmetric, where A_m holds the first d_m
//! columns of view m's rows of `G R`. Its trace is the trace of `Rᵀ G R`, so the gap is `tr S/M`. With eigenpairs λ_j,
//! v_j of `Λ − G` and any c ≥ 0, `S = c I + Σ_{λ_j < −c} (−λ_j − c) T_j` is valid, where the blocks of T_j are
//! `v_jm v_jmᵀ |v_j|₁/|v_jm|`, v_jm holds view m's entries and `|v_j|₁ = Σ_m |v_jm|`. `T_j − v_j v_jᵀ` is positive
//! semidefinite by the Cauchy-Schwarz inequality, and `tr T_j = |v_j|₁²` is at most M, whereas `c I` alone costs P
//! times the magnitude of the lowest eigenvalue. The sum is piecewise linear and convex in c, so the best c is one of
//! the −λ_j, or 0.
//!
//! For views of one width and moderate noise the optimum is certified up to rounding: Ling, "Near-optimal bounds for
//! generalized orthogonal Procrustes problem via generalized power method", Applied and Computational Harmonic Analysis
//! 66, 2023, proves when. With more noise the relaxation lies below the optimum. The relaxation also covers partial
//! isometries. Therefore it always has a gap if views are narrower than the universe.

use super::stack::corner;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::{AlignError, Matrix};

/// Maximal number of columns of all views together for which the bound is computed by default.
pub(super) const COLUMNS: usize = 1024;

/// The objective of these maps (P × D, blocks `[B_m 0]` with B_m orthogonal) minus a lower bound on the objective of
/// all such maps, in the unit of the objective. The eigenvalues are lowered by the largest error of rounding.
///
/// Cost: an eigendecomposition of P × P, and 3 · 8 · P² bytes.
pub(super) fn gap(moments: &Moments, maps: &Matrix<f64>) -> Result<f64, AlignError> {
    let (columns, views) = (maps.rows(), moments.views());
    let sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
    let gram = moments.gram();
    let mut rest = Matrix::from_fn(columns, columns, |i, j| -gram[(i, j)]);
    for m in 0..views {
        let (start, own) = (moments.offset(m), corner(moments, maps, m));
        let target = corner(moments, &sums, m);
        let multipliers = linalg::product(target.view(), own.view().transpose(), Threads::Pool);
        for i in 0..own.rows() {
            let row = &mut rest.row_mut(start + i)[start..start + own.rows()];
            row.iter_mut().enumerate().for_each(|(j, x)| *x += (multipliers.at(i, j) + multipliers.at(j, i)) / 2.0);
        }
    }
    let (values, vectors) = linalg::symmetric_eigen(rest.view(), &|| "the multipliers less the moments".into())?;
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let rounding = columns as f64 * f64::EPSILON * largest;
    // The distance of each eigenvalue below zero, the largest first, and the cost of lifting its vector alone.
    let below: Vec<(f64, f64)> = values
        .iter()
        .enumerate()
        .map(|(j, value)| {
            let length = |m: usize| {
                let rows = moments.offset(m)..moments.offset(m) + moments.width(m);
                rows.map(|i| vectors[(i, j)].powi(2)).sum::<f64>().sqrt()
            };
            (rounding - value, (0..views).map(length).sum::<f64>().powi(2))
        })
        .take_while(|(below, _)| *below > 0.0)
        .collect();
    // If c is the next distance, the vectors before it are lifted by their remaining distances.
    let (mut least, mut lifted, mut cost) = (f64::INFINITY, 0.0, 0.0);
    for &(c, square) in below.iter().chain(&[(0.0, 0.0)]) {
        least = f64::min(least, c * columns as f64 + lifted - c * cost);
        lifted += c * square;
        cost += square;
    }
    Ok(least / views as f64)
}
