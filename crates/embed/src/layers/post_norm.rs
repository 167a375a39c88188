//! The block of BERT and of HuBERT base: attention or feed-forward, then the sum, then the norm.

use candle_core::Tensor;

use super::{Activation, Attention, Linear, Norm, stack::Block};
use crate::{EmbedError, folder::weights::Scope};

/// `norm(x + attention x)`, then `norm(x + W₂ f(W₁ x))`.
pub(crate) struct PostNorm {
    pub attention: Attention,
    pub attention_norm: Norm,
    pub feed: Feed,
    pub feed_norm: Norm,
}

impl Block for PostNorm {
    fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
        let x = self.attention_norm.forward(&(x + self.attention.forward(x, items, added)?)?)?;
        self.feed_norm.forward(&(&x + self.feed.forward(&x)?)?)
    }
}

/// `W₂ f(W₁ x)`.
pub(crate) struct Feed {
    inner: Linear,
    outer: Linear,
    activation: Activation,
}

impl Feed {
    pub fn load(maps: [&Scope; 2], width: usize, inner: usize, activation: Activation) -> Result<Self, EmbedError> {
        let [first, second] = maps;
        Ok(Self { inner: Linear::load(first, width, inner)?, outer: Linear::load(second, inner, width)?, activation })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        self.outer.forward(&self.activation.forward(&self.inner.forward(x)?)?)
    }
}
