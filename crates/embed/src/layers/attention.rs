//! Scaled dot-product attention over several heads.

use candle_core::{Device, Tensor};

use super::{
    Linear, Rotary,
    kernels::{attend, split},
};
use crate::{EmbedError, folder::weights::Scope};

/// Addend for the scores of positions that must not be seen; after the softmax their weight is 0.
const UNSEEN: f32 = f32::MIN;

/// `softmax(Q Kᵀ s + B) V`, heads side by side, then the output map. The scale `s` is a part of the map of queries.
pub(crate) struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
}

/// Names of the four maps in a family of models.
pub(crate) struct Projections {
    pub query: &'static str,
    pub key: &'static str,
    pub value: &'static str,
    pub output: &'static str,
}

impl Attention {
    /// Attention with biases and the usual scale `1/√(width of a head)`.
    pub fn load(scope: &Scope, names: &Projections, width: usize, heads: usize) -> Result<Self, EmbedError> {
        Self::with_biases_if([true; 4], scope, names, width, heads)
    }

    /// Attention with the usual scale; the flags say which of query, key, value and output have a bias.
    pub fn with_biases_if(
        [query, key, value, output]: [bool; 4],
        scope: &Scope,
        names: &Projections,
        width: usize,
        heads: usize,
    ) -> Result<Self, EmbedError> {
        let map = |bias, name| Linear::with_bias_if(bias, &scope.sub(name), width, width);
        let scale = ((width / heads) as f64).sqrt().recip();
        Ok(Self {
            query: map(query, names.query)?.scaled(scale)?,
            key: map(key, names.key)?,
            value: map(value, names.value)?,
            output: map(output, names.output)?,
            heads,
        })
    }

    /// Attention without biases and without scale, `inner` wide inside: T5.
    pub fn bare(
        scope: &Scope,
        names: &Projections,
        width: usize,
        inner: usize,
        heads: usize,
    ) -> Result<Self, EmbedError> {
        let map = |name| Linear::without_bias(&scope.sub(name), width, inner);
        Ok(Self {
            query: map(names.query)?,
            key: map(names.key)?,
            value: map(names.value)?,
            output: Linear::without_bias(&scope.sub(names.output), inner, width)?,
            heads,
        })
    }

    /// From `[items · length, width]` to the same shape. The tensors in `added` are added to the scores; each must
    /// broadcast to `[items, heads, length, length]` (query, then key).
    pub fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
        self.turned(x, items, added, None)
    }

    /// The same, with queries and keys turned by rotary positions.
    pub fn turned(
        &self,
        x: &Tensor,
        items: usize,
        added: &[&Tensor],
        rotary: Option<&Rotary>,
    ) -> Result<Tensor, EmbedError> {
        let heads = |x: Tensor| split(&x, items, self.heads);
        let turn = |x: Tensor| match rotary {
            Some(rotary) => rotary.forward(&x),
            None => Ok(x),
        };
        let query = turn(heads(self.query.forward(x)?)?)?;
        let key = turn(heads(self.key.forward(x)?)?)?;
        let value = heads(self.value.forward(x)?)?;
        self.output.forward(&attend(&query, &key, &value, added)?)
    }
}

/// Addend for the scores that hides padding: `[items, 1, 1, length]`; with `causal`, where no position sees a later one
/// either, `[items, 1, length, length]`.
pub(crate) fn mask(seen: &[bool], items: usize, causal: bool, device: &Device) -> Result<Tensor, EmbedError> {
    let length = seen.len() / items;
    let value = |seen: bool| if seen { 0.0 } else { UNSEEN };
    let (values, queries): (Vec<f32>, usize) = if causal {
        let rows = (0..items * length).map(|row| (row / length, row % length));
        let all =
            rows.flat_map(|(item, query)| (0..length).map(move |key| value(key <= query && seen[item * length + key])));
        (all.collect(), length)
    } else {
        (seen.iter().map(|seen| value(*seen)).collect(), 1)
    };
    Ok(Tensor::from_vec(values, (items, 1, queries, length), device)?)
}
