//! The end of a linear map, in place.

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use super::{super::activation::Activation, CHUNK};
use crate::{
    EmbedError,
    device::{contiguous, contiguous_mut, has_kernels},
};

/// `f(product + bias)` for each row. It writes to the product itself, of which there must be no other copy.
pub(crate) fn finish(
    product: Tensor,
    bias: Option<&Tensor>,
    activation: Option<Activation>,
) -> Result<Tensor, EmbedError> {
    let sum = match bias {
        Some(bias) if has_kernels(product.device()) => {
            product.inplace_op2(bias, &Finish(activation))?;
            return Ok(product);
        }
        Some(bias) => product.broadcast_add(bias)?,
        None => product,
    };
    match activation {
        Some(activation) => activation.forward(sum),
        None => Ok(sum),
    }
}

struct Finish(Option<Activation>);

impl InplaceOp2 for Finish {
    fn name(&self) -> &'static str {
        "bias and activation"
    }

    fn cpu_fwd(
        &self,
        product: &mut CpuStorage,
        layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<()> {
        let bias = contiguous(bias, bias_layout)?;
        if layout.dims().last() != Some(&bias.len()) {
            candle_core::bail!("bias of width {} over {:?}", bias.len(), layout.dims());
        }
        let rows = (CHUNK / bias.len()).max(1);
        contiguous_mut(product, layout)?.par_chunks_mut(rows * bias.len()).for_each(|chunk| {
            for row in chunk.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
            }
            if let Some(activation) = self.0 {
                activation.apply(chunk);
            }
        });
        Ok(())
    }
}
