//! Feed-forward parts of blocks.

use candle_core::Tensor;

use super::{Activation, Linear, multiply};
use crate::{EmbedError, folder::weights::Scope};

/// `W₂ f(W₁ x)`, or with a gate `W₂ (f(W₁ x) ∘ W₃ x)`.
pub(crate) struct Feed {
    inner: Inner,
    outer: Linear,
    activation: Activation,
}

enum Inner {
    Plain(Linear),
    /// `W₁` and `W₃`.
    Gated(Linear, Linear),
    /// `W₁` above `W₃` in one matrix.
    Joined(Linear),
}

impl Feed {
    /// `W₁` and `W₂` with biases.
    pub fn load(maps: [&Scope; 2], width: usize, inner: usize, activation: Activation) -> Result<Self, EmbedError> {
        Self::with_bias_if(true, maps, width, inner, activation)
    }

    /// `W₁` and `W₂`.
    pub fn with_bias_if(
        bias: bool,
        [first, second]: [&Scope; 2],
        width: usize,
        inner: usize,
        activation: Activation,
    ) -> Result<Self, EmbedError> {
        let map = Inner::Plain(Linear::with_bias_if(bias, first, width, inner)?);
        Ok(Self { inner: map, outer: Linear::with_bias_if(bias, second, inner, width)?, activation })
    }

    /// `W₁`, `W₃` and `W₂`.
    pub fn gated(
        bias: bool,
        [gate, up, down]: [&Scope; 3],
        width: usize,
        inner: usize,
        activation: Activation,
    ) -> Result<Self, EmbedError> {
        let map = |scope| Linear::with_bias_if(bias, scope, width, inner);
        let maps = Inner::Gated(map(gate)?, map(up)?);
        Ok(Self { inner: maps, outer: Linear::with_bias_if(bias, down, inner, width)?, activation })
    }

    /// The matrix of `W₁` above `W₃`, and `W₂`; `inner` is the number of rows of `W₁`.
    pub fn joined(
        [both, down]: [&Scope; 2],
        width: usize,
        inner: usize,
        activation: Activation,
    ) -> Result<Self, EmbedError> {
        let map = Inner::Joined(Linear::load(both, width, 2 * inner)?);
        Ok(Self { inner: map, outer: Linear::load(down, inner, width)?, activation })
    }

    /// `[n, width]` to the same shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        let hidden = match &self.inner {
            Inner::Plain(map) => map.activated(x, self.activation)?,
            Inner::Gated(gate, up) => multiply(gate.activated(x, self.activation)?, &up.forward(x)?)?,
            Inner::Joined(both) => {
                let both = both.forward(x)?;
                let half = both.dim(1)? / 2;
                let gate = both.narrow(1, 0, half)?.force_contiguous()?;
                multiply(self.activation.forward(gate)?, &both.narrow(1, half, half)?)?
            }
        };
        self.outer.forward(&hidden)
    }
}
