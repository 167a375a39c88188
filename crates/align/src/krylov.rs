//! The largest eigenvalues of a symmetric matrix and their vectors, without the rest of the spectrum.
//!
//! Block Krylov with thick restarts: a basis V grows by blocks `A·(last block)` made orthogonal to it, the
//! eigenvectors of `Vᵀ A V` give the best approximations in it, and the best of these start the next round.
//! Everything but small eigendecompositions is GEMM, which runs at many times the speed of a tridiagonalisation.

use rand_distr::{Distribution, StandardNormal};

use crate::linalg::{self, Accum, Threads};
use crate::rng::{Purpose, stream};
use crate::{AlignError, Matrix};

/// Below this size the whole decomposition is as fast.
const SMALL: usize = 1024;
/// A residual `|A v − λ v|` below this share of the largest eigenvalue counts as an eigenvector.
const TOLERANCE: f64 = 1e-6;
/// Rounds after which the whole decomposition takes over.
const ROUNDS: usize = 12;
/// Columns that the basis grows to, as a multiple of the pairs wanted.
const BASIS: usize = 2;

/// The `count` largest eigenvalues in descending order and their vectors (columns) of a symmetric, positive
/// semidefinite matrix given by its lower triangle. Iterates where that pays, and decomposes the whole matrix where
/// it does not, or where it does not converge.
///
/// # Errors
/// As [`linalg::symmetric_eigen`].
pub(crate) fn leading_eigen(
    a: &Matrix<f64>,
    count: usize,
    context: &dyn Fn() -> String,
) -> Result<(Vec<f64>, Matrix<f64>), AlignError> {
    let n = a.rows();
    if n > SMALL
        && count * (BASIS + 1) <= n
        && let Some(pairs) = iterate(a, count, context)?
    {
        return Ok(pairs);
    }
    let (values, vectors) = linalg::symmetric_eigen(a.view(), context)?;
    let descending = (0..count).map(|j| values[n - 1 - j]).collect();
    Ok((descending, Matrix::from_fn(n, count, |i, j| vectors[(i, n - 1 - j)])))
}

/// A basis with its image under A, both n × p, stored by columns as the rows of a matrix.
struct Basis {
    vectors: Matrix<f64>,
    images: Matrix<f64>,
}

type Pairs = (Vec<f64>, Matrix<f64>);

/// `None` where the rounds do not suffice.
fn iterate(lower: &Matrix<f64>, count: usize, context: &dyn Fn() -> String) -> Result<Option<Pairs>, AlignError> {
    let n = lower.rows();
    let mut a = lower.clone();
    linalg::mirror_lower(&mut a);
    let block = (count / 4).max(32);
    let kept = count + block;
    let most = (BASIS * count + block).min(n);
    let mut rng = stream(0, Purpose::KrylovStart, None);
    let mut next = Matrix::from_fn(block, n, |_, _| StandardNormal.sample(&mut rng));
    let mut basis = Basis { vectors: Matrix::zeros(0, n), images: Matrix::zeros(0, n) };
    for _ in 0..ROUNDS {
        while basis.vectors.rows() < most {
            let fresh = orthonormal(&next, &basis.vectors, context)?;
            if fresh.rows() == 0 {
                break;
            }
            let image = linalg::product(fresh.view(), a.view(), Threads::Pool);
            basis = Basis { vectors: stacked(&basis.vectors, &fresh), images: stacked(&basis.images, &image) };
            next = image;
        }
        let projected = linalg::product(basis.vectors.view(), basis.images.view().transpose(), Threads::Pool);
        let (values, small) = linalg::symmetric_eigen(projected.view(), context)?;
        let size = values.len();
        let kept = kept.min(size);
        let rotation = Matrix::from_fn(kept, size, |i, j| small[(j, size - 1 - i)]);
        let vectors = linalg::product(rotation.view(), basis.vectors.view(), Threads::Pool);
        let images = linalg::product(rotation.view(), basis.images.view(), Threads::Pool);
        let values: Vec<f64> = (0..kept).map(|i| values[size - 1 - i]).collect();
        let mut residuals = images.clone();
        for (i, value) in values.iter().enumerate() {
            residuals.row_mut(i).iter_mut().zip(vectors.row(i)).for_each(|(r, v)| *r -= value * v);
        }
        let length = |i: usize| residuals.row(i).iter().map(|x| x * x).sum::<f64>().sqrt();
        let unfinished: Vec<usize> = (0..count).filter(|&i| length(i) > TOLERANCE * values[0].abs()).collect();
        if unfinished.is_empty() {
            let vectors = Matrix::from_fn(n, count, |i, j| vectors.at(j, i));
            return Ok(Some((values[..count].to_vec(), vectors)));
        }
        next = residuals.select_rows(&unfinished[..unfinished.len().min(block)]);
        basis = Basis { vectors, images };
    }
    Ok(None)
}

/// The rows of `y` made orthonormal, and orthogonal to those of `basis`; directions that vanish are dropped.
fn orthonormal(y: &Matrix<f64>, basis: &Matrix<f64>, context: &dyn Fn() -> String) -> Result<Matrix<f64>, AlignError> {
    let mut y = y.clone();
    for _ in 0..2 {
        if basis.rows() > 0 {
            let along = linalg::product(y.view(), basis.view().transpose(), Threads::Pool);
            let along = along.map(|&x| -x);
            linalg::gemm(y.view_mut(), Accum::Add, along.view(), basis.view(), Threads::Pool);
        }
        y = whitened(&y, context)?;
    }
    Ok(y)
}

/// `Λ^(−1/2) Qᵀ y` for `y yᵀ = Q Λ Qᵀ`, without directions of no length.
fn whitened(y: &Matrix<f64>, context: &dyn Fn() -> String) -> Result<Matrix<f64>, AlignError> {
    let rows = y.rows();
    // Rows of equal length first: a Gram matrix cannot tell small rows from rounding.
    let lengths: Vec<f64> = (0..rows).map(|i| y.row(i).iter().map(|x| x * x).sum::<f64>().sqrt()).collect();
    let present: Vec<usize> = (0..rows).filter(|&i| lengths[i] > f64::MIN_POSITIVE).collect();
    let unit = Matrix::from_fn(present.len(), y.cols(), |i, j| y.at(present[i], j) / lengths[present[i]]);
    if present.is_empty() {
        return Ok(unit);
    }
    let gram = linalg::product(unit.view(), unit.view().transpose(), Threads::Pool);
    let (values, vectors) = linalg::symmetric_eigen(gram.view(), context)?;
    let largest = values[values.len() - 1];
    let kept: Vec<usize> = (0..values.len()).filter(|&j| values[j] > 1e-12 * largest).collect();
    let turn = Matrix::from_fn(kept.len(), values.len(), |i, j| vectors[(j, kept[i])] / values[kept[i]].sqrt());
    Ok(linalg::product(turn.view(), unit.view(), Threads::Pool))
}

fn stacked(above: &Matrix<f64>, below: &Matrix<f64>) -> Matrix<f64> {
    let values = [above.as_slice(), below.as_slice()].concat();
    Matrix::from_vec(above.rows() + below.rows(), below.cols(), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `B Bᵀ` for a tall B with a decaying spectrum, plus its whole decomposition.
    fn case(n: usize) -> (Matrix<f64>, Vec<f64>) {
        let mut rng = stream(5, Purpose::Planted, None);
        let b = Matrix::from_fn(n, n, |_, j| {
            let x: f64 = StandardNormal.sample(&mut rng);
            x * (1.0 + j as f64).powf(-0.3)
        });
        let a = linalg::product(b.view(), b.view().transpose(), Threads::One);
        let (values, _) = linalg::symmetric_eigen(a.view(), &String::new).expect("converges");
        (a, values.into_iter().rev().collect())
    }

    #[test]
    fn leading_pairs_are_those_of_the_whole_decomposition() {
        let n = SMALL + 200;
        let (a, want) = case(n);
        let (values, vectors) = iterate(&a, 120, &String::new).expect("no error").expect("converges");
        for (j, value) in values.iter().enumerate() {
            assert!((value / want[j] - 1.0).abs() < 1e-9, "{j}: {value} for {}", want[j]);
            let image = linalg::product(a.view(), vectors.view().subcols(j, 1), Threads::One);
            let residual: f64 = (0..n).map(|i| (image.at(i, 0) - value * vectors.at(i, j)).powi(2)).sum();
            assert!(residual.sqrt() < 2.0 * TOLERANCE * want[0]);
        }
        let gram = linalg::product(vectors.view().transpose(), vectors.view(), Threads::One);
        assert!((0..120).all(|i| (0..120).all(|j| (gram.at(i, j) - f64::from(u8::from(i == j))).abs() < 1e-10)));
    }

    #[test]
    fn a_matrix_of_low_rank_is_no_obstacle() {
        let n = SMALL + 10;
        let a = Matrix::from_fn(n, n, |i, j| if i == j && i < 40 { 40.0 - i as f64 } else { 0.0 });
        let (values, _) = leading_eigen(&a, 50, &String::new).expect("no error");
        assert!((0..50).all(|j| (values[j] - (40.0 - j as f64).max(0.0)).abs() < 1e-9), "{values:?}");
    }
}
