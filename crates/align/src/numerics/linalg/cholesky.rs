//! Cholesky factors and triangular systems.

use faer::Mat;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor;
use faer::linalg::{triangular_inverse, triangular_solve};

use super::{Factor, MatrixView, MatrixViewMut, factor_par};

/// The lower triangular L of `a = L Lᵀ`, of which only the lower triangle is read; `None` if a pivot is not positive.
/// The upper triangle of the factor is zero.
///
/// # Panics
/// If the matrix is not square.
pub(crate) fn cholesky(a: MatrixView<'_, f64>) -> Option<Factor> {
    let n = a.rows();
    let par = factor_par(n);
    let mut l = Mat::zeros(n, n);
    l.copy_from_triangular_lower(a.0);
    let mut buffer = MemBuffer::try_new(factor::cholesky_in_place_scratch::<f64>(n, par, Default::default())).ok()?;
    factor::cholesky_in_place(l.as_mut(), Default::default(), par, MemStack::new(&mut buffer), Default::default())
        .ok()?;
    l.is_all_finite().then_some(Factor(l))
}

/// The inverse of a lower triangular matrix.
///
/// # Panics
/// If the matrix is not square.
pub(crate) fn lower_inverse(l: &Factor) -> Factor {
    let n = l.rows();
    let mut out = Mat::zeros(n, n);
    triangular_inverse::invert_lower_triangular(out.as_mut(), l.0.as_ref(), factor_par(n));
    Factor(out)
}

/// `b = L⁻¹ b` for a lower triangular L.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn solve_lower(l: &Factor, b: MatrixViewMut<'_, f64>) {
    triangular_solve::solve_lower_triangular_in_place(l.0.as_ref(), b.0, factor_par(l.rows()));
}
