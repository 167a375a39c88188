//! Training the corrector: gradient clipping and AdamW.

use super::batch::Batch;
use super::loss::Loss;
use super::network::{Corrector, Weights};
use super::shards::{Gradients, Shards};
use crate::numerics::kernels::{self, AdamwStep};
use crate::numerics::parallel::prelude::*;

/// Settings of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamw {
    /// Learning rate.
    pub lr: f64,
    /// Decoupled weight decay, on every parameter.
    pub weight_decay: f64,
    /// Largest norm of a gradient; longer ones are shortened to it.
    pub clip: f64,
}

/// A corrector in training: AdamW with β = (0.9, 0.999), ε = 1e-8 and clipping by the global norm.
///
/// The LayerNorm sits on constant inputs, so the gradient with respect to x is never needed: the
/// gradients of scale and shift follow from `nᵀ dpre`, which the weights' own need anyway. That is 12
/// instead of 15 b·D² multiply-adds a step at H = 2D.
pub struct Trainer {
    corrector: Corrector,
    adamw: Adamw,
    lanes: Shards,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

/// Loss and gradient norm of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Mean loss of the batch before the step.
    pub loss: f64,
    /// Norm of the gradient before clipping. If it is not finite, no step was made.
    pub gradient_norm: f64,
}

/// Number of weights that one parallel task updates; sums over such stretches are added in order.
const STRETCH: usize = 8192;

impl Trainer {
    /// Starts from a corrector.
    pub fn new(corrector: Corrector, adamw: Adamw) -> Self {
        let len = corrector.parameters();
        let lanes = Shards::new(&corrector);
        let zeros = || vec![0.0; len];
        Self { corrector, adamw, lanes, gradient: zeros(), first: zeros(), second: zeros(), steps: 0 }
    }

    /// The current corrector.
    pub fn corrector(&self) -> &Corrector {
        &self.corrector
    }

    /// Sets another learning rate.
    pub fn set_lr(&mut self, lr: f64) {
        self.adamw.lr = lr;
    }

    /// Loss and gradient of a batch, without a step; the gradient is read by [`Trainer::gradient`].
    pub fn backward(&mut self, batch: &Batch<'_>, loss: Loss) -> f64 {
        let (value, sums) = self.lanes.gradients(&self.corrector, batch, loss);
        assemble(&self.corrector, sums, &mut self.gradient);
        value
    }

    /// The gradient of the last [`Trainer::backward`], as a corrector's weights.
    pub fn gradient(&self) -> Weights {
        Corrector { layout: self.corrector.layout, weights: self.gradient.clone() }.weights()
    }

    /// One training step on a batch. A gradient that is not finite changes nothing, because clipping cannot make it
    /// finite.
    pub fn step(&mut self, batch: &Batch<'_>, loss: Loss) -> StepReport {
        let value = self.backward(batch, loss);
        let squares: Vec<f64> = self
            .gradient
            .par_chunks(STRETCH)
            .map(|part| part.iter().map(|&g| f64::from(g) * f64::from(g)).sum())
            .collect();
        let gradient_norm = squares.iter().sum::<f64>().sqrt();
        if !gradient_norm.is_finite() {
            return StepReport { loss: value, gradient_norm };
        }
        self.steps += 1;
        let clip = (self.adamw.clip / (gradient_norm + 1e-6)).min(1.0);
        let step = AdamwStep::at(self.steps, self.adamw.lr, self.adamw.weight_decay, clip);
        let weights = self.corrector.weights.par_chunks_mut(STRETCH).zip(self.gradient.par_chunks(STRETCH));
        let moments = self.first.par_chunks_mut(STRETCH).zip(self.second.par_chunks_mut(STRETCH));
        weights.zip(moments).for_each(|((w, g), (m, v))| kernels::adamw(w, g, m, v, step));
        StepReport { loss: value, gradient_norm }
    }
}

/// Converts gradient sums to the gradient in the layout of the weights. With n the normalised rows and `A = nᵀ dpre`,
/// `s = Σ dpre`: `dW = diag(scale) A + shift sᵀ`, `dscale_i = A_i·W_i`, `dshift_i = s·W_i`.
fn assemble(corrector: &Corrector, sums: &Gradients, gradient: &mut [f32]) {
    let (layout, w) = (corrector.layout, &corrector.weights);
    let pre = layout.pre();
    let (scale, shift) = (&w[layout.scale()], &w[layout.shift()]);
    let (head, tail) = gradient.split_at_mut(layout.inner().start);
    let (dscale, dshift) = head.split_at_mut(layout.width);
    let dinner = &mut tail[..layout.width * pre];
    let weights = w[layout.inner()].par_chunks(pre).zip(sums.inner.par_chunks(pre));
    let norms = dscale.par_iter_mut().zip(dshift.par_iter_mut()).zip(scale.par_iter().zip(shift));
    dinner.par_chunks_mut(pre).zip(weights).zip(norms).for_each(
        |((dw, (w, a)), ((dscale, dshift), (&scale, &shift)))| {
            let (mut along_scale, mut along_shift) = (0.0f64, 0.0f64);
            for (((dw, &w), &a), &s) in dw.iter_mut().zip(w).zip(a).zip(&sums.inner_bias) {
                *dw = scale * a + shift * s;
                along_scale += f64::from(a) * f64::from(w);
                along_shift += f64::from(s) * f64::from(w);
            }
            *dscale = along_scale as f32;
            *dshift = along_shift as f32;
        },
    );
    gradient[layout.inner_bias()].copy_from_slice(&sums.inner_bias);
    gradient[layout.outer()].copy_from_slice(&sums.outer);
    gradient[layout.outer_bias()].copy_from_slice(&sums.outer_bias);
}
