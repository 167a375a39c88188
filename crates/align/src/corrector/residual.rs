//! Small networks of a pair of views: a residual MLP and a low-rank linear map, with their losses and gradients.

use rand_distr::{Distribution, Uniform};

use crate::Matrix;
use crate::numerics::kernels;
use crate::numerics::linalg::{MatrixView, Threads, product};
use crate::rng::{Purpose, stream};

/// Initial weights of residual networks.
const RESIDUAL_WEIGHTS: Purpose = Purpose::new(70);
/// Initial weights of low-rank maps.
const LOW_RANK_WEIGHTS: Purpose = Purpose::new(71);

/// A network that training can fit to rows and targets. The loss is the mean squared error of all numbers.
pub(crate) trait Network: Clone {
    /// The flat weights.
    fn weights(&self) -> &[f32];

    /// The same weights, to be changed by a step.
    fn weights_mut(&mut self) -> &mut [f32];

    /// Rows after the network.
    fn apply(&self, x: &Matrix) -> Matrix;

    /// The loss on these rows, and its gradient in the layout of the weights.
    fn gradient(&self, x: &Matrix, targets: &Matrix, gradient: &mut [f32]) -> f64;

    /// The loss on these rows.
    fn loss(&self, x: &Matrix, targets: &Matrix) -> f64 {
        let y = self.apply(x);
        let squares = y.as_slice().iter().zip(targets.as_slice()).map(|(y, t)| f64::from(y - t).powi(2));
        squares.sum::<f64>() / y.as_slice().len().max(1) as f64
    }
}

/// The loss, and its derivative by the outputs in place of them.
fn errors(y: &mut Matrix, targets: &Matrix) -> f64 {
    let count = y.as_slice().len().max(1) as f64;
    let mut sum = 0.0;
    for (y, t) in y.as_mut_slice().iter_mut().zip(targets.as_slice()) {
        let error = f64::from(*y - t);
        sum += error * error;
        *y = (2.0 * error / count) as f32;
    }
    sum / count
}

/// Sums of columns, row by row in `f32`.
fn column_sums(x: &Matrix, out: &mut [f32]) {
    out.fill(0.0);
    (0..x.rows()).for_each(|i| out.iter_mut().zip(x.row(i)).for_each(|(sum, x)| *sum += x));
}

/// The network `s ∘ (x + gelu(x W1 + b1) W2 + b2)` with the exact (erf) GELU.
#[derive(Clone, Debug, PartialEq)]
pub struct ResidualWeights {
    /// W1, d × h.
    pub w1: Matrix,
    /// b1, h.
    pub b1: Vec<f32>,
    /// W2, h × d.
    pub w2: Matrix,
    /// b2, d.
    pub b2: Vec<f32>,
    /// s, d; `None` for 1.
    pub scale: Option<Vec<f32>>,
}

impl ResidualWeights {
    /// Rows after the network, for weights whose shapes fit each other and the rows.
    pub(crate) fn apply(&self, x: &Matrix) -> Matrix {
        let (width, hidden, scaled) = (self.w1.rows(), self.w1.cols(), self.scale.is_some());
        let parts = [self.w1.as_slice(), &self.b1, self.w2.as_slice(), &self.b2];
        let weights = parts.into_iter().chain(self.scale.as_deref()).flatten().copied().collect();
        ResidualNetwork { width, hidden, scaled, weights }.apply(x)
    }
}

/// `y = s ∘ (x + gelu(x W1 + b1) W2 + b2)` with the exact (erf) GELU; `s` is 1 if the network has no scale.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResidualNetwork {
    width: usize,
    hidden: usize,
    scaled: bool,
    /// W1 (width × hidden), b1, W2 (hidden × width), b2, s.
    weights: Vec<f32>,
}

impl ResidualNetwork {
    /// The identity: W1 and b1 uniform in ±1/√width, W2 and b2 zero, s one.
    pub(crate) fn new(width: usize, hidden: usize, scaled: bool, seed: u64, pair: usize) -> Self {
        let bound = 1.0 / (width.max(1) as f32).sqrt();
        let mut rng = stream(seed, RESIDUAL_WEIGHTS, Some(pair));
        let mut weights = vec![0.0; Self::len(width, hidden, scaled)];
        if let Ok(uniform) = Uniform::new_inclusive(-bound, bound) {
            weights[..width * hidden + hidden].fill_with(|| uniform.sample(&mut rng));
        }
        if scaled {
            let start = weights.len() - width;
            weights[start..].fill(1.0);
        }
        Self { width, hidden, scaled, weights }
    }

    /// A network with these weights; `None` if their number is another.
    pub(crate) fn of_weights(width: usize, hidden: usize, scaled: bool, weights: Vec<f32>) -> Option<Self> {
        (weights.len() == Self::len(width, hidden, scaled)).then_some(Self { width, hidden, scaled, weights })
    }

    fn len(width: usize, hidden: usize, scaled: bool) -> usize {
        2 * width * hidden + hidden + width * (1 + usize::from(scaled))
    }

    /// The weights by name.
    pub(crate) fn named_weights(&self) -> ResidualWeights {
        let Parts { w1, b1, w2, b2, s } = self.parts(&self.weights);
        ResidualWeights {
            w1: Matrix::from_vec(self.width, self.hidden, w1.to_vec()),
            b1: b1.to_vec(),
            w2: Matrix::from_vec(self.hidden, self.width, w2.to_vec()),
            b2: b2.to_vec(),
            scale: self.scaled.then(|| s.to_vec()),
        }
    }

    /// Width of the hidden layer, and whether it has a scale.
    pub(crate) fn form(&self) -> (usize, bool) {
        (self.hidden, self.scaled)
    }

    fn parts<'w>(&self, weights: &'w [f32]) -> Parts<&'w [f32]> {
        let (w1, rest) = weights.split_at(self.width * self.hidden);
        let (b1, rest) = rest.split_at(self.hidden);
        let (w2, rest) = rest.split_at(self.hidden * self.width);
        let (b2, s) = rest.split_at(self.width);
        Parts { w1, b1, w2, b2, s }
    }

    fn inner(&self) -> MatrixView<'_> {
        MatrixView::from_slice(self.width, self.hidden, self.parts(&self.weights).w1)
    }

    fn outer(&self) -> MatrixView<'_> {
        MatrixView::from_slice(self.hidden, self.width, self.parts(&self.weights).w2)
    }

    /// The sum before the scale, the activations and their derivatives.
    fn forward(&self, x: &Matrix) -> (Matrix, Matrix, Matrix) {
        let Parts { b1, b2, .. } = self.parts(&self.weights);
        let mut slopes = product(x.view(), self.inner(), Threads::Pool);
        let mut activated = Matrix::zeros(x.rows(), self.hidden);
        kernels::activate(slopes.as_mut_slice(), b1, activated.as_mut_slice(), self.hidden);
        let mut sum = product(activated.view(), self.outer(), Threads::Pool);
        for i in 0..sum.rows() {
            sum.row_mut(i).iter_mut().zip(x.row(i)).zip(b2).for_each(|((y, x), b)| *y += x + b);
        }
        (sum, activated, slopes)
    }

    fn scale(&self, rows: &mut Matrix) {
        if self.scaled {
            let s = self.parts(&self.weights).s;
            (0..rows.rows()).for_each(|i| rows.row_mut(i).iter_mut().zip(s).for_each(|(y, s)| *y *= s));
        }
    }
}

struct Parts<T> {
    w1: T,
    b1: T,
    w2: T,
    b2: T,
    s: T,
}

impl Network for ResidualNetwork {
    fn weights(&self) -> &[f32] {
        &self.weights
    }

    fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.weights
    }

    fn apply(&self, x: &Matrix) -> Matrix {
        let (mut y, ..) = self.forward(x);
        self.scale(&mut y);
        y
    }

    fn gradient(&self, x: &Matrix, targets: &Matrix, gradient: &mut [f32]) -> f64 {
        let (sum, activated, mut slopes) = self.forward(x);
        let mut delta = sum.clone();
        self.scale(&mut delta);
        let loss = errors(&mut delta, targets);
        let (w1, rest) = gradient.split_at_mut(self.width * self.hidden);
        let (b1, rest) = rest.split_at_mut(self.hidden);
        let (w2, rest) = rest.split_at_mut(self.hidden * self.width);
        let (b2, s) = rest.split_at_mut(self.width);
        if self.scaled {
            let along = Matrix::from_fn(sum.rows(), self.width, |i, j| delta.at(i, j) * sum.at(i, j));
            column_sums(&along, s);
            self.scale(&mut delta);
        }
        column_sums(&delta, b2);
        w2.copy_from_slice(product(activated.view().transpose(), delta.view(), Threads::Pool).as_slice());
        let back = product(delta.view(), self.outer().transpose(), Threads::Pool);
        slopes.as_mut_slice().iter_mut().zip(back.as_slice()).for_each(|(slope, back)| *slope *= back);
        column_sums(&slopes, b1);
        w1.copy_from_slice(product(x.view().transpose(), slopes.view(), Threads::Pool).as_slice());
        loss
    }
}

/// `y = x U Vᵀ` of rank r.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LowRankNetwork {
    from: usize,
    to: usize,
    rank: usize,
    /// U (from × rank), V (to × rank).
    weights: Vec<f32>,
}

impl LowRankNetwork {
    /// U uniform in ±1/√from, V uniform in ±1/√rank.
    pub(crate) fn new(from: usize, to: usize, rank: usize, seed: u64, pair: usize) -> Self {
        let mut rng = stream(seed, LOW_RANK_WEIGHTS, Some(pair));
        let mut weights = vec![0.0; (from + to) * rank];
        let (u, v) = weights.split_at_mut(from * rank);
        for (part, fan) in [(u, from), (v, rank)] {
            let bound = 1.0 / (fan.max(1) as f32).sqrt();
            if let Ok(uniform) = Uniform::new_inclusive(-bound, bound) {
                part.fill_with(|| uniform.sample(&mut rng));
            }
        }
        Self { from, to, rank, weights }
    }

    fn u(&self) -> MatrixView<'_> {
        MatrixView::from_slice(self.from, self.rank, &self.weights[..self.from * self.rank])
    }

    fn v(&self) -> MatrixView<'_> {
        MatrixView::from_slice(self.to, self.rank, &self.weights[self.from * self.rank..])
    }

    /// U Vᵀ.
    pub(crate) fn map(&self) -> Matrix {
        product(self.u(), self.v().transpose(), Threads::Pool)
    }
}

impl Network for LowRankNetwork {
    fn weights(&self) -> &[f32] {
        &self.weights
    }

    fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.weights
    }

    fn apply(&self, x: &Matrix) -> Matrix {
        let inner = product(x.view(), self.u(), Threads::Pool);
        product(inner.view(), self.v().transpose(), Threads::Pool)
    }

    fn gradient(&self, x: &Matrix, targets: &Matrix, gradient: &mut [f32]) -> f64 {
        let inner = product(x.view(), self.u(), Threads::Pool);
        let mut delta = product(inner.view(), self.v().transpose(), Threads::Pool);
        let loss = errors(&mut delta, targets);
        let (u, v) = gradient.split_at_mut(self.from * self.rank);
        v.copy_from_slice(product(delta.view().transpose(), inner.view(), Threads::Pool).as_slice());
        let back = product(delta.view(), self.v(), Threads::Pool);
        u.copy_from_slice(product(x.view().transpose(), back.view(), Threads::Pool).as_slice());
        loss
    }
}

#[cfg(test)]
#[path = "residual_tests.rs"]
mod tests;
