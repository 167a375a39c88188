//! K-means: starting points, restarts and the choice among them.
//!
//! Minimises the inertia Σ_i |x_i − c_(i)|² over k centroids. The caller's stream gives all starting points, one
//! restart after the other, before the runs begin. A run depends only on its start.

#[cfg(feature = "linfa")]
mod linfa;
#[cfg(not(feature = "linfa"))]
mod linfa {
    use align::Matrix;

    use crate::TaskError;

    pub(super) fn run(_: &Matrix, _: &Matrix, _: usize) -> Result<Matrix, TaskError> {
        let (parameter, got, want) = ("backend", "linfa".into(), "lloyd; this build is without the feature `linfa`");
        Err(TaskError::Parameter { task: "k-means", parameter, got, want })
    }
}
mod lloyd;
mod nearest;
mod split;
mod starts;

use align::Matrix;
use align::parallel::prelude::*;
use align::rng::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::scores::score::check_numbers;
pub use nearest::Clustering;
pub use starts::Init;

/// Starting points of k-means, one stream per view.
pub const STARTS: Purpose = Purpose::new(6);

/// Implementation of the iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Backend {
    /// Lloyd's algorithm on GEMM.
    #[default]
    Lloyd,
    /// The `linfa-clustering` crate from the same starts, as a check of the other backend; it is not faster. Needs the
    /// feature `linfa`.
    Linfa,
}

/// Settings of k-means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMeans {
    /// Number of clusters.
    pub k: usize,
    /// Runs from different starts; the run with the lowest inertia is kept (the first of equals).
    pub restarts: usize,
    /// Number of steps of assignment and update.
    pub iterations: usize,
    /// Starting centroids.
    pub init: Init,
    /// Implementation of the iteration.
    pub backend: Backend,
}

/// Points whose largest value is below this have squared distances that `f32` does not resolve.
const LEAST: f32 = 1e-15;
/// Largest number of restarts; all starting points are in memory at once.
const MOST_RESTARTS: usize = 1000;

/// Checks a number of restarts.
pub(crate) fn check_restarts(task: &'static str, restarts: usize) -> Result<(), TaskError> {
    if (1..=MOST_RESTARTS).contains(&restarts) {
        return Ok(());
    }
    let (parameter, want) = ("restarts", "an integer from 1 to 1000");
    Err(TaskError::Parameter { task, parameter, got: restarts.to_string(), want })
}

impl KMeans {
    /// Checks the settings for n points.
    ///
    /// # Errors
    /// [`TaskError::ClusterCount`]; [`TaskError::Parameter`] for no restart or no iteration.
    pub fn check(&self, n: usize) -> Result<(), TaskError> {
        if self.k == 0 || self.k > n {
            return Err(TaskError::ClusterCount { k: self.k, n });
        }
        check_restarts("k-means", self.restarts)?;
        if self.iterations == 0 {
            let (parameter, got, want) = ("iterations", "0".into(), "at least 1");
            return Err(TaskError::Parameter { task: "k-means", parameter, got, want });
        }
        Ok(())
    }

    /// Clusters the rows of `x` (n × d). Restarts run in parallel; the result does not depend on the threads.
    ///
    /// # Errors
    /// The errors of [`KMeans::check`]; [`TaskError::NoNumber`]; [`TaskError::Linfa`]; a backend that this build does
    /// not have.
    pub fn fit(&self, x: &Matrix, rng: &mut Stream) -> Result<Clustering, TaskError> {
        self.check(x.rows())?;
        check_numbers("k-means", "points", x)?;
        let largest = x.as_slice().iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        if largest > 0.0 && largest < LEAST {
            return Err(TaskError::TooSmall { op: "k-means", name: "points", largest });
        }
        let starts: Vec<Matrix> = (0..self.restarts).map(|_| starts::draw(self.init, x, self.k, rng)).collect();
        let run = |start: Matrix| match self.backend {
            Backend::Lloyd => Ok(lloyd::run(x, start, self.iterations)),
            Backend::Linfa => Ok(nearest::settle(x, linfa::run(x, &start, self.iterations)?)),
        };
        let runs: Vec<Clustering> = starts.into_par_iter().map(run).collect::<Result<_, TaskError>>()?;
        let best = runs.into_iter().reduce(|best, next| if next.inertia < best.inertia { next } else { best });
        best.ok_or(TaskError::ClusterCount { k: self.k, n: x.rows() })
    }
}
