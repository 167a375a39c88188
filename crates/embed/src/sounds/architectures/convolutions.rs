//! Convolutions from a waveform to frames.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use crate::{
    EmbedError,
    folder::{config::Config, weights::Scope},
    layers::{Activation, Linear, Norm},
};

/// Epsilon of the norms between the convolutions; the configuration does not set it.
const EPSILON: f64 = 1e-5;
/// Frames that are computed together, so that the values under the kernel are copied for few frames at a time.
const CHUNK: usize = 2048;

/// Convolutions without padding, each followed by its norm, if it has one, and the activation. Frames are rows
/// `[frames, channels]`, in which the values under the kernel are side by side.
pub(super) struct Convolutions {
    layers: Vec<Convolution>,
    activation: Activation,
}

struct Convolution {
    /// The kernel as a map of `size · input` values.
    map: Linear,
    norm: Kind,
    input: usize,
    output: usize,
    size: usize,
    stride: usize,
}

enum Kind {
    None,
    /// Over the channels of a frame.
    Layer(Norm),
    /// Over the frames of a channel.
    Channel {
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
}

impl Convolutions {
    pub fn load(config: &Config, scope: &Scope) -> Result<Self, EmbedError> {
        let channels = config.sizes("conv_dim", &[512; 7])?;
        let sizes = config.sizes("conv_kernel", &[10, 3, 3, 3, 3, 2, 2])?;
        let strides = config.sizes("conv_stride", &[5, 2, 2, 2, 2, 2, 2])?;
        for (key, found) in [("conv_kernel", sizes.len()), ("conv_stride", strides.len())] {
            if found != channels.len() {
                return Err(config.error(key, format!("{found} layers, `conv_dim` has {}", channels.len())));
            }
        }
        let bias = config.flag("conv_bias", false)?;
        let layer_norms = match config.text("feat_extract_norm", "group")? {
            "group" => false,
            "layer" => true,
            other => {
                return Err(config.error("feat_extract_norm", format!("found `{other}`, expected `group` or `layer`")));
            }
        };
        let mut layers = Vec::new();
        for (i, (output, (size, stride))) in channels.iter().zip(sizes.iter().zip(&strides)).enumerate() {
            let input = i.checked_sub(1).map_or(1, |before| channels[before]);
            let layer = scope.sub(format!("conv_layers.{i}"));
            let conv = layer.sub("conv");
            // PyTorch keeps `[output, input, size]`; a row of values under the kernel is `[size, input]`.
            let kernel = conv.get("weight", &[*output, input, *size])?.transpose(1, 2)?.contiguous()?;
            let bias = if bias { Some(conv.get("bias", &[*output])?) } else { None };
            let norm = layer.sub("layer_norm");
            let norm = match (layer_norms, i) {
                (true, _) => Kind::Layer(Norm::layer(&norm, *output, EPSILON)?),
                (false, 0) => {
                    Kind::Channel { weight: norm.vector("weight", *output)?, bias: norm.vector("bias", *output)? }
                }
                (false, _) => Kind::None,
            };
            let map = Linear::of(kernel.flatten_from(1)?, bias);
            layers.push(Convolution { map, norm, input, output: *output, size: *size, stride: *stride });
        }
        Ok(Self { layers, activation: Activation::named(config, "feat_extract_activation", "gelu")? })
    }

    /// Channels of the last convolution.
    pub fn channels(&self) -> usize {
        self.layers.last().map_or(1, |layer| layer.output)
    }

    /// Smallest number of values that gives a frame.
    pub fn least(&self) -> usize {
        let before =
            |frames: usize, layer: &Convolution| (frames - 1).saturating_mul(layer.stride).saturating_add(layer.size);
        self.layers.iter().rev().fold(1, before)
    }

    /// `[frames, channels]` of a waveform of at least [`Convolutions::least`] values.
    pub fn forward(&self, values: &[f32]) -> Result<Tensor, EmbedError> {
        let mut x = values.to_vec();
        for layer in &self.layers {
            x = layer.forward(&x, self.activation)?;
        }
        let channels = self.channels();
        let frames = x.len() / channels;
        Ok(Tensor::from_vec(x, (frames, channels), &Device::Cpu)?)
    }
}

impl Convolution {
    fn forward(&self, x: &[f32], activation: Activation) -> Result<Vec<f32>, EmbedError> {
        let (under, step) = (self.size * self.input, self.stride * self.input);
        let frames = (x.len() / self.input).checked_sub(self.size).map_or(0, |rest| rest / self.stride + 1);
        let mut out = Vec::with_capacity(frames * self.output);
        for start in (0..frames).step_by(CHUNK) {
            let end = (start + CHUNK).min(frames);
            let mut rows = Vec::with_capacity((end - start) * under);
            (start..end).for_each(|frame| rows.extend_from_slice(&x[frame * step..][..under]));
            let mut chunk = self.map.forward(&Tensor::from_vec(rows, (end - start, under), &Device::Cpu)?)?;
            if let Kind::Layer(norm) = &self.norm {
                chunk = norm.forward(&chunk)?;
            }
            if !matches!(self.norm, Kind::Channel { .. }) {
                chunk = activation.forward(&chunk)?;
            }
            out.extend(chunk.flatten_all()?.to_vec1::<f32>()?);
        }
        if let Kind::Channel { weight, bias } = &self.norm {
            over_time(&mut out, weight, bias);
            activation.in_place(&mut out);
        }
        Ok(out)
    }
}

/// Norm of each channel over all frames. Sums are in `f64` and in a fixed order.
fn over_time(values: &mut [f32], weight: &[f32], bias: &[f32]) {
    let channels = weight.len();
    let count = (values.len() / channels).max(1) as f64;
    let sums = |values: &[f32], term: &(dyn Fn(usize, f32) -> f64 + Sync)| {
        let parts: Vec<Vec<f64>> = values
            .par_chunks(CHUNK * channels)
            .map(|chunk| {
                let mut sums = vec![0.0; channels];
                for frame in chunk.chunks_exact(channels) {
                    sums.iter_mut().zip(frame).enumerate().for_each(|(i, (sum, x))| *sum += term(i, *x));
                }
                sums
            })
            .collect();
        parts.iter().fold(vec![0.0; channels], |all: Vec<f64>, part| all.iter().zip(part).map(|(a, b)| a + b).collect())
    };
    let means: Vec<f64> = sums(values, &|_, x| f64::from(x)).into_iter().map(|sum| sum / count).collect();
    let squares = sums(values, &|i, x| (f64::from(x) - means[i]).powi(2));
    let factors: Vec<f64> = squares.into_iter().map(|sum| (sum / count + EPSILON).sqrt().recip()).collect();
    values.par_chunks_mut(CHUNK * channels).for_each(|chunk| {
        for frame in chunk.chunks_exact_mut(channels) {
            for (i, x) in frame.iter_mut().enumerate() {
                *x = ((f64::from(*x) - means[i]) * factors[i]) as f32 * weight[i] + bias[i];
            }
        }
    });
}
