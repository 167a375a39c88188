//! Batch norms with running statistics.

use crate::{EmbedError, folder::weights::Scope};

/// `factor ∘ x + shift`, a factor and a shift per channel, to be folded into the convolution before it.
pub(crate) struct BatchNorm {
    pub factors: Vec<f32>,
    pub shifts: Vec<f32>,
}

impl BatchNorm {
    /// `w / √(variance + ε)` and `b - mean · factor`.
    pub fn load(scope: &Scope, width: usize, epsilon: f64) -> Result<Self, EmbedError> {
        let vector = |name| scope.vector(name, width);
        let (weight, bias) = (vector("weight")?, vector("bias")?);
        let (mean, variance) = (vector("running_mean")?, vector("running_var")?);
        let factor = |(w, v): (&f32, &f32)| (f64::from(*w) / (f64::from(*v) + epsilon).sqrt()) as f32;
        let factors: Vec<f32> = weight.iter().zip(&variance).map(factor).collect();
        let shifts = bias.iter().zip(&mean).zip(&factors).map(|((b, m), factor)| b - m * factor).collect();
        Ok(Self { factors, shifts })
    }
}
