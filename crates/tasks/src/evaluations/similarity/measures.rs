//! All measures of two views.

use super::kinds::{procrustes, svcca};
use super::view::View;

use crate::TaskError;
use crate::scores::metric::SimilarityMeasure;

/// One figure for each of [`SimilarityMeasure::ALL`], 1 the most alike; NaN where a view does not vary.
pub(super) type Measures = [f64; SimilarityMeasure::ALL.len()];

/// All measures of `a` and `b`, of `b` with its items in another order where one is given.
pub(super) fn measures(a: &View, b: &View, order: Option<&[usize]>, variance: f64) -> Result<Measures, TaskError> {
    let cross = a.axes.cross(&b.axes, order);
    Ok([
        a.gram.cross(&b.gram, order),
        a.neighbours.shared(&b.neighbours, order),
        a.cosines.cross(&b.cosines, order),
        svcca::svcca(&a.axes, &b.axes, &cross, variance)?,
        procrustes::procrustes(&a.axes, &b.axes, &cross)?,
    ])
}
