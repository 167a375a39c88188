//! The largest eigenvalues of a symmetric matrix and their vectors, without the rest of the spectrum.
//!
//! Block Krylov with thick restarts: a basis V grows by blocks `A·(last block)` made orthogonal to it, the
//! eigenvectors of `Vᵀ A V` give the best approximations in it, and the best of these start the next round.
//! Everything but small eigendecompositions is GEMM, which runs at many times the speed of a tridiagonalisation.

use rand_distr::{Distribution, StandardNormal};

use crate::linalg::{self, Accum, MatRef, Threads};
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
/// it does not, or where it does not converge. Memory: the matrix, and 2·`BASIS`·`count`·n numbers where it iterates.
///
/// # Errors
/// As [`linalg::symmetric_eigen`].
pub(crate) fn leading_eigen(
    mut a: Matrix<f64>,
    count: usize,
    context: &dyn Fn() -> String,
) -> Result<Pairs, AlignError> {
    let n = a.rows();
    if n > SMALL && count * (BASIS + 1) <= n {
        linalg::mirror_lower(&mut a);
        if let Some(pairs) = iterate(&a, count, context)? {
            return Ok(pairs);
        }
    }
    let (values, vectors) = linalg::symmetric_eigen(a.view(), context)?;
    let descending = (0..count).map(|j| values[n - 1 - j]).collect();
    Ok((descending, Matrix::from_fn(n, count, |i, j| vectors[(i, n - 1 - j)])))
}

/// Descending eigenvalues and their vectors as columns.
type Pairs = (Vec<f64>, Matrix<f64>);

/// A growing basis with its image under A, each vector a row; the first `used` rows count.
struct Basis {
    vectors: Matrix<f64>,
    images: Matrix<f64>,
    used: usize,
}

impl Basis {
    fn vectors(&self) -> MatRef<'_, f64> {
        self.vectors.view().subrows(0, self.used)
    }

    fn images(&self) -> MatRef<'_, f64> {
        self.images.view().subrows(0, self.used)
    }

    fn push(&mut self, vectors: &Matrix<f64>, images: &Matrix<f64>) {
        let at = self.used * vectors.cols();
        for (basis, new) in [(&mut self.vectors, vectors), (&mut self.images, images)] {
            basis.as_mut_slice()[at..at + new.as_slice().len()].copy_from_slice(new.as_slice());
        }
        self.used += vectors.rows();
    }

    /// Replaces the basis by as many combinations of it as `rotation` has rows.
    fn rotate(&mut self, rotation: &Matrix<f64>) {
        for part in [&mut self.vectors, &mut self.images] {
            let rotated = linalg::product(rotation.view(), part.view().subrows(0, self.used), Threads::Pool);
            part.as_mut_slice()[..rotated.as_slice().len()].copy_from_slice(rotated.as_slice());
        }
        self.used = rotation.rows();
    }

    /// `A v − λ v` of a vector.
    fn residual(&self, i: usize, value: f64) -> impl Iterator<Item = f64> + '_ {
        let pairs = self.images.row(i).iter().zip(self.vectors.row(i));
        pairs.map(move |(image, vector)| image - value * vector)
    }
}

/// `None` where the rounds do not suffice.
fn iterate(a: &Matrix<f64>, count: usize, context: &dyn Fn() -> String) -> Result<Option<Pairs>, AlignError> {
    let n = a.rows();
    let block = (count / 4).max(32);
    let kept = count + block;
    let most = (BASIS * count + block).min(n);
    let mut rng = stream(0, Purpose::KrylovStart, None);
    let mut next = Matrix::from_fn(block, n, |_, _| StandardNormal.sample(&mut rng));
    let mut basis = Basis { vectors: Matrix::zeros(most + block, n), images: Matrix::zeros(most + block, n), used: 0 };
    for _ in 0..ROUNDS {
        while basis.used < most {
            let fresh = orthonormal(&next, basis.vectors(), context)?;
            if fresh.rows() == 0 {
                break;
            }
            let image = linalg::product(fresh.view(), a.view(), Threads::Pool);
            basis.push(&fresh, &image);
            next = image;
        }
        let projected = linalg::product(basis.vectors(), basis.images().transpose(), Threads::Pool);
        let (values, small) = linalg::symmetric_eigen(projected.view(), context)?;
        let size = values.len();
        let kept = kept.min(size);
        basis.rotate(&Matrix::from_fn(kept, size, |i, j| small[(j, size - 1 - i)]));
        let values: Vec<f64> = (0..kept).map(|i| values[size - 1 - i]).collect();
        let length = |i: usize| basis.residual(i, values[i]).map(|x| x * x).sum::<f64>().sqrt();
        let unfinished: Vec<usize> = (0..count).filter(|&i| length(i) > TOLERANCE * values[0].abs()).collect();
        if unfinished.is_empty() {
            let vectors = Matrix::from_fn(n, count, |i, j| basis.vectors.at(j, i));
            return Ok(Some((values[..count].to_vec(), vectors)));
        }
        let rows = unfinished.len().min(block);
        let residuals = unfinished[..rows].iter().flat_map(|&i| basis.residual(i, values[i])).collect();
        next = Matrix::from_vec(rows, n, residuals);
    }
    Ok(None)
}

/// The rows of `y` made orthonormal, and orthogonal to those of `basis`; directions that vanish are dropped.
fn orthonormal(
    y: &Matrix<f64>,
    basis: MatRef<'_, f64>,
    context: &dyn Fn() -> String,
) -> Result<Matrix<f64>, AlignError> {
    let mut y = y.clone();
    for _ in 0..2 {
        if basis.nrows() > 0 {
            let along = linalg::product(y.view(), basis.transpose(), Threads::Pool);
            let along = along.map(|&x| -x);
            linalg::gemm(y.view_mut(), Accum::Add, along.view(), basis, Threads::Pool);
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
        let (values, _) = leading_eigen(a, 50, &String::new).expect("no error");
        assert!((0..50).all(|j| (values[j] - (40.0 - j as f64).max(0.0)).abs() < 1e-9), "{values:?}");
    }
}
