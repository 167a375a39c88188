//! Orthogonal Procrustes: both views are centred and scaled to a sum of squares of 1; `s = ‖XᵀY‖_*` is the nuclear
//! norm. The distance is `1 − s = ½·min_R ‖X·R − Y‖²`, from 0 to 1. Source: Ding, Denain and Steinhardt, NeurIPS 2021,
//! whose distance is twice this.

use align::Matrix;
use align::linalg::singular_values;

use super::super::view::Axes;
use crate::TaskError;

/// s from the cosines between all axes: up to rotations, `XᵀY` is these cosines times both sets of singular values.
pub(crate) fn procrustes(a: &Axes, b: &Axes, cross: &Matrix<f64>) -> Result<f64, TaskError> {
    let length = |s: &[f64]| s.iter().map(|s| s * s).sum::<f64>().sqrt();
    let (of_a, of_b) = (length(a.lengths()), length(b.lengths()));
    if of_a * of_b == 0.0 {
        return Ok(f64::NAN);
    }
    let (left, right) = (a.lengths(), b.lengths());
    let weighted =
        Matrix::from_fn(cross.rows(), cross.cols(), |i, j| left[i] / of_a * cross.at(i, j) * right[j] / of_b);
    Ok(singular_values(weighted.view(), &|| "Procrustes distance".to_string())?.iter().sum())
}
