//! Normalisation of rows.

use candle_core::{CpuStorage, CustomOp3, D, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::kernels;
use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
    folder::weights::Scope,
};

/// Layer norm `(x - mean) / √(var + ε) ∘ w + b`, or root-mean-square norm `x / √(mean(x²) + ε) ∘ w`, over the last
/// dimension. The variance is about the mean, and on the CPU sums are in `f64`. The library's own norm takes the variance
/// as a difference of squares in `f32`, which is wrong for rows with a large mean.
pub(crate) struct Norm {
    weight: Tensor,
    /// Zeros for the root-mean-square norm.
    bias: Tensor,
    /// Whether the mean is subtracted.
    centred: bool,
    epsilon: f64,
}

impl Norm {
    pub fn layer(scope: &Scope, width: usize, epsilon: f64) -> Result<Self, EmbedError> {
        let bias = scope.get("bias", &[width])?;
        Ok(Self { bias, centred: true, ..Self::root_mean_square(scope, width, epsilon)? })
    }

    pub fn root_mean_square(scope: &Scope, width: usize, epsilon: f64) -> Result<Self, EmbedError> {
        let weight = scope.get("weight", &[width])?;
        Ok(Self { bias: weight.zeros_like()?, weight, centred: false, epsilon })
    }

    /// `[.., width]` to the same shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        if has_kernels(x.device()) {
            let rows = Rows { centred: self.centred, epsilon: self.epsilon };
            return Ok(x.contiguous()?.apply_op3_no_bwd(&self.weight, &self.bias, &rows)?);
        }
        let x = match self.centred {
            true => x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?,
            false => x.clone(),
        };
        let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + self.epsilon)?.sqrt()?;
        let x = x.broadcast_div(&deviation)?.broadcast_mul(&self.weight)?;
        Ok(if self.centred { x.broadcast_add(&self.bias)? } else { x })
    }
}

/// The norm of rows on the CPU.
struct Rows {
    centred: bool,
    epsilon: f64,
}

impl CustomOp3 for Rows {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = contiguous(x, layout)?;
        let vectors = [contiguous(weight, weight_layout)?, contiguous(bias, bias_layout)?];
        let width = vectors[0].len();
        if layout.dims().last() != Some(&width) {
            candle_core::bail!("norm of width {width} over {:?}", layout.dims());
        }
        let mut out = kernels::zeros(values.len());
        let rows = values.par_chunks(width).zip(out.par_chunks_mut(width));
        rows.with_min_len(16).for_each(|(row, out)| kernels::norm(row, vectors, self.centred, self.epsilon, out));
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::device::composed;

    #[test]
    fn the_composition_agrees_with_the_kernel() {
        for (shape, shift) in [(vec![1, 1], 0.0), (vec![5, 33], 1.0), (vec![2, 3, 7], -1.0), (vec![40, 768], 0.5)] {
            let width = shape[shape.len() - 1];
            let values = |count: usize| (0..count).map(|i| ((i * 7919) % 2003) as f32 / 2003.0);
            let x = values(shape.iter().product()).map(|x| x + shift).collect();
            let x = Tensor::from_vec(x, shape, &Device::Cpu).unwrap();
            let vector = || Tensor::from_vec(values(width).collect(), width, &Device::Cpu).unwrap();
            for centred in [true, false] {
                let norm = Norm { weight: vector(), bias: vector(), centred, epsilon: 1e-5 };
                let norm = if centred { norm } else { Norm { bias: norm.bias.zeros_like().unwrap(), ..norm } };
                let kernel = norm.forward(&x).unwrap();
                let difference = (composed(|| norm.forward(&x)).unwrap() - &kernel).unwrap().abs().unwrap();
                let largest: f32 = difference.flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap();
                println!("{:?}, {centred}: {largest:e}", x.dims());
                assert!(largest <= 1e-6 && kernel.dims() == x.dims(), "{:?}, {centred}: {largest:e}", x.dims());
            }
        }
    }
}
