//! The largest eigenvalues of a symmetric matrix and their vectors, without the rest of the spectrum.
//!
//! Block Krylov with thick restarts: a basis V grows by blocks `A·(last block)`, made orthogonal to it. The
//! eigenvectors of `Vᵀ A V` give the best approximations in it; if one round does not suffice, the best of these start
//! the next round. Everything except small eigendecompositions is GEMM, which is many times faster than a
//! tridiagonalisation. Blocks are narrow: with narrower blocks a basis of a given size holds more powers of A and finds
//! more, until GEMM becomes slow.

use rand_distr::{Distribution, StandardNormal};

use crate::numerics::linalg::{self, Accum, Factor, Float, MatrixView, Threads};
use crate::progress::Watch;
use crate::rng::{Purpose, stream};
use crate::{AlignError, Matrix};

/// The draw of the first block.
const FIRST_BLOCK: Purpose = Purpose::new(24);

/// Size below which the whole decomposition is as fast.
const SMALL: usize = 1024;
/// A vector counts as an eigenvector if its residual `|A v − λ v|` is below this share of the largest eigenvalue.
const TOLERANCE: f64 = 1e-6;
/// Rounds after which the whole matrix is decomposed.
const ROUNDS: usize = 12;

/// How an iteration goes.
pub(super) struct Plan {
    /// Width of a block.
    pub(super) block: usize,
    /// Size of the basis at which a round ends.
    pub(super) most: usize,
    /// Vectors with which the next round starts.
    pub(super) kept: usize,
    /// Number of rounds.
    pub(super) rounds: usize,
    /// Residual, as a share of the largest eigenvalue, at which the iteration ends.
    pub(super) tolerance: f64,
    /// Residual at which it also ends if the last round did not halve it: rounding is in the way.
    pub(super) enough: f64,
}

/// The `count` largest eigenvalues, in descending order, and their vectors (columns) of a symmetric, positive
/// semidefinite matrix given by its lower triangle; the upper triangle may be overwritten. Iterates if that is faster;
/// otherwise, and if the iteration does not converge, it decomposes the whole matrix. Memory: the matrix, and about
/// 3·`count`·n numbers for the iteration.
///
/// # Errors
/// The errors of [`linalg::symmetric_eigen`].
pub(crate) fn leading_eigen(
    a: &mut Matrix<f64>,
    count: usize,
    watch: &Watch,
    context: &dyn Fn() -> String,
) -> Result<Pairs, AlignError> {
    let n = a.rows();
    if n > SMALL && count * 3 <= n {
        linalg::mirror_lower(a);
        if let Some((mut values, vectors)) = iterate(a, count, &plan(count), watch, context)? {
            values.truncate(count);
            return Ok((values, Matrix::from_fn(n, count, |i, j| vectors.at(i, j))));
        }
    }
    let (values, vectors) = linalg::symmetric_eigen(a.view(), context)?;
    let descending = (0..count).map(|j| values[n - 1 - j]).collect();
    Ok((descending, Matrix::from_fn(n, count, |i, j| vectors[(i, n - 1 - j)])))
}

/// Descending eigenvalues and their vectors as columns.
pub(super) type Pairs<T = f64> = (Vec<f64>, Matrix<T>);

/// A growing orthonormal basis V, each vector a row, and `Vᵀ A V` (lower triangle); the first `used` rows count.
struct Basis<T> {
    vectors: Matrix<T>,
    projected: Matrix<T>,
    used: usize,
}

impl<T: Float> Basis<T> {
    fn new(most: usize, n: usize) -> Self {
        Self { vectors: Matrix::zeros(most, n), projected: Matrix::zeros(most, most), used: 0 }
    }

    fn vectors(&self) -> MatrixView<'_, T> {
        self.vectors.view().subrows(0, self.used)
    }

    fn projected(&self) -> MatrixView<'_, T> {
        self.projected.view().submatrix(0, 0, self.used, self.used)
    }

    /// Adds orthonormal vectors and returns the part of their images under A that lies outside the basis.
    fn push(&mut self, a: &Matrix<T>, vectors: &Matrix<T>) -> Matrix<T> {
        let (first, n) = (self.used, vectors.cols());
        self.vectors.as_mut_slice()[first * n..][..vectors.as_slice().len()].copy_from_slice(vectors.as_slice());
        self.used += vectors.rows();
        // A narrow block is twice as fast as the right factor.
        let columns = vectors.transposed();
        let mut image = linalg::product(a.view(), columns.view(), Threads::Pool).transposed();
        let along = self.subtract_from(&mut image);
        for i in 0..along.rows() {
            self.projected.row_mut(first + i)[..self.used].copy_from_slice(along.row(i));
        }
        image
    }

    /// Subtracts the part of `y` within the basis and returns its coordinates.
    fn subtract_from(&self, y: &mut Matrix<T>) -> Matrix<T> {
        let along = linalg::product(y.view(), self.vectors().transpose(), Threads::Pool);
        let opposite = along.map(|&x| T::narrow(-x.widen()));
        linalg::gemm(y.view_mut(), Accum::Add, opposite.view(), self.vectors(), Threads::Pool);
        along
    }

    /// Combinations of the basis vectors with the rows of `rotation` as coefficients.
    fn rotated(&self, rotation: &Matrix<T>) -> Matrix<T> {
        linalg::product(rotation.view(), self.vectors(), Threads::Pool)
    }

    /// Restarts with eigenvectors of the projection, whose projection is diagonal.
    fn restart(&mut self, vectors: &Matrix<T>, values: &[f64]) {
        self.vectors.as_mut_slice()[..vectors.as_slice().len()].copy_from_slice(vectors.as_slice());
        self.used = vectors.rows();
        for (i, &value) in values.iter().enumerate() {
            self.projected.row_mut(i)[..i].fill(T::default());
            self.projected.row_mut(i)[i] = T::narrow(value);
        }
    }

    /// The eigenpairs of the projection. `next` is the part of the images of the last vectors outside the basis.
    fn ritz(
        &self,
        next: &Matrix<T>,
        count: usize,
        context: &dyn Fn() -> String,
    ) -> Result<Option<Ritz<T>>, AlignError> {
        let (values, small) = linalg::symmetric_eigen(self.projected(), context)?;
        let size = values.len();
        if size < count {
            return Ok(None);
        }
        // Outside the basis, only the last block has an image under A: the image of `V s` is `nextᵀ s` with the last
        // entries of s.
        let last = next.rows();
        let outside = linalg::product(next.view(), next.view().transpose(), Threads::Pool);
        let ends = Matrix::from_fn(count, last, |i, j| small[(size - last + j, size - 1 - i)]);
        let images = linalg::product(ends.view(), outside.view(), Threads::Pool);
        let residual = |i: usize| {
            let square: f64 = images.row(i).iter().zip(ends.row(i)).map(|(x, y)| x.widen() * y.widen()).sum();
            square.max(0.0).sqrt()
        };
        let residual = (0..count).map(residual).fold(0.0, f64::max);
        Ok(Some(Ritz { values: values.into_iter().rev().collect(), small, residual }))
    }
}

/// Eigenpairs of a projection.
struct Ritz<T> {
    /// All eigenvalues, descending.
    values: Vec<f64>,
    small: Factor<T>,
    /// The largest residual of the pairs that are wanted.
    residual: f64,
}

impl<T: Float> Ritz<T> {
    /// The coefficients of the leading vectors, one vector a row.
    fn rotation(&self, kept: usize) -> Matrix<T> {
        let size = self.values.len();
        Matrix::from_fn(kept, size, |i, j| self.small[(j, size - 1 - i)])
    }
}

/// The first block.
fn first_block<T: Float>(block: usize, n: usize) -> Matrix<T> {
    let mut rng = stream(0, FIRST_BLOCK, None);
    Matrix::from_fn(block, n, |_, _| T::narrow(StandardNormal.sample(&mut rng)))
}

fn plan(count: usize) -> Plan {
    let block = (count / 24).max(16);
    // As many vectors find `count` pairs in one round where the spectrum decays.
    let most = (count * 21 / 10).max(count + 8 * block);
    Plan { block, most, kept: count + count / 4, rounds: ROUNDS, tolerance: TOLERANCE, enough: TOLERANCE }
}

/// Eigenpairs of which the leading `count` have small residuals and the others, as many as the plan keeps, lie close; `None`
/// if the rounds do not suffice.
pub(super) fn iterate<T: Float>(
    a: &Matrix<T>,
    count: usize,
    plan: &Plan,
    watch: &Watch,
    context: &dyn Fn() -> String,
) -> Result<Option<Pairs<T>>, AlignError> {
    let n = a.rows();
    let mut next = first_block(plan.block, n);
    let mut basis = Basis::new(plan.most + plan.block, n);
    let mut before = f64::INFINITY;
    for round in 1..=plan.rounds {
        while basis.used < plan.most {
            watch.check()?;
            let fresh = orthonormal(&next, &basis, context)?;
            if fresh.rows() == 0 {
                break;
            }
            next = basis.push(a, &fresh);
        }
        let Some(mut ritz) = basis.ritz(&next, count, context)? else { return Ok(None) };
        let kept = plan.kept.min(ritz.values.len());
        let vectors = basis.rotated(&ritz.rotation(kept));
        ritz.values.truncate(kept);
        let within = |share: f64| ritz.residual <= share * ritz.values[0].abs();
        if within(plan.tolerance) || (within(plan.enough) && ritz.residual > before / 2.0) {
            return Ok(Some((ritz.values, vectors.transposed())));
        }
        before = ritz.residual;
        basis.restart(&vectors, &ritz.values);
        watch.step(round, plan.rounds)?;
    }
    Ok(None)
}

/// The rows of `y`, which lie outside the basis up to rounding, made orthonormal and orthogonal to it. Directions that
/// vanish are dropped.
fn orthonormal<T: Float>(
    y: &Matrix<T>,
    basis: &Basis<T>,
    context: &dyn Fn() -> String,
) -> Result<Matrix<T>, AlignError> {
    let mut y = whitened(y, context)?;
    // The scaling of short directions has also scaled their rounding errors.
    basis.subtract_from(&mut y);
    whitened(&y, context)
}

/// `Λ^(−1/2) Qᵀ y` for `y yᵀ = Q Λ Qᵀ`, without directions of length zero.
fn whitened<T: Float>(y: &Matrix<T>, context: &dyn Fn() -> String) -> Result<Matrix<T>, AlignError> {
    let rows = y.rows();
    // Rows get equal lengths first: a Gram matrix cannot distinguish small rows from rounding.
    let length = |i: usize| y.row(i).iter().map(|x| x.widen() * x.widen()).sum::<f64>().sqrt();
    let lengths: Vec<f64> = (0..rows).map(length).collect();
    let present: Vec<usize> = (0..rows).filter(|&i| lengths[i] > f64::MIN_POSITIVE).collect();
    let unit = |i: usize, j: usize| T::narrow(y.at(present[i], j).widen() / lengths[present[i]]);
    let unit = Matrix::from_fn(present.len(), y.cols(), unit);
    if present.is_empty() {
        return Ok(unit);
    }
    let gram = linalg::product(unit.view(), unit.view().transpose(), Threads::Pool);
    let (values, vectors) = linalg::symmetric_eigen(gram.view(), context)?;
    let least = f64::max(1e-12, 16.0 * T::EPSILON) * values[values.len() - 1];
    let kept: Vec<usize> = (0..values.len()).filter(|&j| values[j] > least).collect();
    let turn = |i: usize, j: usize| T::narrow(vectors[(j, kept[i])].widen() / values[kept[i]].sqrt());
    let turn = Matrix::from_fn(kept.len(), values.len(), turn);
    Ok(linalg::product(turn.view(), unit.view(), Threads::Pool))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `B Bᵀ` for a tall B with a decaying spectrum, plus its whole decomposition.
    fn case(n: usize) -> (Matrix<f64>, Vec<f64>) {
        let mut rng = stream(5, Purpose::SYNTHETIC, None);
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
        let (values, vectors) =
            iterate(&a, 120, &plan(120), &Watch::default(), &String::new).expect("no error").expect("converges");
        for (j, value) in values.iter().take(120).enumerate() {
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
        let mut a = Matrix::from_fn(n, n, |i, j| if i == j && i < 40 { 40.0 - i as f64 } else { 0.0 });
        let (values, _) = leading_eigen(&mut a, 50, &Watch::default(), &String::new).expect("no error");
        assert!((0..50).all(|j| (values[j] - (40.0 - j as f64).max(0.0)).abs() < 1e-9), "{values:?}");
    }
}
