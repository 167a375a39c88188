//! Normalisation of rows.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use rayon::prelude::*;

use crate::{EmbedError, folder::weights::Scope};

/// Layer norm `(x - mean) / √(var + ε) ∘ w + b`, or root-mean-square norm `x / √(mean(x²) + ε) ∘ w`, over the last
/// dimension. Sums are in `f64`, with the variance about the mean. The library's own norm takes the variance as a
/// difference of squares in `f32`, which is wrong for rows with a large mean.
pub(crate) struct Norm {
    weight: Vec<f32>,
    /// Bias; `None` for the root-mean-square norm, which does not subtract the mean either.
    bias: Option<Vec<f32>>,
    epsilon: f64,
}

impl Norm {
    pub fn layer(scope: &Scope, width: usize, epsilon: f64) -> Result<Self, EmbedError> {
        Ok(Self { bias: Some(scope.vector("bias", width)?), ..Self::root_mean_square(scope, width, epsilon)? })
    }

    pub fn root_mean_square(scope: &Scope, width: usize, epsilon: f64) -> Result<Self, EmbedError> {
        Ok(Self { weight: scope.vector("weight", width)?, bias: None, epsilon })
    }

    /// `[.., width]` to the same shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        Ok(x.contiguous()?.apply_op1_no_bwd(self)?)
    }

    fn row(&self, row: &[f32], out: &mut [f32]) {
        let count = row.len() as f64;
        let mean = match self.bias {
            Some(_) => row.iter().map(|x| f64::from(*x)).sum::<f64>() / count,
            None => 0.0,
        };
        let variance = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
        let factor = (variance + self.epsilon).sqrt().recip();
        let scaled = |x: f32, w: f32| ((f64::from(x) - mean) * factor) as f32 * w;
        match &self.bias {
            Some(bias) => {
                let weights = self.weight.iter().zip(bias);
                for ((out, x), (w, b)) in out.iter_mut().zip(row).zip(weights) {
                    *out = scaled(*x, *w) + b;
                }
            }
            None => {
                for ((out, x), w) in out.iter_mut().zip(row).zip(&self.weight) {
                    *out = scaled(*x, *w);
                }
            }
        }
    }
}

impl CustomOp1 for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = contiguous(storage, layout)?;
        let width = self.weight.len();
        if layout.dims().last() != Some(&width) {
            candle_core::bail!("norm of width {width} over {:?}", layout.dims());
        }
        let mut out = vec![0.0; values.len()];
        let rows = values.par_chunks(width).zip(out.par_chunks_mut(width));
        rows.with_min_len(16).for_each(|(row, out)| self.row(row, out));
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

/// The values of a contiguous tensor.
pub(crate) fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let values: &[f32] = storage.as_slice()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => candle_core::bail!("found strides {:?}, expected a contiguous tensor", layout.stride()),
    }
}
