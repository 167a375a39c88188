//! Attention of all heads, for some queries at a time.

use align::linalg::{Accum, MatrixView, MatrixViewMut, Threads, gemm};
use candle_core::{CpuStorage, CustomOp3, Layout, Shape, Storage, Tensor};
use rayon::prelude::*;

use super::{heads::Heads, vector, zeros};
use crate::{EmbedError, device::has_kernels};

/// Queries of an item whose scores are computed together: those of one head stay in a thread's cache. All scores of a sound of
/// ten minutes would take 43 GB.
const QUERIES: usize = 128;
/// Scores that are computed together at most where there is no kernel: 256 MB.
const SCORES: usize = 1 << 26;

/// `softmax(Q Kᵀ + B) V` of `[items, heads, length, width]` as `[items · length, heads · width]`. `B` is the sum of tensors
/// that are repeated along the dimensions in which they have one entry.
pub(crate) fn attend(query: &Tensor, key: &Tensor, value: &Tensor, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
    if !has_kernels(query.device()) {
        return composed(query, key, value, added, SCORES);
    }
    let (items, heads, length, _) = query.dims4()?;
    let added = added.iter().map(|added| added.broadcast_as((items, heads, length, length)));
    let op = Attend { added: added.collect::<Result<_, _>>()? };
    Ok(query.apply_op3_no_bwd(key, value, &op)?)
}

/// The same by plain operations, for as many queries together as have `most` scores.
fn composed(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    added: &[&Tensor],
    most: usize,
) -> Result<Tensor, EmbedError> {
    let (items, heads, length, width) = query.dims4()?;
    let [query, key, value] = [query.contiguous()?, key.contiguous()?, value.contiguous()?];
    let block = (most / (items * heads * length).max(1)).max(1);
    let mut blocks = Vec::new();
    for start in (0..length).step_by(block) {
        let count = block.min(length - start);
        let mut scores = query.narrow(2, start, count)?.matmul(&key.t()?)?;
        for added in added {
            scores = match added.dim(2)? {
                1 => scores.broadcast_add(added)?,
                _ => scores.broadcast_add(&added.narrow(2, start, count)?)?,
            };
        }
        blocks.push(candle_nn::ops::softmax_last_dim(&scores)?.matmul(&value)?);
    }
    Ok(Tensor::cat(&blocks, 2)?.transpose(1, 2)?.contiguous()?.reshape((items * length, heads * width))?)
}

struct Attend {
    /// `[items, heads, queries, keys]`.
    added: Vec<Tensor>,
}

impl CustomOp3 for Attend {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        query: &CpuStorage,
        query_layout: &Layout,
        key: &CpuStorage,
        key_layout: &Layout,
        value: &CpuStorage,
        value_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let query = Heads::of(query, query_layout)?;
        let (key, value) = (Heads::of(key, key_layout)?, Heads::of(value, value_layout)?);
        let [items, heads, length, width] = query.dims;
        if key.dims != query.dims || value.dims != query.dims {
            candle_core::bail!("queries {:?}, keys {:?} and values {:?}", query.dims, key.dims, value.dims);
        }
        let kept: Vec<_> = self.added.iter().map(Tensor::storage_and_layout).collect();
        let added = kept.iter().map(|(storage, layout)| match &**storage {
            Storage::Cpu(storage) => Heads::of(storage, layout),
            _ => candle_core::bail!("an addend on another device"),
        });
        let added = added.collect::<candle_core::Result<Vec<_>>>()?;
        let all = heads * width;
        let mut out = zeros(items * length * all);
        let some = |scores: &mut Vec<f32>, item: usize, first: usize, out: &mut [f32]| {
            let count = out.len() / all;
            scores.resize(count * length, 0.0);
            for head in 0..heads {
                let queries = query.matrix(item, head, first, count);
                let keys = key.matrix(item, head, 0, length).transpose();
                let block = MatrixViewMut::from_slice(count, length, scores);
                gemm(block, Accum::Replace, queries, keys, Threads::One);
                for (i, scores) in scores.chunks_exact_mut(length).enumerate() {
                    for added in &added {
                        let added = added.row(item, head, first + i);
                        scores.iter_mut().zip(added).for_each(|(score, added)| *score += added);
                    }
                    vector::softmax(scores);
                }
                let weights = MatrixView::from_slice(count, length, scores);
                let out = MatrixViewMut::from_slice(count, all, out).submatrix(0, head * width, count, width);
                gemm(out, Accum::Replace, weights, value.matrix(item, head, 0, length), Threads::One);
            }
        };
        out.par_chunks_mut((length * all).max(1)).enumerate().for_each(|(item, out)| {
            let blocks = out.par_chunks_mut(QUERIES * all).enumerate();
            blocks.for_each_init(Vec::new, |scores, (block, out)| some(scores, item, block * QUERIES, out));
        });
        Ok((CpuStorage::F32(out), Shape::from((items * length, all))))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::split;
    use super::*;

    /// Queries, keys and values; for some sizes, the rows of the heads lie apart.
    fn inputs(dims: (usize, usize, usize, usize)) -> [Tensor; 3] {
        let (items, heads, length, width) = dims;
        [0.7, 1.3, 2.9].map(|seed: f32| {
            let values = (0..items * heads * length * width).map(|i| (i as f32 * seed).sin()).collect();
            let rows = Tensor::from_vec(values, (items * length, heads * width), &Device::Cpu).unwrap();
            split(&rows, items, heads).unwrap()
        })
    }

    fn values(x: &Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn blocks_of_queries_change_nothing() {
        for dims in [(1, 1, 1, 1), (2, 3, 37, 8), (1, 2, 300, 5), (3, 1, 128, 64)] {
            let (items, heads, length, width) = dims;
            let [query, key, value] = inputs(dims);
            let addend = |shape: (usize, usize, usize, usize)| {
                let hidden = |i: usize| if i % 11 == 10 { f32::MIN } else { (i % 7) as f32 / 7.0 };
                let values = (0..shape.0 * shape.1 * shape.2 * shape.3).map(hidden).collect();
                Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
            };
            let padding = addend((items, 1, 1, length));
            let bias = addend((1, heads, length, length));
            let causal = addend((items, 1, length, length));
            for added in [&[][..], &[&padding], &[&bias, &padding], &[&causal]] {
                let found = attend(&query, &key, &value, added).unwrap();
                assert_eq!(found.dims(), [items * length, heads * width]);
                for most in [0, items * heads * length * 5, items * heads * length * 36, usize::MAX] {
                    let wanted = composed(&query, &key, &value, added, most).unwrap();
                    let pairs = values(&found).into_iter().zip(values(&wanted));
                    let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(largest <= 1e-6, "{dims:?}, {} addends, {most} scores: {largest:e}", added.len());
                }
            }
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let ([query, key, _], [_, _, value]) = (inputs((1, 2, 5, 4)), inputs((1, 2, 6, 4)));
        assert!(attend(&query, &key, &value, &[]).is_err());
        let addend = Tensor::zeros((1, 1, 1, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(attend(&query, &key, &key, &[&addend]).is_err());
    }
}
