//! The softmax of the scores of attention.

use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;

use super::vector;
use crate::{
    EmbedError,
    device::{contiguous_mut, has_kernels},
};

/// The softmax over the last dimension. It may write to the scores themselves, of which there must be no other copy.
pub(crate) fn softmax(scores: Tensor) -> Result<Tensor, EmbedError> {
    if !has_kernels(scores.device()) {
        return Ok(candle_nn::ops::softmax_last_dim(&scores)?);
    }
    scores.inplace_op1(&Softmax)?;
    Ok(scores)
}

struct Softmax;

impl InplaceOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, scores: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let width = layout.dims().last().copied().unwrap_or(1).max(1);
        let rows = contiguous_mut(scores, layout)?.par_chunks_mut(width);
        rows.with_min_len(16).for_each(vector::softmax);
        Ok(())
    }
}
