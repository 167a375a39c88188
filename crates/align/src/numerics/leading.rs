//! The largest eigenvalues of a large symmetric matrix: the iteration in `f32`, the result checked in `f64`.
//!
//! The products of [`krylov`]'s iteration and the eigendecomposition of the whole matrix are twice as fast in `f32`. Then
//! the vectors are made orthonormal in `f64`, and the eigenvalues and residuals are those of the matrix in `f64`.

use super::krylov::{self, Pairs, Plan};
use crate::numerics::linalg::{self, Threads};
use crate::numerics::polar;
use crate::progress::Watch;
use crate::{AlignError, Matrix};

/// Residual, as a share of the largest eigenvalue, at which the iteration ends; rounding in products of many thousand rows
/// leaves more, up to half of [`CHECKED`].
const SINGLE: f64 = 1e-6;
/// Largest residual of the vectors, as a share of the largest eigenvalue; a decomposition in `f32` leaves a part of it.
const CHECKED: f64 = 5e-6;
/// Steps in `f64` for vectors that are not close enough.
const REFINEMENTS: usize = 2;
/// The iteration is faster than the decomposition of the whole if there are this many times more rows than pairs wanted.
const FEW: usize = 8;
/// Least width of a block.
const BLOCK: usize = 32;

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
    let vectors = approximate(&a.map(|&x| x as f32), count, watch, context)?;
    match checked(a, &vectors, count, context)? {
        Some(pairs) => Ok(pairs),
        None => krylov::leading_eigen(a, count, watch, context),
    }
}

/// Approximate eigenvectors in `f32`, as columns: the leading `count`, and more if these come with them.
fn approximate(
    a: &Matrix<f32>,
    count: usize,
    watch: &Watch,
    context: &dyn Fn() -> String,
) -> Result<Matrix<f32>, AlignError> {
    let n = a.rows();
    if FEW * count <= n
        && let Some((_, vectors)) = krylov::iterate(a, count, &plan(count, n), watch, context)?
    {
        return Ok(vectors);
    }
    let (_, vectors) = linalg::symmetric_eigen(a.view(), context)?;
    Ok(Matrix::from_fn(n, count, |i, j| vectors[(i, n - 1 - j)]))
}

/// Rounds that keep half as many vectors again as are wanted: where eigenvalues lie close together, the distance from the
/// last wanted to those that are not kept decides how many rounds it takes.
fn plan(count: usize, n: usize) -> Plan {
    let block = (count / 8).max(BLOCK);
    let kept = count + (count / 2).max(block);
    let most = kept + 12 * block;
    // The decomposition of the whole takes as long as about `n` products with a vector.
    let rounds = n / (most - kept);
    Plan { block, most, kept, rounds, tolerance: SINGLE, enough: CHECKED / 2.0 }
}

/// The leading `count` eigenpairs in `f64` from as many or more approximate vectors; `None` if these are not close enough.
fn checked(
    a: &Matrix<f64>,
    vectors: &Matrix<f32>,
    count: usize,
    context: &dyn Fn() -> String,
) -> Result<Option<Pairs>, AlignError> {
    let mut vectors = vectors.map(|&x| f64::from(x));
    for _ in 0..=REFINEMENTS {
        let (orthonormal, off) = polar::schulz(&vectors);
        if off.is_nan() || off > 1e-2 {
            return Ok(None);
        }
        vectors = orthonormal;
        let mut images = linalg::product(a.view(), vectors.view(), Threads::Pool);
        let mut values = quotients(&vectors, &images);
        if vectors.cols() > count || !converged(&values, &vectors, &images) {
            // Vectors that are mixed with each other, but not with the others, are separated by their projection.
            let square = linalg::product(vectors.view().transpose(), images.view(), Threads::Pool);
            let (_, turn) = linalg::symmetric_eigen(square.view(), context)?;
            let last = turn.cols() - 1;
            let turn = Matrix::from_fn(last + 1, last + 1, |i, j| turn[(i, last - j)]);
            vectors = linalg::product(vectors.view(), turn.view(), Threads::Pool);
            images = linalg::product(images.view(), turn.view(), Threads::Pool);
            values = quotients(&vectors, &images);
        }
        if converged(&values[..count], &vectors, &images) {
            return Ok(Some(sorted(&values[..count], &vectors)));
        }
        // A step of the power iteration: rounding has left parts of vectors whose eigenvalues are smaller.
        vectors = Matrix::from_fn(images.rows(), images.cols(), |i, j| images.at(i, j) / values[j]);
    }
    Ok(None)
}

/// Pairs in descending order.
fn sorted(values: &[f64], vectors: &Matrix<f64>) -> Pairs {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[j].total_cmp(&values[i]));
    let vectors = Matrix::from_fn(vectors.rows(), order.len(), |i, j| vectors.at(i, order[j]));
    (order.iter().map(|&j| values[j]).collect(), vectors)
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
    use rand::RngExt;
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
        // The first is found by the iteration, the second by two rounds of it, the third needs the whole matrix.
        for (decay, count) in [(0.8, 40), (0.2, 40), (0.3, 400)] {
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
    fn close_eigenvalues_take_several_rounds() {
        let mut a = case(0.2);
        linalg::mirror_lower(&mut a);
        let single = a.map(|&x| x as f32);
        let found = |rounds| {
            let plan = Plan { rounds, ..plan(40, N) };
            krylov::iterate(&single, 40, &plan, &Watch::default(), &String::new).expect("no error").is_some()
        };
        assert_eq!((found(1), found(plan(40, N).rounds)), (false, true));
    }

    #[test]
    fn what_rounding_left_in_the_vectors_is_removed() {
        let mut a = case(0.8);
        linalg::mirror_lower(&mut a);
        let exact = linalg::symmetric_eigen(a.view(), &String::new).expect("converges").1;
        let mut rng = stream(6, Purpose::SYNTHETIC, None);
        let mut noise = || 5e-7 * rng.sample::<f64, _>(StandardNormal);
        let near = Matrix::from_fn(N, 20, |i, j| (exact[(i, N - 1 - j)] + noise()) as f32);
        let images = linalg::product(a.view(), near.map(|&x| f64::from(x)).view(), Threads::One);
        let wide = near.map(|&x| f64::from(x));
        assert!(!converged(&quotients(&wide, &images), &wide, &images));
        assert!(checked(&a, &near, 20, &String::new).expect("no error").is_some());
    }

    #[test]
    fn vectors_that_are_no_eigenvectors_are_refused() {
        let mut a = case(0.8);
        linalg::mirror_lower(&mut a);
        let unit = Matrix::from_fn(N, 5, |i, j| f32::from(u8::from(i == j)));
        assert!(checked(&a, &unit, 5, &String::new).expect("no error").is_none());
        assert!(checked(&a, &Matrix::zeros(N, 5), 5, &String::new).expect("no error").is_none());
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
