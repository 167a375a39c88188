//! Polar factors of wide matrices without a singular value decomposition.
//!
//! A scaled Newton iteration `X ← (γX + X⁻ᵀ/γ)/2` moves all singular values of `X` to 1 and leaves its singular vectors
//! alone. With γ from the largest and the smallest one, it needs four or five steps for any spectrum of embeddings. It
//! is as exact as its inverses are, unlike iterations on `XᵀX`, which squares the smallest values. Steps that are products
//! alone end it: `X ← X (I + E/2)` with `E = I − XᵀX`, which is the Newton-Schulz step, or with one more term of the
//! series of `(I − E)^(−1/2)`. Source: Higham, "Functions of Matrices" (2008), chapter 8.

use crate::Matrix;
use crate::numerics::linalg::{self, Accum, Float, MatrixView, Threads};
use crate::numerics::parallel::prelude::*;

/// The singular values lie this close together before the steps without inverses begin.
const NEAR: f64 = 0.03;
/// Maximal number of Newton steps; five suffice unless the matrix is singular up to rounding.
const STEPS: usize = 16;
/// Power iterations for a norm. An error of a tenth costs nothing.
const POWERS: usize = 6;
/// Rows and columns of the inverse that are transposed at a time.
const TILE: usize = 32;

/// The orthogonal polar factor of a square matrix, or `None` if the iteration does not find one, as for a matrix that
/// is exactly singular. `|I − XᵀX|_F` of the factor is at most `off`, or what the float type can reach.
///
/// Cost: about 12·n³ flops.
pub(crate) fn orthogonal_factor<T: Float>(a: &Matrix<T>, off: f64) -> Option<Matrix<T>> {
    Iterate::scaled(a)?.factor(off)
}

/// The same for a result in `f64`: the Newton steps and the last step are in `f64`, the step between in `f32`. Inverses in
/// `f32` would turn the factor.
pub(crate) fn mixed_factor(a: &Matrix<f64>) -> Option<Matrix<f64>> {
    /// `|I − XᵀX|_F` before the last step, which squares it.
    const OFF: f64 = 1e-4;
    let mut iterate = Iterate::scaled(a)?;
    for _ in 0..STEPS {
        iterate.step()?;
        if iterate.is_near() {
            let mut single = iterate.x.map(|&x| x as f32);
            return close(&mut single, OFF).then(|| schulz(&single.map(|&x| f64::from(x))).0);
        }
    }
    None
}

/// A matrix whose singular values go to 1.
struct Iterate<T> {
    x: Matrix<T>,
    /// The largest singular value once the smallest is 1: after the first step.
    top: Option<f64>,
}

impl<T: Float> Iterate<T> {
    /// `a` divided by its largest singular value.
    fn scaled(a: &Matrix<T>) -> Option<Self> {
        let largest = norm(a.view());
        let x = (largest.is_finite() && largest > 0.0).then(|| a.map(|&entry| T::narrow(entry.widen() / largest)))?;
        Some(Self { x, top: None })
    }

    /// A Newton step; `None` for a singular matrix.
    fn step(&mut self) -> Option<()> {
        let inverse = linalg::inverse(self.x.view())?;
        let (gamma, next) = match self.top {
            None => {
                let least = 1.0 / norm(inverse.view());
                (least.sqrt().recip(), f64::midpoint(least.sqrt(), least.sqrt().recip()))
            }
            Some(top) => (f64::sqrt(top).recip(), f64::midpoint(f64::sqrt(top), f64::sqrt(top).recip())),
        };
        // The last step also centres the values on 1.
        let centre = if next < 1.0 + NEAR { 2.0 / (1.0 + next) } else { 1.0 };
        add_transposed(&mut self.x, centre * gamma / 2.0, inverse.view(), centre / (2.0 * gamma));
        self.top = Some(next);
        Some(())
    }

    fn is_near(&self) -> bool {
        self.top.is_some_and(|top| top < 1.0 + NEAR)
    }

    fn factor(mut self, off: f64) -> Option<Matrix<T>> {
        for _ in 0..STEPS {
            if self.is_near() {
                if close(&mut self.x, off) {
                    return Some(self.x);
                }
                // The estimates of the norms were too far off.
                self.top = Some(1.0 + NEAR);
            }
            self.step()?;
        }
        close(&mut self.x, off).then_some(self.x)
    }
}

/// Steps without inverses until `x` is orthogonal; whether it was close enough for them.
fn close<T: Float>(x: &mut Matrix<T>, off: f64) -> bool {
    let off = off.max(8.0 * T::EPSILON * (x.rows() as f64).sqrt());
    let mut last = f64::INFINITY;
    loop {
        let (error, distance) = error_of(x);
        if distance.is_nan() || distance >= 0.7 || distance > last {
            return false;
        }
        // Every term raises the distance to the next power.
        let two_terms = distance * distance > off;
        *x = nearer(x, error, two_terms);
        if !two_terms || distance.powi(3) <= off {
            return true;
        }
        last = distance;
    }
}

/// One Newton-Schulz step, and `|I − XᵀX|_F` before it; the distance after it is at most its square.
pub(crate) fn schulz<T: Float>(x: &Matrix<T>) -> (Matrix<T>, f64) {
    let (error, distance) = error_of(x);
    (nearer(x, error, false), distance)
}

/// `E = I − XᵀX` and its norm.
fn error_of<T: Float>(x: &Matrix<T>) -> (Matrix<T>, f64) {
    let mut error = squared(x);
    let mut square = 0.0;
    for i in 0..error.rows() {
        for (j, entry) in error.row_mut(i).iter_mut().enumerate() {
            let value = f64::from(u8::from(i == j)) - entry.widen();
            square += value.powi(2);
            *entry = T::narrow(value);
        }
    }
    (error, square.sqrt())
}

/// The first terms of `X (I − E)^(−1/2)`: `X (I + E/2)`, with two terms `X (I + E/2 + 3E²/8)`.
fn nearer<T: Float>(x: &Matrix<T>, mut error: Matrix<T>, two_terms: bool) -> Matrix<T> {
    let square = two_terms.then(|| squared(&error));
    error.as_mut_slice().iter_mut().for_each(|entry| *entry = T::narrow(0.5 * entry.widen()));
    if let Some(square) = square {
        let pairs = error.as_mut_slice().iter_mut().zip(square.as_slice());
        pairs.for_each(|(entry, square)| *entry = T::narrow(entry.widen() + 0.375 * square.widen()));
    }
    for i in 0..error.rows() {
        let entry = &mut error.row_mut(i)[i];
        *entry = T::narrow(entry.widen() + 1.0);
    }
    linalg::product(x.view(), error.view(), Threads::Pool)
}

/// `AᵀA`.
fn squared<T: Float>(a: &Matrix<T>) -> Matrix<T> {
    let mut square = Matrix::zeros(a.cols(), a.cols());
    linalg::gram_lower(square.view_mut(), Accum::Replace, a.view(), Threads::Pool);
    linalg::mirror_lower(&mut square);
    square
}

/// An estimate from below of the largest singular value.
fn norm<T: Float>(a: MatrixView<'_, T>) -> f64 {
    // A block of vectors: products with a single one may sum in another order for another number of threads.
    let start = Matrix::from_fn(a.cols(), VECTORS, |i, j| T::narrow(((i * 37 + j * 101) as f64 * 0.7312).sin()));
    let mut vectors = start;
    let mut largest = 0.0;
    for _ in 0..POWERS {
        let images = linalg::product(a, vectors.view(), Threads::Pool);
        let (before, after) = (squares(&vectors), squares(&images));
        let ratios = before.iter().zip(&after).map(|(before, after)| (after / before).sqrt());
        largest = ratios.fold(largest, f64::max);
        let scaled = Matrix::from_fn(images.rows(), VECTORS, |i, j| {
            T::narrow(images.at(i, j).widen() / after[j].sqrt().max(f64::MIN_POSITIVE))
        });
        vectors = linalg::product(a.transpose(), scaled.view(), Threads::Pool);
    }
    largest
}

/// Vectors of a power iteration.
const VECTORS: usize = 8;

/// Sum of squares of each column.
fn squares<T: Float>(a: &Matrix<T>) -> Vec<f64> {
    let mut sums = vec![0.0; a.cols()];
    for i in 0..a.rows() {
        a.row(i).iter().zip(&mut sums).for_each(|(x, sum)| *sum += x.widen() * x.widen());
    }
    sums
}

/// `x = α x + β yᵀ`.
fn add_transposed<T: Float>(x: &mut Matrix<T>, alpha: f64, y: MatrixView<'_, T>, beta: f64) {
    let n = x.cols();
    x.as_mut_slice().par_chunks_mut(TILE * n).enumerate().for_each(|(tile, rows)| {
        for left in (0..n).step_by(TILE) {
            for (i, row) in rows.chunks_exact_mut(n).enumerate() {
                for (j, entry) in row[left..n.min(left + TILE)].iter_mut().enumerate() {
                    *entry = T::narrow(alpha * entry.widen() + beta * y.at(left + j, tile * TILE + i).widen());
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::rng::{Purpose, stream};

    /// `U diag(s) Vᵀ` and its polar factor.
    fn case(n: usize, s: impl Fn(usize) -> f64) -> (Matrix<f64>, Matrix<f64>) {
        let mut rng = stream(3, Purpose::SYNTHETIC, None);
        let mut noise = || Matrix::from_fn(n, n, |_, _| StandardNormal.sample(&mut rng));
        let [u, v] = [noise(), noise()].map(|a| linalg::polar(a.view(), &String::new).expect("converges"));
        let scaled = Matrix::from_fn(n, n, |i, j| u.at(i, j) * s(j));
        let by = |left: &Matrix<f64>| linalg::product(left.view(), v.view().transpose(), Threads::One);
        (by(&scaled), by(&u))
    }

    fn largest_difference<T: Float>(a: &Matrix<T>, b: &Matrix<f64>) -> f64 {
        let pairs = a.as_slice().iter().zip(b.as_slice());
        pairs.map(|(x, y)| (x.widen() - y).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn a_factor_is_that_of_the_singular_value_decomposition() {
        for power in [0.0, 0.6, 1.2, 2.5] {
            let (a, want) = case(96, |j| 3e5 * (1.0 + j as f64).powf(-power));
            let double = orthogonal_factor(&a, 0.0).expect("converges");
            assert!(largest_difference(&double, &want) < 1e-10, "{power}: {:e}", largest_difference(&double, &want));
            let single = orthogonal_factor(&a.map(|&x| x as f32), 0.0).expect("converges");
            assert!(largest_difference(&single, &want) < 2e-3, "{power}: {:e}", largest_difference(&single, &want));
            // What the error costs in `tr(Qᵀ A)`: the sum of the singular values is the largest trace.
            let trace = |q: &Matrix<f64>| q.as_slice().iter().zip(a.as_slice()).map(|(x, y)| x * y).sum::<f64>();
            let exact = schulz(&single.map(|&x| f64::from(x))).0;
            let short = 1.0 - trace(&exact) / trace(&want);
            assert!((-1e-12..1e-9).contains(&short), "{power}: {short:e}");
            assert!(schulz(&exact).1 < 1e-8);
            let mixed = mixed_factor(&a).expect("converges");
            let short = 1.0 - trace(&mixed) / trace(&want);
            assert!((-1e-12..1e-12).contains(&short), "{power}: {short:e}");
            assert!(schulz(&mixed).1 < 1e-10, "{power}: {:e}", schulz(&mixed).1);
        }
    }

    #[test]
    fn a_matrix_of_low_rank_gets_an_orthogonal_factor_or_none() {
        let (a, _) = case(64, |j| if j < 20 { 1.0 } else { 0.0 });
        let factor = orthogonal_factor(&a.map(|&x| x as f32), 0.0).expect("rounding fills the rank");
        assert!(schulz(&factor).1 < 1e-4);
        assert!(orthogonal_factor(&Matrix::<f32>::zeros(8, 8), 0.0).is_none());
        let exactly = Matrix::from_fn(8, 8, |i, j| f64::from(u8::from(i == j && i < 5)));
        assert!(orthogonal_factor(&exactly, 0.0).is_none());
    }

    #[test]
    fn a_factor_has_the_same_bits_for_every_number_of_threads() {
        let (a, _) = case(300, |j| (1.0 + j as f64).powf(-1.2));
        let a = a.map(|&x| x as f32);
        let in_pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| orthogonal_factor(&a, 0.0).expect("converges"))
        };
        assert!(in_pool(1) == in_pool(3));
    }
}
