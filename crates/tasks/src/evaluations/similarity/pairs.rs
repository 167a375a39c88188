//! One number for every pair of items of a view, and the sum of two views' products over the pairs, for CKA and RSA.

use align::Matrix;

/// A symmetric n × n matrix with an empty diagonal, scaled so that the sum of squares over i < j is 1; all NaN if it is
/// zero.
pub(super) struct Pairs(Matrix);

/// Number of parallel sums.
const LANES: usize = 8;

impl Pairs {
    /// From the values of all pairs i > j.
    pub(super) fn scaled(n: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let mut squares = 0.0;
        for i in 0..n {
            squares += (0..i).map(|j| value(i, j).powi(2)).sum::<f64>();
        }
        let scale = if squares > 0.0 { 1.0 / squares.sqrt() } else { f64::NAN };
        let mut out = Matrix::zeros(n, n);
        for i in 0..n {
            for j in 0..i {
                let value = (value(i, j) * scale) as f32;
                out.row_mut(i)[j] = value;
                out.row_mut(j)[i] = value;
            }
        }
        Self(out)
    }

    /// `Σ_{j<i} a_ij b_ij`; with an order, of `b` at `order[i], order[j]`. n²/2 products in `f64`.
    pub(super) fn cross(&self, other: &Self, order: Option<&[usize]>) -> f64 {
        let (a, b) = (&self.0, &other.0);
        let row = |i: usize| match order {
            None => dot(&a.row(i)[..i], &b.row(i)[..i]),
            Some(order) => gathered(&a.row(i)[..i], b.row(order[i]), &order[..i]),
        };
        (1..a.rows()).map(row).sum()
    }

    /// One value per item whose mean is [`cross`](Pairs::cross) and whose standard error is, to first order, the
    /// standard error of `cross`: the influence of the item on `A / √(B·C)`, `A_i = n·Σ_j a_ij b_ij / 2` and likewise B
    /// and C, shifted to the value. An item is in both places of a pair, which explains the factors.
    pub(super) fn by_item(&self, other: &Self) -> Vec<f64> {
        let (a, b) = (&self.0, &other.0);
        let figure = self.cross(other, None);
        let half = a.rows() as f64 / 2.0;
        let item = |i: usize| {
            let (a, b) = (a.row(i), b.row(i));
            let [ab, aa, bb] = [dot(a, b), dot(a, a), dot(b, b)].map(|sum| half * sum);
            figure + 2.0 * (ab - figure) - figure * (aa - 1.0) - figure * (bb - 1.0)
        };
        (0..a.rows()).map(item).collect()
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (left, right) = (a.chunks(LANES), b.chunks(LANES));
    for (x, y) in left.zip(right) {
        sums.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += f64::from(*x) * f64::from(*y));
    }
    sums.iter().sum()
}

fn gathered(a: &[f32], b: &[f32], order: &[usize]) -> f64 {
    let mut sums = [0.0f64; LANES];
    for (x, at) in a.chunks(LANES).zip(order.chunks(LANES)) {
        sums.iter_mut().zip(x.iter().zip(at)).for_each(|(sum, (x, &at))| *sum += f64::from(*x) * f64::from(b[at]));
    }
    sums.iter().sum()
}

/// Distance of equal rows from their mean by rounding to `f32`: a share of their own length.
pub(super) fn rounding(x: &Matrix) -> f64 {
    let square: f64 = x.as_slice().iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    2.0 * f64::from(f32::EPSILON) * square.sqrt()
}
