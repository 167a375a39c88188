//! Training the corrector: gradient clipping and AdamW.

use super::batch::Batch;
use super::loss::Loss;
use super::network::{Corrector, Parts, Weights};
pub use super::optimiser::Adamw;
use super::optimiser::Optimiser;
use super::shards::Shards;
use crate::numerics::kernels;
use crate::numerics::parallel::prelude::*;

/// A corrector in training: AdamW with β = (0.9, 0.999), ε = 1e-8 and clipping by the global norm.
///
/// The LayerNorm sits on constant inputs, so the gradient with respect to x is never needed: the
/// gradients of scale and shift follow from `nᵀ dpre`, which the weights' own need anyway. That is 12
/// instead of 15 b·D² multiply-adds a step at H = 2D.
pub struct Trainer {
    corrector: Corrector,
    optimiser: Optimiser,
    shards: Shards,
}

/// Loss and gradient norm of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Mean loss of the batch before the step.
    pub loss: f64,
    /// Norm of the gradient before clipping. If it is not finite, no step was made.
    pub gradient_norm: f64,
}

impl Trainer {
    /// Starts from a corrector.
    pub fn new(corrector: Corrector, adamw: Adamw) -> Self {
        let optimiser = Optimiser::new(corrector.parameters(), adamw);
        let shards = Shards::new(&corrector);
        Self { corrector, optimiser, shards }
    }

    /// The current corrector.
    pub fn corrector(&self) -> &Corrector {
        &self.corrector
    }

    /// Sets another learning rate.
    pub fn set_lr(&mut self, lr: f64) {
        self.optimiser.adamw.lr = lr;
    }

    /// Loss and gradient of a batch, without a step; the gradient is read by [`Trainer::gradient`].
    pub fn backward(&mut self, batch: &Batch<'_>, loss: Loss) -> f64 {
        let (value, sums) = self.shards.gradients(&self.corrector, batch, loss);
        unfold(&self.corrector, sums);
        value
    }

    /// The gradient of the last [`Trainer::backward`], as a corrector's weights.
    pub fn gradient(&self) -> Weights {
        Corrector { layout: self.corrector.layout, weights: self.shards.sums().to_vec() }.weights()
    }

    /// One training step on a batch. A gradient that is not finite changes nothing, because clipping cannot make it
    /// finite.
    pub fn step(&mut self, batch: &Batch<'_>, loss: Loss) -> StepReport {
        let value = self.backward(batch, loss);
        let gradient_norm = self.optimiser.step(&mut self.corrector.weights, self.shards.sums());
        StepReport { loss: value, gradient_norm }
    }
}

/// Converts gradient sums of the folded weights to the gradient of the weights, in place. With n the normalised rows and
/// `A = nᵀ dpre`, `s = Σ dpre`: `dW = diag(scale) A + shift sᵀ`, `dscale_i = A_i·W_i`, `dshift_i = s·W_i`.
fn unfold(corrector: &Corrector, sums: &mut [f32]) {
    let (layout, w) = (corrector.layout, &corrector.weights);
    let Parts { scale: dscale, shift: dshift, inner, inner_bias, .. } = layout.split(sums);
    let rows = inner.par_chunks_mut(layout.pre()).zip(w[layout.inner()].par_chunks(layout.pre()));
    let norms = w[layout.scale()].par_iter().zip(&w[layout.shift()]);
    rows.zip(norms).zip(dscale.par_iter_mut().zip(dshift)).for_each(
        |(((a, w), (&scale, &shift)), (dscale, dshift))| {
            (*dscale, *dshift) = kernels::unfold(a, w, inner_bias, scale, shift);
        },
    );
}
