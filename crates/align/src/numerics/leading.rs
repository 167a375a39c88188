//! The largest eigenvalues of a large symmetric matrix: the iteration in `f32`, the result checked in `f64`.
//!
//! The iteration of [`krylov`](super::krylov) without restarts: the basis grows until the eigenvectors are in it. Its
//! products and the eigendecomposition of the projection, which is as large as the basis, are twice as fast in `f32`.
//! Then the vectors are made orthonormal in `f64`, and the eigenvalues and residuals are those of the matrix in `f64`.

use super::krylov::{self, Basis, Pairs};
use crate::numerics::linalg::{self, Threads};
use crate::numerics::polar;
use crate::progress::Watch;
use crate::{AlignError, Matrix};

/// Residual, as a share of the largest eigenvalue, at which the iteration ends.
const SINGLE: f64 = 1e-6;
/// Residual from which a basis of twice the size gets there.
const NEAR: f64 = 1e-3;
/// Largest residual of the vectors, as a share of the largest eigenvalue; a decomposition in `f32` leaves a part of it.
const CHECKED: f64 = 5e-6;
/// Width of a block.
const BLOCK: usize = 64;

/// The `count` largest eigenvalues, in descending order, and their vectors (columns) of a symmetric, positive
/// semidefinite matrix given by its lower triangle; the upper triangle may be overwritten. If the vectors cannot be
/// found in `f32`, as [`krylov::leading_eigen`].
///
/// # Errors
/// The errors of [`linalg::symmetric_eigen`].
pub(crate) fn leading_eigen(
    a: &mut Matrix<f64>,
    count: usize,
    watch: &Watch,
    context: &dyn Fn() -> String,
) -> Result<Pairs, AlignError> {
    linalg::mirror_lower(a);
    let single = iterate(&a.map(|&x| x as f32), count, watch, context)?;
    let checked = match single {
        Some(vectors) => checked(a, &vectors, context)?,
        None => None,
    };
    match checked {
        Some(pairs) => Ok(pairs),
        None => krylov::leading_eigen(a, count, watch, context),
    }
}

/// Approximate eigenvectors in `f32`, as columns; `None` if the basis does not contain them.
fn iterate(
    a: &Matrix<f32>,
    count: usize,
    watch: &Watch,
    context: &dyn Fn() -> String,
) -> Result<Option<Matrix<f32>>, AlignError> {
    let n = a.rows();
    let block = (count / 24).max(BLOCK);
    let mut size = (count * 21 / 10).max(count + 8 * block);
    // A basis for more than a quarter of the pairs would be nearly the whole space.
    let limit = if count * 4 > n { 0 } else { (n * 3 / 4).min(size.max(n / 3)) };
    let mut next = krylov::first_block(block, n);
    let mut basis = Basis::<f32>::new(limit + block, n);
    while size <= limit {
        while basis.used() < size {
            watch.check()?;
            let fresh = krylov::orthonormal(&next, &basis, context)?;
            if fresh.rows() == 0 {
                break;
            }
            next = basis.push(a, &fresh);
        }
        let Some(ritz) = basis.ritz(&next, count, context)? else { return Ok(None) };
        if ritz.converged(SINGLE) {
            return Ok(Some(basis.rotated(&ritz.rotation(count)).transposed()));
        }
        if basis.used() < size {
            return Ok(None);
        }
        // A spectrum that is so dense that a third of the whole does not suffice needs nearly all of it.
        if 2 * size > n / 3 || !ritz.converged(NEAR) {
            break;
        }
        size *= 2;
    }
    let (_, vectors) = linalg::symmetric_eigen(a.view(), context)?;
    Ok(Some(Matrix::from_fn(n, count, |i, j| vectors[(i, n - 1 - j)])))
}

/// Eigenpairs in `f64` from approximate vectors; `None` if they are not close enough.
fn checked(a: &Matrix<f64>, vectors: &Matrix<f32>, context: &dyn Fn() -> String) -> Result<Option<Pairs>, AlignError> {
    let (mut vectors, off) = polar::schulz(&vectors.map(|&x| f64::from(x)));
    if off.is_nan() || off > 1e-2 {
        return Ok(None);
    }
    let mut images = linalg::product(a.view(), vectors.view(), Threads::Pool);
    let mut values = quotients(&vectors, &images);
    if !converged(&values, &vectors, &images) {
        // Vectors that are mixed with each other, but not with the others, are separated by their projection.
        let square = linalg::product(vectors.view().transpose(), images.view(), Threads::Pool);
        let (_, turn) = linalg::symmetric_eigen(square.view(), context)?;
        let count = vectors.cols();
        let turn = Matrix::from_fn(count, count, |i, j| turn[(i, count - 1 - j)]);
        vectors = linalg::product(vectors.view(), turn.view(), Threads::Pool);
        images = linalg::product(images.view(), turn.view(), Threads::Pool);
        values = quotients(&vectors, &images);
        if !converged(&values, &vectors, &images) {
            return Ok(None);
        }
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[j].total_cmp(&values[i]));
    let sorted = Matrix::from_fn(vectors.rows(), order.len(), |i, j| vectors.at(i, order[j]));
    Ok(Some((order.iter().map(|&j| values[j]).collect(), sorted)))
}

/// `vᵀ A v` of each column.
fn quotients(vectors: &Matrix<f64>, images: &Matrix<f64>) -> Vec<f64> {
    let mut sums = vec![0.0; vectors.cols()];
    for i in 0..vectors.rows() {
        let pairs = vectors.row(i).iter().zip(images.row(i));
        sums.iter_mut().zip(pairs).for_each(|(sum, (x, y))| *sum += x * y);
    }
    sums
}

/// Whether every residual is below the tolerance.
fn converged(values: &[f64], vectors: &Matrix<f64>, images: &Matrix<f64>) -> bool {
    let mut squares = vec![0.0; values.len()];
    for i in 0..vectors.rows() {
        let pairs = vectors.row(i).iter().zip(images.row(i)).zip(values);
        squares.iter_mut().zip(pairs).for_each(|(sum, ((x, y), value))| *sum += (y - value * x).powi(2));
    }
    let largest = values.iter().copied().fold(0.0, f64::max);
    squares.iter().all(|square| square.sqrt() <= CHECKED * largest)
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::rng::{Purpose, stream};

    const N: usize = 1000;

    /// A matrix of decaying spectrum, as its lower triangle.
    fn case(decay: f64) -> Matrix<f64> {
        let mut rng = stream(5, Purpose::SYNTHETIC, None);
        let b = Matrix::from_fn(N, N, |_, j| {
            let x: f64 = StandardNormal.sample(&mut rng);
            x * (1.0 + j as f64).powf(-decay)
        });
        let square = linalg::product(b.view(), b.view().transpose(), Threads::One);
        Matrix::from_fn(N, N, |i, j| if j <= i { square.at(i, j) } else { f64::NAN })
    }

    #[test]
    fn leading_pairs_are_those_of_the_whole_decomposition_in_double_precision() {
        // The first is found by the iteration, the second needs the whole matrix.
        for (decay, count) in [(0.8, 40), (0.3, 400)] {
            let mut a = case(decay);
            let (want, _) = linalg::symmetric_eigen(a.view(), &String::new).expect("converges");
            let (values, vectors) = leading_eigen(&mut a, count, &Watch::default(), &String::new).expect("no error");
            for (j, value) in values.iter().enumerate() {
                let error = (value - want[N - 1 - j]).abs();
                assert!(error < 1e-8 * want[N - 1], "{j}: {value} for {}", want[N - 1 - j]);
            }
            let images = linalg::product(a.view(), vectors.view(), Threads::One);
            assert!(converged(&values, &vectors, &images));
            let gram = linalg::product(vectors.view().transpose(), vectors.view(), Threads::One);
            let off = |i: usize, j: usize| (gram.at(i, j) - f64::from(u8::from(i == j))).abs();
            assert!((0..count).all(|i| (0..count).all(|j| off(i, j) < 1e-8)));
        }
    }

    #[test]
    fn vectors_that_are_no_eigenvectors_are_refused() {
        let mut a = case(0.8);
        linalg::mirror_lower(&mut a);
        let unit = Matrix::from_fn(N, 5, |i, j| f32::from(u8::from(i == j)));
        assert!(checked(&a, &unit, &String::new).expect("no error").is_none());
        assert!(checked(&a, &Matrix::zeros(N, 5), &String::new).expect("no error").is_none());
    }

    #[test]
    fn pairs_have_the_same_bits_for_every_number_of_threads() {
        let a = case(0.8);
        let in_pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| leading_eigen(&mut a.clone(), 30, &Watch::default(), &String::new).expect("no error"))
        };
        assert!(in_pool(1) == in_pool(3));
    }
}
