//! Interface to the linear algebra library: GEMM and every factorisation of the project.
//!
//! Determinism: GEMM gives the same bits for every number of threads, so it may use the pool ([`Threads::Pool`]). The
//! last digits of SVD and eigendecomposition depend on their parallelism, so they always get the same constant, which
//! depends only on the size of the matrix.

mod cholesky;
mod float;
mod inverse;
mod layout;

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::svd::{self, ComputeSvdVectors};
use faer::{Col, Mat, MatRef, Spec};

use super::parallel;
use crate::{AlignError, Matrix};

pub use super::view::{Factor, MatrixView, MatrixViewMut};
pub(crate) use cholesky::{cholesky, lower_inverse, solve_lower};
pub use float::{Float, Threads};
pub(crate) use inverse::inverse;

/// Use of the entries to which the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accum {
    /// The result replaces them.
    Replace,
    /// The result is added to them.
    Add,
}

impl Accum {
    fn engine(self) -> faer::Accum {
        match self {
            Self::Replace => faer::Accum::Replace,
            Self::Add => faer::Accum::Add,
        }
    }
}

/// `out = a b`, or `out += a b` with [`Accum::Add`]. 2·m·n·k flops.
///
/// # Panics
/// If the shapes do not fit. This holds for the whole module: callers check the shapes of a user's matrices.
pub fn gemm<T: Float>(
    out: MatrixViewMut<'_, T>,
    accum: Accum,
    a: MatrixView<'_, T>,
    b: MatrixView<'_, T>,
    threads: Threads,
) {
    let multiply =
        |a: MatRef<'_, T>| faer::linalg::matmul::matmul(out.0, accum.engine(), a, b.0, T::ONE, threads.par());
    layout::by_rows(a.0, b.cols(), threads, multiply);
}

/// Largest part of a result that one thread computes at a time: rows and columns.
const PART: (usize, usize) = (1024, 512);

/// [`gemm`] on every thread of the pool, each with parts of the result. For thousands of rows and columns in all, as in a
/// network's layers, this is up to a third faster than [`gemm`], whose threads share the whole result.
///
/// # Panics
/// Under the conditions of [`gemm`].
pub fn gemm_in_parts<T: Float>(out: MatrixViewMut<'_, T>, accum: Accum, a: MatrixView<'_, T>, b: MatrixView<'_, T>) {
    layout::by_rows(a.0, b.cols(), Threads::Pool, |a| parts(out, accum, MatrixView(a), b));
}

/// The parts depend on the size alone, so the result is the same for every number of threads.
fn parts<T: Float>(out: MatrixViewMut<'_, T>, accum: Accum, a: MatrixView<'_, T>, b: MatrixView<'_, T>) {
    let (rows, columns) = (out.0.nrows(), out.0.ncols());
    if columns > PART.1 {
        let half = (columns / 2).next_multiple_of(16);
        let (left, right) = out.0.split_at_col_mut(half);
        parallel::join(
            || parts(MatrixViewMut(left), accum, a, b.subcols(0, half)),
            || parts(MatrixViewMut(right), accum, a, b.subcols(half, columns - half)),
        );
    } else if rows > PART.0 {
        let half = (rows / 2).next_multiple_of(16);
        let (top, bottom) = out.0.split_at_row_mut(half);
        parallel::join(
            || parts(MatrixViewMut(top), accum, a.subrows(0, half), b),
            || parts(MatrixViewMut(bottom), accum, a.subrows(half, rows - half), b),
        );
    } else {
        gemm(out, accum, a, b, Threads::One);
    }
}

/// `a b` as a new matrix.
///
/// # Panics
/// Under the conditions of [`gemm`].
pub fn product<T: Float>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, threads: Threads) -> Matrix<T> {
    let mut out = Matrix::zeros(a.rows(), b.cols());
    gemm(out.view_mut(), Accum::Replace, a, b, threads);
    out
}

/// The lower triangle (diagonal included) of `aᵀ a` written or added to that of `out`: half the flops of a product.
///
/// # Panics
/// Under the conditions of [`gemm`].
pub fn gram_lower<T: Float>(out: MatrixViewMut<'_, T>, accum: Accum, a: MatrixView<'_, T>, threads: Threads) {
    let whole = BlockStructure::Rectangular;
    let lower = BlockStructure::TriangularLower;
    let multiply = |left: MatRef<'_, T>| {
        let accum = accum.engine();
        triangular::matmul(out.0, lower, accum, left, whole, left.transpose(), whole, T::ONE, threads.par());
    };
    layout::by_rows(a.0.transpose(), a.cols(), threads, multiply);
}

/// Rows and columns that are mirrored at a time, so that a tile and its image stay in the cache.
const TILE: usize = 32;

/// Copies the lower triangle to the upper one.
pub(crate) fn mirror_lower<T: Float>(a: &mut Matrix<T>) {
    let n = a.rows();
    for top in (0..n).step_by(TILE) {
        for left in (0..=top).step_by(TILE) {
            for i in top..n.min(top + TILE) {
                for j in left..i.min(left + TILE) {
                    let value = a.at(i, j);
                    a.row_mut(j)[i] = value;
                }
            }
        }
    }
}

/// The parallelism of a factorisation: a constant for each size, independent of the pool.
fn factor_par(size: usize) -> faer::Par {
    if size < 768 { faer::Par::Seq } else { parallel::constant(8) }
}

/// Thin singular value decomposition `a = U diag(s) Vᵀ`, singular values in descending order.
#[derive(Clone, Debug)]
pub struct Svd {
    /// Left singular vectors, m × min(m, n).
    pub u: Factor,
    /// Singular values, descending.
    pub s: Vec<f64>,
    /// Right singular vectors, n × min(m, n).
    pub v: Factor,
}

/// Whether a factorisation divides the problem. The division is faster; for a matrix of low rank it can fail, or return
/// vectors of NaN without an error.
#[derive(Clone, Copy)]
enum Division {
    /// Large problems are divided.
    Usual,
    /// Nothing is divided: QR iterations alone.
    None,
}

const DIVISIONS: [Division; 2] = [Division::Usual, Division::None];

fn svd_params(division: Division) -> Spec<svd::SvdParams, f64> {
    let mut params: Spec<svd::SvdParams, f64> = Spec::default();
    if let Division::None = division {
        params.recursion_threshold = usize::MAX;
    }
    params
}

/// Thin SVD. Where the first attempt does not converge or gives NaN, it falls back to the transpose, then to QR iterations.
///
/// # Errors
/// [`AlignError::Factorisation`] when none converges; `context` names the view or block.
pub fn thin_svd(a: MatrixView<'_, f64>, context: &dyn Fn() -> String) -> Result<Svd, AlignError> {
    for division in DIVISIONS {
        if let Some(svd) = try_svd(a.0, division) {
            return Ok(svd);
        }
        if let Some(svd) = try_svd(a.0.transpose(), division) {
            return Ok(Svd { u: svd.v, s: svd.s, v: svd.u });
        }
    }
    Err(AlignError::Factorisation { op: "svd", rows: a.rows(), cols: a.cols(), context: context() })
}

fn try_svd(a: MatRef<'_, f64>, division: Division) -> Option<Svd> {
    let (m, n) = (a.nrows(), a.ncols());
    let size = m.min(n);
    let par = factor_par(size);
    let params = svd_params(division);
    let mut u = Mat::zeros(m, size);
    let mut v = Mat::zeros(n, size);
    let mut s = Col::<f64>::zeros(size);
    let thin = ComputeSvdVectors::Thin;
    let mut buffer = MemBuffer::new(svd::svd_scratch::<f64>(m, n, thin, thin, par, params));
    let diag: DiagMut<'_, f64> = s.as_mut().as_diagonal_mut();
    svd::svd(a, diag, Some(u.as_mut()), Some(v.as_mut()), par, MemStack::new(&mut buffer), params).ok()?;
    let numbers = u.is_all_finite() && v.is_all_finite() && s.is_all_finite();
    numbers.then(|| Svd { u: Factor(u), s: s.iter().copied().collect(), v: Factor(v) })
}

/// Singular values in descending order.
///
/// # Errors
/// The errors of [`thin_svd`].
pub fn singular_values(a: MatrixView<'_, f64>, context: &dyn Fn() -> String) -> Result<Vec<f64>, AlignError> {
    let a = a.0;
    let size = a.nrows().min(a.ncols());
    let par = factor_par(size);
    let attempt = |a: MatRef<'_, f64>, division: Division| {
        let params = svd_params(division);
        let mut s = Col::<f64>::zeros(size);
        let none = ComputeSvdVectors::No;
        let mut buffer = MemBuffer::new(svd::svd_scratch::<f64>(a.nrows(), a.ncols(), none, none, par, params));
        let diag: DiagMut<'_, f64> = s.as_mut().as_diagonal_mut();
        svd::svd(a, diag, None, None, par, MemStack::new(&mut buffer), params).ok()?;
        s.is_all_finite().then(|| s.iter().copied().collect())
    };
    let fail = || AlignError::Factorisation { op: "svd", rows: a.nrows(), cols: a.ncols(), context: context() };
    let found =
        DIVISIONS.into_iter().find_map(|division| attempt(a, division).or_else(|| attempt(a.transpose(), division)));
    found.ok_or_else(fail)
}

/// The partial isometry `U Vᵀ` of `a = U S Vᵀ`: the orthogonal matrix closest to a square `a`, the
/// solution of orthogonal Procrustes for a cross-covariance `a` (m × n, rank min(m, n)).
///
/// On a rank-deficient square `a` the completion on the null space is orthogonal but arbitrary.
///
/// # Errors
/// The errors of [`thin_svd`].
pub fn polar(a: MatrixView<'_, f64>, context: &dyn Fn() -> String) -> Result<Matrix<f64>, AlignError> {
    let svd = thin_svd(a, context)?;
    Ok(product(svd.u.view(), svd.v.transpose(), Threads::One))
}

/// Eigenvalues in ascending order and eigenvectors (columns) of a symmetric matrix, of which only the
/// lower triangle is read. Where the first attempt does not converge or gives NaN, QR iterations alone.
///
/// # Errors
/// [`AlignError::Factorisation`] when neither converges; `context` names the view or block.
pub fn symmetric_eigen<T: Float>(
    a: MatrixView<'_, T>,
    context: &dyn Fn() -> String,
) -> Result<(Vec<f64>, Factor<T>), AlignError> {
    let n = a.rows();
    DIVISIONS.into_iter().find_map(|division| try_eigen(a.0, division)).ok_or_else(|| AlignError::Factorisation {
        op: "symmetric eigendecomposition",
        rows: n,
        cols: n,
        context: context(),
    })
}

fn try_eigen<T: Float>(a: MatRef<'_, T>, division: Division) -> Option<(Vec<f64>, Factor<T>)> {
    let n = a.nrows();
    let par = factor_par(n);
    let mut params: Spec<evd::SelfAdjointEvdParams, T> = Spec::default();
    if let Division::None = division {
        params.recursion_threshold = usize::MAX;
    }
    let mut u = Mat::zeros(n, n);
    let mut s = Col::<T>::zeros(n);
    let mut buffer = MemBuffer::new(evd::self_adjoint_evd_scratch::<T>(n, ComputeEigenvectors::Yes, par, params));
    let diag: DiagMut<'_, T> = s.as_mut().as_diagonal_mut();
    evd::self_adjoint_evd(a, diag, Some(u.as_mut()), par, MemStack::new(&mut buffer), params).ok()?;
    let numbers = u.is_all_finite() && s.is_all_finite();
    numbers.then(|| (s.iter().map(|&value| value.widen()).collect(), Factor(u)))
}

/// The sign, 1 or −1, that makes the entry of largest magnitude positive (the first of equals).
pub(crate) fn sign_of_largest(len: usize, entry: impl Fn(usize) -> f64) -> f64 {
    let largest = (0..len).fold(0.0f64, |best, i| if entry(i).abs() > best.abs() { entry(i) } else { best });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(rows: usize, cols: usize) -> Matrix<f64> {
        Matrix::from_fn(rows, cols, |i, j| ((i * 37 + j * 101) as f64 * 0.7312).sin())
    }

    #[test]
    fn gemm_gives_the_same_bits_for_every_number_of_threads() {
        let a = noise(700, 300).map(|&x| x as f32);
        let b = noise(300, 450).map(|&x| x as f32);
        let one = product(a.view(), b.view(), Threads::One);
        for threads in [1, 2, 3, 8] {
            let pool = rayon_pool(threads);
            let many = pool.install(|| product(a.view(), b.view(), Threads::Pool));
            assert!(one.as_slice() == many.as_slice(), "{threads} threads");
        }
    }

    #[test]
    fn parts_give_the_whole_product() {
        for (rows, columns) in [(70, 1300), (2500, 60), (1030, 530)] {
            let (a, b) = (noise(rows, 90), noise(columns, 90));
            let whole = product(a.view(), b.view().transpose(), Threads::One);
            let in_parts = |threads| {
                let mut out = Matrix::zeros(rows, columns);
                rayon_pool(threads)
                    .install(|| gemm_in_parts(out.view_mut(), Accum::Replace, a.view(), b.view().transpose()));
                out
            };
            let out = in_parts(1);
            assert!(out == in_parts(3));
            let pairs = out.as_slice().iter().zip(whole.as_slice());
            assert!(pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max) < 1e-12 * 90.0);
        }
    }

    #[test]
    fn a_left_factor_gives_the_same_bits_by_rows_and_by_columns() {
        let (a, b) = (noise(333, 299), noise(333, 301));
        let by_rows = a.transposed();
        let pool = rayon_pool(3);
        for threads in [Threads::One, Threads::Pool] {
            let gram_of = |a: MatrixView<'_, f64>| {
                let mut gram = Matrix::zeros(299, 299);
                gram_lower(gram.view_mut(), Accum::Replace, a, threads);
                mirror_lower(&mut gram);
                gram
            };
            let products = || (product(a.view().transpose(), b.view(), threads), gram_of(a.view()));
            let (one, gram) = pool.install(products);
            assert!(one == product(by_rows.view(), b.view(), Threads::One));
            assert!(gram == gram_of(by_rows.view().transpose()));
            let square = product(by_rows.view(), by_rows.view().transpose(), Threads::One);
            let off = gram.as_slice().iter().zip(square.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(off < 1e-12 * 333.0, "{off:e}");
        }
    }

    #[test]
    fn factorisations_give_the_same_bits_for_every_number_of_threads() {
        let a = noise(800, 800);
        let symmetric = product(a.view().transpose(), a.view(), Threads::One);
        let in_pool = |threads| {
            rayon_pool(threads).install(|| {
                let svd = thin_svd(a.view(), &String::new).expect("converges");
                let (values, vectors) = symmetric_eigen(symmetric.view(), &String::new).expect("converges");
                (svd.u, svd.s, values, vectors)
            })
        };
        assert!(in_pool(1) == in_pool(3));
    }

    #[test]
    fn polar_factor_is_orthogonal_also_when_rank_deficient() {
        let mut a = noise(40, 40);
        for j in 0..40 {
            a.row_mut(7)[j] = 0.0;
        }
        let q = polar(a.view(), &String::new).expect("converges");
        let gram = product(q.view().transpose(), q.view(), Threads::One);
        for i in 0..40 {
            for j in 0..40 {
                let want = f64::from(u8::from(i == j));
                assert!((gram.at(i, j) - want).abs() < 128.0 * f64::EPSILON * 40.0);
            }
        }
    }

    #[test]
    fn singular_values_are_those_of_the_decomposition() {
        let a = noise(40, 25);
        let alone = singular_values(a.view(), &String::new).expect("converges");
        let with_vectors = thin_svd(a.view(), &String::new).expect("converges").s;
        assert_eq!(alone.len(), 25);
        for (a, b) in alone.iter().zip(&with_vectors) {
            assert!((a - b).abs() < 1e-12 * with_vectors[0], "{a} {b}");
        }
    }

    fn rayon_pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
    }
}
