//! The ceiling of the measures: the coordinates of a view are rotated at random and split into two halves, and the
//! halves are compared like two views. The ceiling of a pair is the geometric mean of both values, at least 0.
//!
//! The rotation is random because a universe is defined up to a rotation. A half has less information than the whole
//! view. Therefore views that share everything can lie above the ceiling; a pair below it differs more than halves of
//! one view do.

use align::Matrix;
use align::linalg::{Threads, polar, product};
use align::rng::{Purpose, stream};
use rand_distr::{Distribution, StandardNormal};

use super::measures::{Measures, measures};
use super::view::View;
use crate::TaskError;

/// The draw of the rotation of a view.
const ROTATION: Purpose = Purpose::new(42);

/// Settings of the halves.
#[derive(Clone, Copy)]
pub(super) struct Halving {
    /// Seed of the rotation.
    pub(super) seed: u64,
    /// Neighbours of mutual kNN.
    pub(super) k: usize,
    /// Share of the variance that SVCCA keeps.
    pub(super) variance: f64,
}

/// The measures of the two halves of n × d rows; `None` for a single column.
pub(super) fn halves(x: &Matrix, how: Halving, position: usize) -> Result<Option<Measures>, TaskError> {
    let d = x.cols();
    if d < 2 {
        return Ok(None);
    }
    let mut rng = stream(how.seed, ROTATION, Some(position));
    let gaussian = Matrix::from_fn(d, d, |_, _| StandardNormal.sample(&mut rng));
    let name = || "halves of a view".to_string();
    let rotation = polar(gaussian.view(), &name)?.map(|&v| v as f32);
    let turned = product(x.view(), rotation.view(), Threads::One);
    let columns = |from: usize, to: usize| Matrix::from_fn(x.rows(), to - from, |i, j| turned.at(i, from + j));
    let half = |from, to| View::new(&columns(from, to), how.k, &name);
    measures(&half(0, d / 2)?, &half(d / 2, d)?, None, how.variance).map(Some)
}
