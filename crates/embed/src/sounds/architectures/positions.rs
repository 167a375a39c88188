//! Positions by a convolution over time.

use candle_core::Tensor;
use rayon::prelude::*;

use crate::{
    EmbedError,
    device::has_kernels,
    folder::{config::Config, weights::Scope},
    layers::{Activation, Kernel, Linear, add},
};

/// A convolution in groups of channels, zeros beyond the ends, as many frames as before, then the activation.
pub(super) struct Positions {
    groups: Vec<Linear>,
    bias: Tensor,
    size: usize,
    activation: Activation,
}

impl Positions {
    /// The kernel is stored as its directions and its lengths, under one of two pairs of names.
    pub fn load(config: &Config, scope: &Scope, width: usize) -> Result<Self, EmbedError> {
        if config.flag("conv_pos_batch_norm", false)? {
            return Err(config.error("conv_pos_batch_norm", "found true, which is not supported; expected false"));
        }
        let size = config.size("num_conv_pos_embeddings", 128)?;
        let count = config.divisor("num_conv_pos_embedding_groups", 16, width, "groups")?;
        let own = width / count;
        let current = "parametrizations.weight.original0";
        let [lengths, directions] = match scope.has(current) {
            true => [current, "parametrizations.weight.original1"],
            false => ["weight_g", "weight_v"],
        };
        let lengths: Vec<f32> = scope.get(lengths, &[1, 1, size])?.flatten_all()?.to_vec1()?;
        let directions = scope.get(directions, &[width, own, size])?;
        let values: Vec<f32> = directions.flatten_all()?.to_vec1()?;
        // A length belongs to a place of the kernel, over all pairs of channels.
        let mut squares = vec![0.0_f64; size];
        for pair in values.chunks_exact(size) {
            squares.iter_mut().zip(pair).for_each(|(sum, x)| *sum += f64::from(*x).powi(2));
        }
        let factors: Vec<f32> =
            lengths.iter().zip(&squares).map(|(length, sum)| (f64::from(*length) / sum.sqrt()) as f32).collect();
        let kernel = directions.broadcast_mul(&Tensor::from_vec(factors, (1, 1, size), directions.device())?)?;
        let kernel = kernel.transpose(1, 2)?.contiguous()?.reshape((width, size * own))?;
        let groups = (0..count).map(|i| Ok(Linear::of(kernel.narrow(0, i * own, own)?.contiguous()?, None)));
        Ok(Self {
            groups: groups.collect::<Result<_, EmbedError>>()?,
            bias: scope.get("bias", &[width])?,
            size,
            activation: Activation::named(config, "feat_extract_activation", "gelu")?,
        })
    }

    /// `[frames, width]` to the same shape. With a kernel of even size, the convolution has one frame more; it is left
    /// out.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        let own = x.dim(1)? / self.groups.len();
        let part = |(group, map): (usize, &Linear)| self.group(&x.narrow(1, group * own, own)?, map);
        // Threads help on the CPU; other devices take one operation after the other.
        let parts: Vec<Tensor> = match has_kernels(x.device()) {
            true => self.groups.par_iter().enumerate().map(part).collect::<Result<_, EmbedError>>()?,
            false => self.groups.iter().enumerate().map(part).collect::<Result<_, EmbedError>>()?,
        };
        self.activation.forward(add(Tensor::cat(&parts, 1)?, &self.bias)?)
    }

    /// The channels of one group.
    fn group(&self, x: &Tensor, map: &Linear) -> Result<Tensor, EmbedError> {
        let (frames, before) = (x.dim(0)?, self.size / 2);
        let padded = x.pad_with_zeros(0, before, self.size - before)?.contiguous()?;
        Ok(map.under(&padded, Kernel { size: self.size, stride: 1 }, None)?.narrow(0, 0, frames)?)
    }
}
