//! K-means of the `linfa-clustering` crate, from given starts.
//!
//! Its update counts the old centroid as one more point of its cluster, so it lags behind Lloyd's by a
//! share of 1/(size + 1) a step; its reported inertia and counts are not used.

use ::linfa::DatasetBase;
use ::linfa::traits::Fit;
use align::Matrix;
use linfa_clustering::KMeansInit;
use linfa_nn::distance::L2Dist;
use ndarray::Array2;
use rand_xoshiro_06::Xoshiro256Plus;
use rand_xoshiro_06::rand_core::SeedableRng;

use crate::TaskError;

/// Centroids after at most `iterations` steps from `start`; fewer if they stop moving.
pub(super) fn run(x: &Matrix, start: &Matrix, iterations: usize) -> Result<Matrix, TaskError> {
    let points = DatasetBase::from(array(x));
    // The interface requires a generator, but never uses it: the starts are given.
    let unused = Xoshiro256Plus::seed_from_u64(0);
    let model = linfa_clustering::KMeans::params_with(start.rows(), unused, L2Dist)
        .n_runs(1)
        .max_n_iterations(iterations as u64)
        .tolerance(f32::MIN_POSITIVE)
        .init_method(KMeansInit::Precomputed(array(start)))
        .fit(&points)
        .map_err(|error| TaskError::Linfa(error.into()))?;
    Ok(Matrix::from_fn(start.rows(), start.cols(), |c, j| model.centroids()[[c, j]]))
}

fn array(x: &Matrix) -> Array2<f32> {
    Array2::from_shape_fn((x.rows(), x.cols()), |(i, j)| x.at(i, j))
}
