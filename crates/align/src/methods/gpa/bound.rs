//! How far the objective can be above the lowest that any maps reach.
//!
//! The objective is the energy less `tr(Rᵀ G R)/M`, and `X = R Rᵀ` is positive semidefinite with an identity block for each
//! view. So for every symmetric Λ and S, both block-diagonal, with `Λ + S − G` positive semidefinite and all such R,
//! `tr(Rᵀ G R) = ⟨G, X⟩ ≤ ⟨Λ + S, X⟩ = tr Λ + tr S`: weak duality of the semidefinite relaxation.
//!
//! Λ is what the first-order conditions of the maps found ask for: `A_m B_mᵀ` made symmetric, A_m the first d_m columns of
//! view m's rows of `G R`. Its trace is that of their `Rᵀ G R`, so the gap is `tr S/M`. With eigenpairs λ_j, v_j of `Λ − G`
//! and any c ≥ 0, `S = c I + Σ_{λ_j < −c} (−λ_j − c) T_j` will do, where the blocks of T_j are `v_jm v_jmᵀ |v_j|₁/|v_jm|`,
//! v_jm view m's entries and `|v_j|₁ = Σ_m |v_jm|`: `T_j − v_j v_jᵀ` is positive semidefinite by the inequality of Cauchy and
//! Schwarz, and `tr T_j = |v_j|₁²`, at most M, where `c I` alone costs P times as much as the lowest eigenvalue. The sum is
//! piecewise linear and convex in c, so one of the −λ_j (or 0) is the best c.
//!
//! The optimum of views of one width is certified, with a gap of rounding, where noise is moderate: Ling, "Near-optimal
//! bounds for generalized orthogonal Procrustes problem via generalized power method", Applied and Computational Harmonic
//! Analysis 66, 2023, proves when. Beyond that the relaxation lies below the optimum. It also covers partial isometries, so
//! that it has a gap where views are narrower than the universe, whatever the maps.

use super::stack::corner;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::{AlignError, Matrix};

/// Most columns of all views together up to which the bound is found without being asked for.
pub(super) const COLUMNS: usize = 1024;

/// The objective of these maps (P × D, blocks `[B_m 0]` with B_m orthogonal) less a bound on that of all such maps, in the
/// objective's unit; the eigenvalues are lowered by what rounding may have raised them.
///
/// Cost: an eigendecomposition of P × P, 8·P² bytes three times over.
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
    // How far each is below zero, the furthest first, and what it costs to lift its vector alone.
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
    // With c at the next one, those before it are lifted by what they are further below.
    let (mut least, mut lifted, mut cost) = (f64::INFINITY, 0.0, 0.0);
    for &(c, square) in below.iter().chain(&[(0.0, 0.0)]) {
        least = f64::min(least, c * columns as f64 + lifted - c * cost);
        lifted += c * square;
        cost += square;
    }
    Ok(least / views as f64)
}
