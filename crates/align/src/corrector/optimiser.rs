//! AdamW with clipping by the global norm, on a flat vector of weights.

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

/// State of AdamW with β = (0.9, 0.999) and ε = 1e-8.
pub(crate) struct Optimiser {
    pub(crate) adamw: Adamw,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

/// Number of weights that one parallel task updates; sums over such stretches are added in order.
const STRETCH: usize = 8192;

impl Optimiser {
    /// Before the first step on so many weights.
    pub(crate) fn new(len: usize, adamw: Adamw) -> Self {
        Self { adamw, first: vec![0.0; len], second: vec![0.0; len], steps: 0 }
    }

    /// One step, and the norm of the gradient before clipping. A gradient that is not finite changes nothing, because
    /// clipping cannot make it finite.
    pub(crate) fn step(&mut self, weights: &mut [f32], gradient: &[f32]) -> f64 {
        let squares: Vec<f64> = gradient.par_chunks(STRETCH).map(kernels::squares).collect();
        let norm = squares.iter().sum::<f64>().sqrt();
        if !norm.is_finite() {
            return norm;
        }
        self.steps += 1;
        let clip = (self.adamw.clip / (norm + 1e-6)).min(1.0);
        let step = AdamwStep::at(self.steps, self.adamw.lr, self.adamw.weight_decay, clip);
        let weights = weights.par_chunks_mut(STRETCH).zip(gradient.par_chunks(STRETCH));
        let moments = self.first.par_chunks_mut(STRETCH).zip(self.second.par_chunks_mut(STRETCH));
        weights.zip(moments).for_each(|((w, g), (m, v))| kernels::adamw(w, g, m, v, step));
        norm
    }
}
