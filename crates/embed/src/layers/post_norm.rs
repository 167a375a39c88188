//! The block of BERT and of HuBERT base: attention or feed-forward, then the sum, then the norm.

use candle_core::Tensor;

use super::{Attention, Feed, Norm, add, stack::Block};
use crate::EmbedError;

/// `norm(x + attention x)`, then `norm(x + W₂ f(W₁ x))`.
pub(crate) struct PostNorm {
    pub attention: Attention,
    pub attention_norm: Norm,
    pub feed: Feed,
    pub feed_norm: Norm,
}

impl Block for PostNorm {
    fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
        let x = self.attention_norm.forward(&add(self.attention.forward(x, items, added)?, x)?)?;
        self.feed_norm.forward(&add(self.feed.forward(&x)?, &x)?)
    }
}
