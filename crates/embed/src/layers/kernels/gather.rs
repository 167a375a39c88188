//! Rows of a matrix in another order.

use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::zeros;
use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
};

/// The rows of `x` that the index names; the number of rows names a row of zeros.
pub(crate) fn gather(x: &Tensor, index: &Tensor) -> Result<Tensor, EmbedError> {
    let x = x.contiguous()?;
    if has_kernels(x.device()) {
        return Ok(x.apply_op2_no_bwd(index, &Rows)?);
    }
    Ok(x.pad_with_zeros(0, 0, 1)?.index_select(index, 0)?)
}

struct Rows;

impl CustomOp2 for Rows {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        index: &CpuStorage,
        index_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (rows, width) = layout.shape().dims2()?;
        let values = contiguous(x, layout)?;
        let Some((start, end)) = index_layout.contiguous_offsets() else {
            candle_core::bail!("found an index with strides {:?}, expected a contiguous one", index_layout.stride());
        };
        let index = &index.as_slice::<u32>()?[start..end];
        if let Some(row) = index.iter().find(|row| **row as usize > rows) {
            candle_core::bail!("row {row} of a matrix of {rows} rows");
        }
        let mut out = zeros(index.len() * width);
        out.par_chunks_mut(width.max(1)).zip(index).with_min_len(16).for_each(|(out, row)| {
            if let Some(row) = values.get(*row as usize * width..).and_then(|rest| rest.get(..width)) {
                out.copy_from_slice(row);
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((index.len(), width))))
    }
}
