//! Norms of channels over time.

use candle_core::{CpuStorage, InplaceOp3, Layout, Storage, Tensor};
use rayon::prelude::*;

use crate::{
    EmbedError,
    device::{contiguous, contiguous_mut, has_kernels},
    folder::weights::Scope,
};

/// Frames that one thread processes at a time.
pub(super) const CHUNK: usize = 2048;
/// Frames that are summed first where there is no kernel.
const BLOCK: usize = 128;

/// `(x - mean) / √(var + ε) ∘ w + b` over the frames of a channel. On the CPU, sums are in `f64` and in a fixed order.
pub(super) struct ChannelNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

/// Mean and `1 / √(var + ε)` of each channel.
pub(super) struct Moments {
    means: Vec<f64>,
    factors: Vec<f64>,
}

impl ChannelNorm {
    pub fn load(scope: &Scope, channels: usize, epsilon: f64) -> Result<Self, EmbedError> {
        Ok(Self::new(scope.get("weight", &[channels])?, scope.get("bias", &[channels])?, epsilon))
    }

    pub fn new(weight: Tensor, bias: Tensor, epsilon: f64) -> Self {
        Self { weight, bias, epsilon }
    }

    /// `[frames, channels]` to the same shape. It may write to the tensor itself, of which there must be no other copy.
    pub fn forward(&self, x: Tensor) -> Result<Tensor, EmbedError> {
        if has_kernels(x.device()) {
            let moments = self.moments(|| std::iter::once(x.contiguous().map_err(EmbedError::from)))?;
            return self.apply(&x, &moments);
        }
        let x = x.broadcast_sub(&mean(&x)?)?;
        let deviation = (mean(&x.sqr()?)? + self.epsilon)?.sqrt()?;
        Ok(x.broadcast_div(&deviation)?.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)?)
    }

    /// The moments of frames that come some at a time, twice in the same order, on the CPU. If every part but the last has a
    /// multiple of [`CHUNK`] frames, the result does not depend on how many come at a time.
    pub fn moments<I>(&self, frames: impl Fn() -> I) -> Result<Moments, EmbedError>
    where
        I: Iterator<Item = Result<Tensor, EmbedError>>,
    {
        let zeros = vec![0.0; self.weight.elem_count()];
        let (mut count, mut means, mut squares) = (0, zeros.clone(), zeros.clone());
        for part in frames() {
            let part = part?;
            count += part.dim(0)?;
            add_sums(&part, &zeros, |x| x, &mut means)?;
        }
        let count = count.max(1) as f64;
        means.iter_mut().for_each(|sum| *sum /= count);
        for part in frames() {
            add_sums(&part?, &means, |x| x * x, &mut squares)?;
        }
        let factors = squares.into_iter().map(|sum| (sum / count + self.epsilon).sqrt().recip()).collect();
        Ok(Moments { means, factors })
    }

    /// [`ChannelNorm::forward`] of frames that belong to these moments, on the CPU.
    pub fn apply(&self, x: &Tensor, moments: &Moments) -> Result<Tensor, EmbedError> {
        let x = x.contiguous()?;
        x.inplace_op3(&self.weight, &self.bias, moments)?;
        Ok(x)
    }
}

/// The mean of each channel `[1, channels]`. A sum in `f32` of all frames one after the other would be off by several
/// units in the last place, so blocks of frames are summed first.
fn mean(x: &Tensor) -> candle_core::Result<Tensor> {
    let (frames, channels) = x.dims2()?;
    let blocks = frames.div_ceil(BLOCK);
    let padded = x.pad_with_zeros(0, 0, blocks * BLOCK - frames)?;
    padded.reshape((blocks, BLOCK, channels))?.sum(1)?.sum_keepdim(0)? / frames as f64
}

/// The norm on the CPU.
impl InplaceOp3 for Moments {
    fn name(&self) -> &'static str {
        "norm over time"
    }

    fn cpu_fwd(
        &self,
        x: &mut CpuStorage,
        layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<()> {
        let values = contiguous_mut(x, layout)?;
        let [weight, bias] = [contiguous(weight, weight_layout)?, contiguous(bias, bias_layout)?];
        let channels = weight.len();
        if layout.dims().last() != Some(&channels) {
            candle_core::bail!("norm of {channels} channels over {:?}", layout.dims());
        }
        values.par_chunks_mut(CHUNK * channels).for_each(|chunk| {
            for frame in chunk.chunks_exact_mut(channels) {
                let scales = self.means.iter().zip(&self.factors).zip(weight.iter().zip(bias));
                for (x, ((mean, factor), (weight, bias))) in frame.iter_mut().zip(scales) {
                    *x = ((f64::from(*x) - mean) * factor) as f32 * weight + bias;
                }
            }
        });
        Ok(())
    }
}

/// Adds `term(x - mean)` of the frames of each channel to its sum.
fn add_sums(
    x: &Tensor,
    means: &[f64],
    term: impl Fn(f64) -> f64 + Sync,
    totals: &mut [f64],
) -> candle_core::Result<()> {
    let (storage, layout) = x.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { candle_core::bail!("moments of channels are computed on the CPU") };
    let (values, channels) = (contiguous(storage, layout)?, means.len());
    if layout.dims().last() != Some(&channels) {
        candle_core::bail!("moments of {channels} channels over {:?}", layout.dims());
    }
    let parts: Vec<Vec<f64>> = values
        .par_chunks(CHUNK * channels)
        .map(|chunk| {
            let mut sums = vec![0.0; channels];
            for frame in chunk.chunks_exact(channels) {
                for (sum, (x, mean)) in sums.iter_mut().zip(frame.iter().zip(means)) {
                    *sum += term(f64::from(*x) - mean);
                }
            }
            sums
        })
        .collect();
    for part in parts {
        totals.iter_mut().zip(part).for_each(|(total, sum)| *total += sum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::device::composed;

    #[test]
    fn the_composition_agrees_with_the_kernel() {
        for (frames, channels) in [(1, 1), (7, 5), (2049, 3), (16_000, 8)] {
            let tensor = |rows: usize, columns: usize| {
                let values = (0..rows * columns).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0).collect();
                Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
            };
            let vector = || tensor(1, channels).get(0).unwrap();
            let norm = ChannelNorm::new(vector(), vector(), 1e-5);
            let x = (tensor(frames, channels) + 0.5).unwrap();
            let forward = || norm.forward(x.copy().unwrap()).unwrap();
            let kernel = forward();
            let difference = (composed(forward) - &kernel).unwrap().abs().unwrap();
            let largest: f32 = difference.flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap();
            println!("{frames} x {channels}: {largest:e}");
            assert!(largest <= 1e-6 && kernel.dims() == x.dims(), "{frames} x {channels}: {largest:e}");
        }
    }
}
