//! The corrector of GCPA: one small gated network that turns every universe vector towards its item's
//! consensus direction.
//!
//! With `norm(u) = u / |u|`, for a row u of width D and hidden width H:
//!
//! ```text
//! v = norm(u)   x = LayerNorm(v)   δ = gelu(x W1 + b1) W2 + b2   g = sigmoid(x Wg + bg)
//! f(u) = norm(v + g ∘ δ)
//! ```
//!
//! Exact (erf) GELU; LayerNorm with learned scale and shift, population variance over all D coordinates
//! (zero padding included) and ε = 1e-5. Output rows have unit length, but a zero row has no direction to turn and stays
//! zero. At the start W2, b2, Wg and bg are zero, so f(u) = norm(u). Departs: the authors' `norm` divides by `|u| + 1e-8`,
//! which changes no digit of a row of standardised views.

mod lanes;
pub mod train;

use rand_distr::{Distribution, Uniform};

use crate::linalg::MatRef;
use crate::methods::check::ensure;
use crate::rng::{Purpose, stream};
use crate::{AlignError, Matrix, kernels};

/// ε of the layer normalisation.
const LAYER_NORM_EPS: f32 = 1e-5;

/// Where each parameter lies in the flat vector. Matrices are input × output, row-major; W1 and Wg
/// stand side by side because they share their input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    width: usize,
    hidden: usize,
}

impl Layout {
    /// Columns of `[W1 Wg]`.
    fn pre(self) -> usize {
        self.hidden + self.width
    }
    fn scale(self) -> std::ops::Range<usize> {
        0..self.width
    }
    fn shift(self) -> std::ops::Range<usize> {
        self.width..2 * self.width
    }
    fn inner(self) -> std::ops::Range<usize> {
        let start = self.shift().end;
        start..start + self.width * self.pre()
    }
    fn inner_bias(self) -> std::ops::Range<usize> {
        let start = self.inner().end;
        start..start + self.pre()
    }
    fn outer(self) -> std::ops::Range<usize> {
        let start = self.inner_bias().end;
        start..start + self.hidden * self.width
    }
    fn outer_bias(self) -> std::ops::Range<usize> {
        let start = self.outer().end;
        start..start + self.width
    }
    fn len(self) -> usize {
        self.outer_bias().end
    }
}

/// The fitted network.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrector {
    layout: Layout,
    weights: Vec<f32>,
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
        let mut rng = stream(seed, Purpose::CorrectorWeights, None);
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

    /// A corrector with these weights, as read from a file.
    ///
    /// # Errors
    /// [`AlignError::Width`] where a shape does not fit the LayerNorm's width and the hidden bias's length.
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

    /// Number of parameters: `2D + (D·H + H) + (H·D + D) + (D² + D)`.
    pub fn parameters(&self) -> usize {
        self.weights.len()
    }

    /// `f(u)` for every row (n × D): unit rows. 10·n·D² flops at H = 2D.
    ///
    /// # Errors
    /// [`AlignError::Width`] for rows of another width.
    pub fn apply(&self, u: &Matrix) -> Result<Matrix, AlignError> {
        u.check_width("corrector", "universe", self.width())?;
        Ok(self.apply_prepared(&Prepared::new(u)))
    }

    /// As [`Corrector::apply`], on rows already prepared.
    pub(crate) fn apply_prepared(&self, x: &Prepared) -> Matrix {
        lanes::apply(self, x)
    }
}

/// Rows as the corrector wants them: unit length, with their mean and inverse deviation, which never
/// change during training.
#[derive(Clone, Debug)]
pub struct Prepared {
    v: Matrix,
    mean: Vec<f32>,
    rstd: Vec<f32>,
}

impl Prepared {
    /// `v = norm(u)` and its layer statistics, row by row.
    pub fn new(u: &Matrix) -> Self {
        let v = crate::prep::unit_rows(u);
        let width = v.cols() as f64;
        let statistics = (0..v.rows()).map(|i| {
            let row = v.row(i);
            let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / width;
            let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / width;
            (mean as f32, (1.0 / (variance + f64::from(LAYER_NORM_EPS)).sqrt()) as f32)
        });
        let (mean, rstd) = statistics.unzip();
        Self { v, mean, rstd }
    }

    /// The rows with these indices.
    pub fn select(&self, rows: &[usize]) -> Self {
        let pick = |values: &[f32]| rows.iter().map(|&i| values[i]).collect();
        Self { v: self.v.select_rows(rows), mean: pick(&self.mean), rstd: pick(&self.rstd) }
    }

    /// One below the other.
    pub fn stack(parts: &[Self]) -> Self {
        let values: Vec<f32> = parts.iter().flat_map(|p| p.v.as_slice()).copied().collect();
        let width = parts.first().map_or(0, |p| p.v.cols());
        Self {
            v: Matrix::from_vec(parts.iter().map(Self::rows).sum(), width, values),
            mean: parts.iter().flat_map(|p| &p.mean).copied().collect(),
            rstd: parts.iter().flat_map(|p| &p.rstd).copied().collect(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.v.rows()
    }

    /// The unit rows.
    pub fn unit(&self) -> &Matrix {
        &self.v
    }

    /// Whether row i is more than zeros.
    pub fn has_direction(&self, i: usize) -> bool {
        self.v.row(i).iter().any(|&x| x != 0.0)
    }

    /// The layer-normalised row i, before scale and shift.
    fn normalised(&self, i: usize, out: &mut [f32]) {
        kernels::centre(self.v.row(i), self.mean[i], self.rstd[i], out);
    }
}

/// `[W1 Wg]` and its bias with the LayerNorm's scale and shift folded in, so that a step never forms x:
/// `x W + b = n (diag(scale) W) + (shift W + b)`.
pub(crate) struct Folded {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Folded {
    fn new(corrector: &Corrector) -> Self {
        let layout = corrector.layout;
        let w = &corrector.weights;
        let (scale, shift) = (&w[layout.scale()], &w[layout.shift()]);
        let mut weight = w[layout.inner()].to_vec();
        let mut bias = w[layout.inner_bias()].to_vec();
        for ((row, &scale), &shift) in weight.chunks_mut(layout.pre()).zip(scale).zip(shift) {
            for (w, b) in row.iter_mut().zip(&mut bias) {
                *b += shift * *w;
                *w *= scale;
            }
        }
        Self { weight, bias }
    }

    fn weight(&self, layout: Layout) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.weight, layout.width, layout.pre())
    }
}
