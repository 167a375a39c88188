//! Singular vector canonical correlation: the mean canonical correlation between the principal axes of two views that
//! hold the share `variance` of each; there are as many correlations as the smaller set has axes. Source: Raghu et al.,
//! NeurIPS 2017.
//!
//! With a and b axes on n items, a + b − (n − 1) correlations are 1 for any views: a null near 1 means that there are
//! too few items for so many directions.

use align::Matrix;
use align::linalg::singular_values;

use super::super::view::Axes;
use crate::TaskError;

/// SVCCA from the cosines between all axes.
pub(crate) fn svcca(a: &Axes, b: &Axes, cross: &Matrix<f64>, variance: f64) -> Result<f64, TaskError> {
    let (rows, cols) = (a.holding(variance), b.holding(variance));
    if rows.min(cols) == 0 {
        return Ok(f64::NAN);
    }
    let kept = cross.view().submatrix(0, 0, rows, cols);
    let correlations = singular_values(kept, &|| "SVCCA".to_string())?;
    // Rounding can raise a correlation slightly above 1.
    Ok(correlations.iter().map(|c| c.min(1.0)).sum::<f64>() / rows.min(cols) as f64)
}
