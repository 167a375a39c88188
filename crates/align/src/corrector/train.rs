//! Training the corrector: gradient clipping and AdamW.

use super::batch::Batch;
use super::loss::Loss;
use super::network::{Corrector, Weights};
pub use super::optimiser::Adamw;
use super::optimiser::Optimiser;
use super::shards::{Gradients, Shards};
use crate::numerics::parallel::prelude::*;

/// A corrector in training: AdamW with β = (0.9, 0.999), ε = 1e-8 and clipping by the global norm.
///
/// The LayerNorm sits on constant inputs, so the gradient with respect to x is never needed: the
/// gradients of scale and shift follow from `nᵀ dpre`, which the weights' own need anyway. That is 12
/// instead of 15 b·D² multiply-adds a step at H = 2D.
pub struct Trainer {
    corrector: Corrector,
    optimiser: Optimiser,
    lanes: Shards,
    gradient: Vec<f32>,
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
        let len = corrector.parameters();
        let lanes = Shards::new(&corrector);
        Self { corrector, optimiser: Optimiser::new(len, adamw), lanes, gradient: vec![0.0; len] }
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
        let gradient_norm = self.optimiser.step(&mut self.corrector.weights, &self.gradient);
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
