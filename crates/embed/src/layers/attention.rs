//! Scaled dot-product attention over several heads.

use candle_core::{Device, Tensor};

use super::{
    Linear, Rotary,
    kernels::{joined, product, product_transposed, softmax, split},
};
use crate::{EmbedError, folder::weights::Scope};

/// Addend for the scores of positions that must not be seen; after the softmax their weight is 0.
const UNSEEN: f32 = f32::MIN;

/// Scores that are computed together at most: 256 MB.
const SCORES: usize = 1 << 26;

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
        self.output.forward(&joined(&mixed(&query, &key, &value, added, SCORES)?)?)
    }
}

/// `softmax(Q Kᵀ + B) V` of `[items, heads, length, width of a head]`, for as many queries together as have `most` scores.
/// All scores of a sound of ten minutes would take 43 GB.
fn mixed(query: &Tensor, key: &Tensor, value: &Tensor, added: &[&Tensor], most: usize) -> Result<Tensor, EmbedError> {
    let (items, heads, length, _) = query.dims4()?;
    let block = (most / (items * heads * length).max(1)).max(1);
    let mut blocks = Vec::new();
    for start in (0..length).step_by(block) {
        let count = block.min(length - start);
        let mut scores = product_transposed(&query.narrow(2, start, count)?, key)?;
        for added in added {
            let queries = added.rank() - 2;
            scores = match added.dim(queries)? {
                1 => scores.broadcast_add(added)?,
                _ => scores.broadcast_add(&added.narrow(queries, start, count)?)?,
            };
        }
        blocks.push(product(&softmax(scores)?, value)?);
    }
    match &blocks[..] {
        [all] => Ok(all.clone()),
        _ => Ok(Tensor::cat(&blocks, 2)?),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_queries_change_nothing() {
        let (items, heads, length, head) = (2, 3, 37, 8);
        let tensor = |seed: f32, shape: (usize, usize, usize, usize)| {
            let count = shape.0 * shape.1 * shape.2 * shape.3;
            let values = (0..count).map(|i| (i as f32 * seed).sin()).collect();
            Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
        };
        let [query, key, value] = [0.7, 1.3, 2.9].map(|seed| tensor(seed, (items, heads, length, head)));
        let seen: Vec<bool> = (0..items * length).map(|i| i % length < 30 || i < length).collect();
        let (padding, causal) =
            (mask(&seen, items, false, &Device::Cpu).unwrap(), mask(&seen, items, true, &Device::Cpu).unwrap());
        let bias = tensor(0.3, (1, heads, length, length));
        for added in [&[][..], &[&padding], &[&bias, &padding], &[&causal]] {
            let of = |most: usize| -> Vec<f32> {
                let rows = mixed(&query, &key, &value, added, most).unwrap();
                assert_eq!(rows.dims4().unwrap(), (items, heads, length, head));
                rows.flatten_all().unwrap().to_vec1().unwrap()
            };
            let whole = of(usize::MAX);
            for most in [0, items * heads * length * 5, items * heads * length * 36] {
                let largest = of(most).iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(largest < 1e-6, "{} addends, {most} scores: {largest:e}", added.len());
            }
        }
    }
}
