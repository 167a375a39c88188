//! Heads of attention: from rows of positions to matrices of heads, and back.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use rayon::prelude::*;

use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
};

/// `[items · length, heads · width]` to `[items, heads, length, width]`.
pub(crate) fn split(x: &Tensor, items: usize, heads: usize) -> Result<Tensor, EmbedError> {
    let (rows, all) = x.dims2()?;
    let (length, width) = (rows / items, all / heads);
    if has_kernels(x.device()) {
        let op = Split { items, heads, length, width };
        return Ok(x.contiguous()?.apply_op1_no_bwd(&op)?);
    }
    Ok(x.reshape((items, length, heads, width))?.transpose(1, 2)?.contiguous()?)
}

/// `[items, heads, length, width]` to `[items · length, heads · width]`.
pub(crate) fn joined(x: &Tensor) -> Result<Tensor, EmbedError> {
    let (items, heads, length, width) = x.dims4()?;
    if has_kernels(x.device()) {
        let op = Join { items, heads, length, width };
        return Ok(x.contiguous()?.apply_op1_no_bwd(&op)?);
    }
    Ok(x.transpose(1, 2)?.contiguous()?.reshape((items * length, heads * width))?)
}

struct Split {
    items: usize,
    heads: usize,
    length: usize,
    width: usize,
}

impl CustomOp1 for Split {
    fn name(&self) -> &'static str {
        "heads"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = contiguous(storage, layout)?;
        let Self { items, heads, length, width } = *self;
        let mut out = vec![0.0; values.len()];
        out.par_chunks_mut((length * width).max(1)).enumerate().for_each(|(at, out)| {
            let (item, head) = (at / heads, at % heads);
            let rows = values[item * length * heads * width..].chunks_exact(heads * width);
            for (out, row) in out.chunks_exact_mut(width).zip(rows) {
                out.copy_from_slice(&row[head * width..][..width]);
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((items, heads, length, width))))
    }
}

struct Join {
    items: usize,
    heads: usize,
    length: usize,
    width: usize,
}

impl CustomOp1 for Join {
    fn name(&self) -> &'static str {
        "joined heads"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = contiguous(storage, layout)?;
        let Self { items, heads, length, width } = *self;
        let mut out = vec![0.0; values.len()];
        out.par_chunks_mut((heads * width).max(1)).with_min_len(16).enumerate().for_each(|(row, out)| {
            let (item, position) = (row / length, row % length);
            for (head, out) in out.chunks_exact_mut(width).enumerate() {
                out.copy_from_slice(&values[((item * heads + head) * length + position) * width..][..width]);
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((items * length, heads * width))))
    }
}
