//! The end of a linear map, and sums, in place.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Tensor};
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
    if has_kernels(product.device()) {
        match (bias, activation) {
            (Some(bias), _) => product.inplace_op2(bias, &Finish(activation))?,
            (None, Some(activation)) => product.inplace_op1(&Apply(activation))?,
            (None, None) => (),
        }
        return Ok(product);
    }
    let sum = match bias {
        Some(bias) => product.broadcast_add(bias)?,
        None => product,
    };
    match activation {
        Some(activation) => activation.forward(&sum),
        None => Ok(sum),
    }
}

/// `part + x`. It writes to the part itself, of which there must be no other copy.
pub(crate) fn add(part: Tensor, x: &Tensor) -> Result<Tensor, EmbedError> {
    if has_kernels(part.device()) && part.dims() == x.dims() && part.is_contiguous() {
        part.inplace_op2(&x.contiguous()?, &Add)?;
        return Ok(part);
    }
    Ok((x + part)?)
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

struct Apply(Activation);

impl InplaceOp1 for Apply {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, product: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        self.0.apply_to_all(contiguous_mut(product, layout)?);
        Ok(())
    }
}

struct Add;

impl InplaceOp2 for Add {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn cpu_fwd(
        &self,
        part: &mut CpuStorage,
        layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
    ) -> candle_core::Result<()> {
        let chunks =
            contiguous_mut(part, layout)?.par_chunks_mut(CHUNK).zip(contiguous(x, x_layout)?.par_chunks(CHUNK));
        chunks.for_each(|(part, x)| part.iter_mut().zip(x).for_each(|(part, x)| *part += x));
        Ok(())
    }
}
