//! Inverses of square matrices.

use faer::Mat;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::lu::partial_pivoting::{factor, inverse as from_lu};

use super::{Factor, Float, MatrixView, factor_par};

/// The inverse of a square matrix by LU with partial pivoting, stored column by column; `None` if a number is not
/// finite, as with a singular matrix. 2·n³ flops.
///
/// # Panics
/// If the matrix is not square.
pub(crate) fn inverse<T: Float>(a: MatrixView<'_, T>) -> Option<Factor<T>> {
    let n = a.rows();
    let par = factor_par(n);
    let mut lu = a.0.to_owned();
    let (mut order, mut back) = (vec![0usize; n], vec![0usize; n]);
    let factoring = factor::lu_in_place_scratch::<usize, T>(n, n, par, Default::default());
    let scratch = StackReq::any_of(&[factoring, from_lu::inverse_scratch::<usize, T>(n, par)]);
    let mut buffer = MemBuffer::try_new(scratch).ok()?;
    let stack = MemStack::new(&mut buffer);
    let (_, order) = factor::lu_in_place(lu.as_mut(), &mut order, &mut back, par, stack, Default::default());
    let mut out = Mat::zeros(n, n);
    from_lu::inverse(out.as_mut(), lu.as_ref(), lu.as_ref(), order, par, MemStack::new(&mut buffer));
    out.is_all_finite().then_some(Factor(out))
}
