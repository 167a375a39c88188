//! Singular vector canonical correlation: of each view the principal axes that hold `variance` of it; the mean of the
//! canonical correlations between the two sets, as many as the smaller has. Source: Raghu et al., NeurIPS 2017.
//!
//! With a and b axes on n items, a + b − (n − 1) correlations are 1 whatever the views: a null near 1 says that there are
//! too few items for so many directions.

use align::Matrix;
use align::linalg::singular_values;

use super::super::view::Axes;
use crate::TaskError;

/// From the cosines between all axes.
pub(crate) fn svcca(a: &Axes, b: &Axes, cross: &Matrix<f64>, variance: f64) -> Result<f64, TaskError> {
    let (rows, cols) = (a.holding(variance), b.holding(variance));
    if rows.min(cols) == 0 {
        return Ok(f64::NAN);
    }
    let kept = cross.view().submatrix(0, 0, rows, cols);
    let correlations = singular_values(kept, &|| "SVCCA".to_string())?;
    // Rounding takes a correlation of 1 a hair beyond.
    Ok(correlations.iter().map(|c| c.min(1.0)).sum::<f64>() / rows.min(cols) as f64)
}
