//! The network of the corrector: its parameters, their layout and their initial values.

use rand_distr::{Distribution, Uniform};

use crate::methods::shared::check::ensure;
use crate::numerics::kernels;
use crate::numerics::linalg::MatrixView;
use crate::numerics::parallel::prelude::*;
use crate::rng::{Purpose, stream};
use crate::{AlignError, Matrix};

/// Initial weights of the corrector.
const STARTING_WEIGHTS: Purpose = Purpose::new(2);

/// Layout of the parameters in the flat vector. Matrices are input × output, row-major; W1 and Wg are side by side
/// because they share their input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) hidden: usize,
}

impl Layout {
    /// Columns of `[W1 Wg]`.
    pub(super) fn pre(self) -> usize {
        self.hidden + self.width
    }
    pub(super) fn scale(self) -> std::ops::Range<usize> {
        0..self.width
    }
    pub(super) fn shift(self) -> std::ops::Range<usize> {
        self.width..2 * self.width
    }
    pub(super) fn inner(self) -> std::ops::Range<usize> {
        let start = self.shift().end;
        start..start + self.width * self.pre()
    }
    pub(super) fn inner_bias(self) -> std::ops::Range<usize> {
        let start = self.inner().end;
        start..start + self.pre()
    }
    pub(super) fn outer(self) -> std::ops::Range<usize> {
        let start = self.inner_bias().end;
        start..start + self.hidden * self.width
    }
    pub(super) fn outer_bias(self) -> std::ops::Range<usize> {
        let start = self.outer().end;
        start..start + self.width
    }
    pub(super) fn len(self) -> usize {
        self.outer_bias().end
    }

    /// The parts of a vector that has one number for each weight.
    pub(super) fn split(self, flat: &mut [f32]) -> Parts<'_> {
        let (scale, rest) = flat.split_at_mut(self.width);
        let (shift, rest) = rest.split_at_mut(self.width);
        let (inner, rest) = rest.split_at_mut(self.inner().len());
        let (inner_bias, rest) = rest.split_at_mut(self.pre());
        let (outer, outer_bias) = rest.split_at_mut(self.outer().len());
        Parts { scale, shift, inner, inner_bias, outer, outer_bias }
    }
}

/// Numbers of the weights by part.
pub(super) struct Parts<'a> {
    pub(super) scale: &'a mut [f32],
    pub(super) shift: &'a mut [f32],
    pub(super) inner: &'a mut [f32],
    pub(super) inner_bias: &'a mut [f32],
    pub(super) outer: &'a mut [f32],
    pub(super) outer_bias: &'a mut [f32],
}

/// The fitted network.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrector {
    pub(super) layout: Layout,
    pub(super) weights: Vec<f32>,
}

/// The parameters of a [`Corrector`] by name; matrices are input × output.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// LayerNorm scale, D.
    pub scale: Vec<f32>,
    /// LayerNorm shift, D.
    pub shift: Vec<f32>,
    /// Hidden layer, D × H.
    pub w1: Matrix,
    /// Its bias, H.
    pub b1: Vec<f32>,
    /// Gate, D × D.
    pub wg: Matrix,
    /// Its bias, D.
    pub bg: Vec<f32>,
    /// Output layer, H × D.
    pub w2: Matrix,
    /// Its bias, D.
    pub b2: Vec<f32>,
}

impl Corrector {
    /// An untrained corrector: W1 and b1 uniform in ±1/√D, LayerNorm the identity, all else zero.
    ///
    /// # Errors
    /// [`AlignError::Parameter`] for a width or hidden width of zero.
    pub fn new(width: usize, hidden: usize, seed: u64) -> Result<Self, AlignError> {
        ensure(width >= 1, "corrector", "width", width, "at least 1")?;
        ensure(hidden >= 1, "corrector", "hidden", hidden, "at least 1")?;
        let layout = Layout { width, hidden };
        let mut weights = vec![0.0; layout.len()];
        weights[layout.scale()].fill(1.0);
        let bound = 1.0 / (width as f32).sqrt();
        let mut rng = stream(seed, STARTING_WEIGHTS, None);
        let uniform = Uniform::new_inclusive(-bound, bound).map_err(|_| AlignError::Parameter {
            method: "corrector",
            parameter: "width",
            got: width.to_string(),
            want: "a width whose starting weights are finite",
        })?;
        for row in weights[layout.inner()].chunks_mut(layout.pre()) {
            row[..hidden].fill_with(|| uniform.sample(&mut rng));
        }
        weights[layout.inner_bias()][..hidden].fill_with(|| uniform.sample(&mut rng));
        Ok(Self { layout, weights })
    }

    /// A corrector with these weights, for example from a file.
    ///
    /// # Errors
    /// [`AlignError::Width`] if a shape does not fit the LayerNorm's width and the hidden bias's length.
    pub fn from_weights(w: &Weights) -> Result<Self, AlignError> {
        let layout = Layout { width: w.scale.len(), hidden: w.b1.len() };
        let (d, h) = (layout.width, layout.hidden);
        let shapes: [(&str, usize, usize); 11] = [
            ("shift", w.shift.len(), d),
            ("w1 rows", w.w1.rows(), d),
            ("w1 columns", w.w1.cols(), h),
            ("wg rows", w.wg.rows(), d),
            ("wg columns", w.wg.cols(), d),
            ("bg", w.bg.len(), d),
            ("w2 rows", w.w2.rows(), h),
            ("w2 columns", w.w2.cols(), d),
            ("b2", w.b2.len(), d),
            ("scale", d, d.max(1)),
            ("b1", h, h.max(1)),
        ];
        if let Some((name, got, want)) = shapes.into_iter().find(|(_, got, want)| got != want) {
            return Err(AlignError::Width { op: "corrector weights", name: name.into(), got, want });
        }
        let mut weights = Vec::with_capacity(layout.len());
        weights.extend_from_slice(&w.scale);
        weights.extend_from_slice(&w.shift);
        for i in 0..d {
            weights.extend_from_slice(w.w1.row(i));
            weights.extend_from_slice(w.wg.row(i));
        }
        weights.extend_from_slice(&w.b1);
        weights.extend_from_slice(&w.bg);
        weights.extend_from_slice(w.w2.as_slice());
        weights.extend_from_slice(&w.b2);
        Ok(Self { layout, weights })
    }

    /// The weights by name.
    pub fn weights(&self) -> Weights {
        let (d, h) = (self.layout.width, self.layout.hidden);
        let inner = Matrix::from_vec(d, h + d, self.weights[self.layout.inner()].to_vec());
        let bias = &self.weights[self.layout.inner_bias()];
        Weights {
            scale: self.weights[self.layout.scale()].to_vec(),
            shift: self.weights[self.layout.shift()].to_vec(),
            w1: Matrix::from_fn(d, h, |i, j| inner.at(i, j)),
            b1: bias[..h].to_vec(),
            wg: Matrix::from_fn(d, d, |i, j| inner.at(i, h + j)),
            bg: bias[h..].to_vec(),
            w2: Matrix::from_vec(h, d, self.weights[self.layout.outer()].to_vec()),
            b2: self.weights[self.layout.outer_bias()].to_vec(),
        }
    }

    /// Width D of the universe it corrects.
    pub fn width(&self) -> usize {
        self.layout.width
    }

    /// Whether δ can be other than zero.
    pub(super) fn turns(&self) -> bool {
        self.weights[self.layout.outer().start..].iter().any(|&w| w != 0.0)
    }

    /// Number of parameters: `2D + (D·H + H) + (H·D + D) + (D² + D)`.
    pub fn parameters(&self) -> usize {
        self.weights.len()
    }
}

/// `[W1 Wg]` and its bias with the LayerNorm's scale and shift folded in, so that a step never forms x:
/// `x W + b = n (diag(scale) W) + (shift W + b)`.
pub(super) struct Folded {
    weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Folded {
    /// For weights that do not change.
    pub(super) fn new(corrector: &Corrector) -> Self {
        let mut folded = Self::empty(corrector.layout);
        folded.update(corrector);
        folded
    }

    /// Before the first [`Folded::update`].
    pub(super) fn empty(layout: Layout) -> Self {
        Self { weight: vec![0.0; layout.inner().len()], bias: vec![0.0; layout.pre()] }
    }

    /// Folds the weights of now. The memory stays: that of wide views is tens of megabytes in every step.
    pub(super) fn update(&mut self, corrector: &Corrector) {
        let (layout, w) = (corrector.layout, &corrector.weights);
        let (scale, shift, inner) = (&w[layout.scale()], &w[layout.shift()], &w[layout.inner()]);
        let rows = self.weight.par_chunks_mut(layout.pre()).zip(inner.par_chunks(layout.pre()));
        rows.zip(scale).for_each(|((to, from), &scale)| kernels::scaled(from, scale, to));
        self.bias.copy_from_slice(&w[layout.inner_bias()]);
        self.bias.par_chunks_mut(COLUMNS).enumerate().for_each(|(stripe, bias)| {
            for (row, &shift) in inner.chunks_exact(layout.pre()).zip(shift) {
                kernels::add_scaled(&row[stripe * COLUMNS..][..bias.len()], shift, bias);
            }
        });
    }

    pub(super) fn weight(&self, layout: Layout) -> MatrixView<'_, f32> {
        MatrixView::from_slice(layout.width, layout.pre(), &self.weight)
    }
}

/// Columns that one thread sums.
const COLUMNS: usize = 512;
