//! The block of ViT, DINO, Swin and CLIP: norm first, then attention or feed-forward, then the sum.

use candle_core::Tensor;

use super::{Activation, Attention, Feed, Norm, Projections, add, multiply, stack::Block};
use crate::{EmbedError, folder::weights::Scope};

/// `x + s₁ ∘ attention(norm₁ x)`, then `x + s₂ ∘ feed(norm₂ x)`; without layer scale, `s` is one.
pub(crate) struct PreNorm {
    pub norms: [Norm; 2],
    pub attention: Attention,
    pub scales: Option<[Tensor; 2]>,
    pub feed: Feed,
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
        let maps = [&scope.sub(names.inner), &scope.sub(names.outer)];
        let feed = Feed::load(maps, sizes.width, sizes.inner, sizes.activation)?;
        Self::around_feed(scope, names, sizes, feed)
    }

    /// A block with a feed-forward part of its own.
    pub fn around_feed(scope: &Scope, names: &PreNormNames, sizes: BlockSizes, feed: Feed) -> Result<Self, EmbedError> {
        Self::biased([true; 4], scope, names, sizes, feed)
    }

    /// The same; the flags say which of query, key, value and output have a bias.
    pub fn biased(
        biases: [bool; 4],
        scope: &Scope,
        names: &PreNormNames,
        sizes: BlockSizes,
        feed: Feed,
    ) -> Result<Self, EmbedError> {
        let BlockSizes { width, heads, epsilon, .. } = sizes;
        let norm = |name| Norm::layer(&scope.sub(name), width, epsilon);
        let scales = match names.scales {
            Some([first, second]) => Some([scope.get(first, &[width])?, scope.get(second, &[width])?]),
            None => None,
        };
        Ok(Self {
            norms: [norm(names.norms[0])?, norm(names.norms[1])?],
            attention: Attention::with_biases_if(
                biases,
                &scope.sub(names.attention),
                &names.projections,
                width,
                heads,
            )?,
            scales,
            feed,
        })
    }

    /// The block with another way to attend, from the rows after the first norm to the rows that are added,
    /// which must be new ones.
    pub fn attending(
        &self,
        x: &Tensor,
        attend: impl FnOnce(&Tensor) -> Result<Tensor, EmbedError>,
    ) -> Result<Tensor, EmbedError> {
        let scaled = |part: Tensor, which: usize| match &self.scales {
            Some(scales) => multiply(part, &scales[which]),
            None => Ok(part),
        };
        let attended = attend(&self.norms[0].forward(x)?)?;
        let x = add(scaled(attended, 0)?, x)?;
        let fed = self.feed.forward(&self.norms[1].forward(&x)?)?;
        add(scaled(fed, 1)?, &x)
    }
}

impl Block for PreNorm {
    fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
        self.attending(x, |x| self.attention.forward(x, items, added))
    }
}
