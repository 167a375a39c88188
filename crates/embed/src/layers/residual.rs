//! The block of ViT, DINOv2 and CLIP: norm first, then attention or feed-forward, then the sum.

use candle_core::Tensor;

use super::{Activation, Attention, Linear, Norm, Projections, stack::Block};
use crate::{EmbedError, folder::weights::Scope};

/// `x + s₁ ∘ attention(norm₁ x)`, then `x + s₂ ∘ W₂ f(W₁ norm₂ x)`; without layer scale, `s` is one.
pub(crate) struct PreNorm {
    norms: [Norm; 2],
    attention: Attention,
    scales: Option<[Tensor; 2]>,
    inner: Linear,
    outer: Linear,
    activation: Activation,
}

/// Names of the parts of a block in a family of models.
pub(crate) struct PreNormNames {
    pub norms: [&'static str; 2],
    pub attention: &'static str,
    pub projections: Projections,
    pub scales: Option<[&'static str; 2]>,
    pub inner: &'static str,
    pub outer: &'static str,
}

/// Sizes that all blocks of an encoder share.
#[derive(Clone, Copy)]
pub(crate) struct BlockSizes {
    pub width: usize,
    pub inner: usize,
    pub heads: usize,
    pub epsilon: f64,
    pub activation: Activation,
}

impl PreNorm {
    pub fn load(scope: &Scope, names: &PreNormNames, sizes: BlockSizes) -> Result<Self, EmbedError> {
        let BlockSizes { width, inner, heads, epsilon, activation } = sizes;
        let norm = |name| Norm::layer(&scope.sub(name), width, epsilon);
        let scales = match names.scales {
            Some([first, second]) => Some([scope.get(first, &[width])?, scope.get(second, &[width])?]),
            None => None,
        };
        Ok(Self {
            norms: [norm(names.norms[0])?, norm(names.norms[1])?],
            attention: Attention::load(&scope.sub(names.attention), &names.projections, width, heads)?,
            scales,
            inner: Linear::load(&scope.sub(names.inner), width, inner)?,
            outer: Linear::load(&scope.sub(names.outer), inner, width)?,
            activation,
        })
    }
}

impl Block for PreNorm {
    fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
        let scaled = |part: Tensor, which: usize| match &self.scales {
            Some(scales) => part.broadcast_mul(&scales[which]),
            None => Ok(part),
        };
        let attended = self.attention.forward(&self.norms[0].forward(x)?, items, added)?;
        let x = (x + scaled(attended, 0)?)?;
        let inner = self.activation.forward(&self.inner.forward(&self.norms[1].forward(&x)?)?)?;
        Ok((&x + scaled(self.outer.forward(&inner)?, 1)?)?)
    }
}
