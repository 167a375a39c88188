//! Parts of the tasks as functions of arrays: ranks of true matches, k-means.

use align::Matrix;
use align::prep::unit_rows;
use align::rng::stream;
use numpy::{PyArray1, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tasks::TaskError;
use tasks::kmeans::{Backend, Init, KMeans, STARTS};

use crate::rows::{shared, to_array};
use crate::work;

/// Ranks, from 1; ties count against the query.
type Ranks<'py> = Bound<'py, PyArray1<u32>>;
/// The cluster of each row, the centroids, and the sum of squared distances to them.
type Clusters<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray2<f32>>, f64);

/// By cosine, the rank of row i of `gallery` for row i of `queries`, and with `both` also the other way round.
#[pyfunction]
pub fn ranks<'py>(
    py: Python<'py>,
    queries: &Bound<'py, PyArray2<f32>>,
    gallery: &Bound<'py, PyArray2<f32>>,
    both: bool,
) -> PyResult<(Ranks<'py>, Option<Ranks<'py>>)> {
    let (a, b) = (shared(queries)?, shared(gallery)?);
    let counted = work::detached(py, || {
        // A row that is no row of numbers has no length; at unit length it would be zero.
        check("queries", &a)?;
        check("gallery rows", &b)?;
        let (a, b) = (unit_rows(&a), unit_rows(&b));
        if both {
            tasks::ranks::ranks_both(&a, &b).map(|(forward, back)| (forward.pessimistic, Some(back.pessimistic)))
        } else {
            tasks::ranks::ranks(&a, &b).map(|forward| (forward.pessimistic, None))
        }
    })?;
    let (forward, back) = counted.map_err(of_tasks)?;
    Ok((PyArray1::from_vec(py, forward), back.map(|back| PyArray1::from_vec(py, back))))
}

/// Clusters of rows by k-means.
#[pyfunction]
pub fn kmeans<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyArray2<f32>>,
    k: usize,
    restarts: usize,
    iterations: usize,
    plus_plus: bool,
    seed: u64,
) -> PyResult<Clusters<'py>> {
    let x = shared(rows)?;
    let init = if plus_plus { Init::KmeansPp } else { Init::Random };
    let settings = KMeans { k, restarts, iterations, init, backend: Backend::Lloyd };
    let clustering = work::detached(py, || settings.fit(&x, &mut stream(seed, STARTS, None)))?.map_err(of_tasks)?;
    Ok((PyArray1::from_vec(py, clustering.labels), to_array(py, clustering.centroids)?, clustering.inertia))
}

fn check(name: &'static str, x: &Matrix) -> Result<(), TaskError> {
    let Some(at) = x.as_slice().iter().position(|value| !value.is_finite()) else { return Ok(()) };
    let (row, col) = (at / x.cols(), at % x.cols());
    Err(TaskError::NoNumber { op: "ranks", name, row, col, value: x.at(row, col) })
}

fn of_tasks(error: TaskError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
