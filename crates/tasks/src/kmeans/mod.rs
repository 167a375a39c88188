//! K-means: starting points, restarts and the choice among them.
//!
//! Minimises the inertia Σ_i |x_i − c_(i)|² over k centroids. Starting points come from the caller's
//! stream, one restart after the other, before anything runs; a run is a function of its start alone.

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
use align::rng::{Purpose, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::score::check_numbers;
use nearest::Nearest;

/// Starting points of k-means, one stream per view.
pub const STARTS: Purpose = Purpose::new(6);

/// Where the centroids start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Distinct points, uniformly; the released form.
    #[default]
    Random,
    /// K-means++: each next point with probability proportional to its squared distance to the chosen.
    KmeansPp,
}

/// Who iterates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// Lloyd's algorithm on GEMM.
    #[default]
    Lloyd,
    /// The `linfa-clustering` crate, from the same starts; a check on the other, not a fast path. Needs the feature `linfa`.
    Linfa,
}

/// How to cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMeans {
    /// Number of clusters.
    pub k: usize,
    /// Runs from different starts; the one with the least inertia is kept, the first among equals.
    pub restarts: usize,
    /// Steps of assignment and update.
    pub iterations: usize,
    /// Where the centroids start.
    pub init: Init,
    /// Who iterates.
    pub backend: Backend,
}

/// K centroids and every point's nearest.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// Nearest centroid of each point, the lower index where two are equally near.
    pub labels: Vec<u32>,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// The centroids, k × d.
    pub centroids: Matrix,
}

impl KMeans {
    /// Whether n points can be clustered so.
    ///
    /// # Errors
    /// [`TaskError::ClusterCount`]; [`TaskError::Parameter`] for no restart or no iteration.
    pub fn check(&self, n: usize) -> Result<(), TaskError> {
        if self.k == 0 || self.k > n {
            return Err(TaskError::ClusterCount { k: self.k, n });
        }
        for (parameter, got) in [("restarts", self.restarts), ("iterations", self.iterations)] {
            if got == 0 {
                let (got, want) = ("0".into(), "at least 1");
                return Err(TaskError::Parameter { task: "k-means", parameter, got, want });
            }
        }
        Ok(())
    }

    /// Clusters the rows of `x` (n × d). Restarts run in parallel; the result does not show it.
    ///
    /// # Errors
    /// As [`KMeans::check`]; [`TaskError::NoNumber`]; [`TaskError::Linfa`]; a backend that this build is without.
    pub fn fit(&self, x: &Matrix, rng: &mut Stream) -> Result<Clustering, TaskError> {
        self.check(x.rows())?;
        check_numbers("k-means", "points", x)?;
        let starts: Vec<Matrix> = (0..self.restarts).map(|_| starts::draw(self.init, x, self.k, rng)).collect();
        let run = |start: Matrix| match self.backend {
            Backend::Lloyd => Ok(lloyd::run(x, start, self.iterations)),
            Backend::Linfa => Ok(settle(x, linfa::run(x, &start, self.iterations)?)),
        };
        let runs: Vec<Clustering> = starts.into_par_iter().map(run).collect::<Result<_, TaskError>>()?;
        let best = runs.into_iter().reduce(|best, next| if next.inertia < best.inertia { next } else { best });
        best.ok_or(TaskError::ClusterCount { k: self.k, n: x.rows() })
    }
}

/// Nearest centroid and inertia for given centroids.
fn settle(x: &Matrix, centroids: Matrix) -> Clustering {
    let mut nearest = Nearest::new(centroids.rows());
    let mut labels = vec![0; x.rows()];
    nearest.assign(x, &centroids, &mut labels);
    let inertia = nearest::inertia(x, &centroids, &labels);
    Clustering { labels, inertia, centroids }
}
