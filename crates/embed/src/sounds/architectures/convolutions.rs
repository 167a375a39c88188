//! Convolutions from a waveform to frames.

use candle_core::Tensor;

use super::channel_norm::{CHUNK, ChannelNorm, Moments};
use crate::{
    EmbedError,
    device::has_kernels,
    folder::{config::Config, weights::Scope},
    layers::{Activation, Kernel, Linear, Norm},
};

/// Epsilon of the norms between the convolutions; the configuration does not set it.
const EPSILON: f64 = 1e-5;

/// Convolutions without padding, each followed by its norm, if it has one, and the activation. Frames are rows
/// `[frames, channels]`, in which the values under the kernel are side by side.
pub(super) struct Convolutions {
    layers: Vec<Convolution>,
    activation: Activation,
}

struct Convolution {
    /// A map of the values under the kernel.
    map: Linear,
    kernel: Kernel,
    norm: Kind,
    output: usize,
}

enum Kind {
    None,
    /// Over the channels of a frame.
    Layer(Norm),
    Channel(ChannelNorm),
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
                (false, 0) => Kind::Channel(ChannelNorm::load(&norm, *output, EPSILON)?),
                (false, _) => Kind::None,
            };
            let map = Linear::of(kernel.flatten_from(1)?, bias);
            layers.push(Convolution { map, kernel: Kernel { size: *size, stride: *stride }, norm, output: *output });
        }
        Ok(Self { layers, activation: Activation::named(config, "feat_extract_activation", "gelu")? })
    }

    /// Channels of the last convolution.
    pub fn channels(&self) -> usize {
        self.layers.last().map_or(1, |layer| layer.output)
    }

    /// Smallest number of values that gives a frame.
    pub fn least(&self) -> usize {
        self.values(1)
    }

    /// Number of values under so many frames.
    fn values(&self, frames: usize) -> usize {
        self.layers.iter().rev().fold(frames, |frames, layer| layer.kernel.reach(frames))
    }

    /// `[frames, channels]` of a waveform `[values, 1]` of at least [`Convolutions::least`] values.
    pub fn forward(&self, values: &Tensor) -> Result<Tensor, EmbedError> {
        self.in_parts(values, FRAMES)
    }

    /// [`Convolutions::forward`], where there are kernels so many frames at a time: the first layers have sixty times as
    /// many, so that a sound of ten minutes would take gigabytes.
    fn in_parts(&self, values: &Tensor, most: usize) -> Result<Tensor, EmbedError> {
        let frames = self.layers.iter().fold(values.dim(0)?, |count, layer| layer.kernel.places(count));
        if frames <= most || !has_kernels(values.device()) {
            return self.all(values, None);
        }
        let moments = match self.layers.first() {
            Some(Convolution { norm: Kind::Channel(norm), map, kernel, .. }) => {
                Some(norm.moments(|| first_frames(values, map, *kernel))?)
            }
            _ => None,
        };
        let stride: usize = self.layers.iter().map(|layer| layer.kernel.stride).product();
        let parts = (0..frames).step_by(most).map(|start| {
            let count = self.values(most.min(frames - start));
            self.all(&values.narrow(0, start * stride, count)?, moments.as_ref())
        });
        Ok(Tensor::cat(&parts.collect::<Result<Vec<_>, EmbedError>>()?, 0)?)
    }

    /// All frames of these values; `moments` are those of the whole sound, if they are only a part of it.
    fn all(&self, values: &Tensor, moments: Option<&Moments>) -> Result<Tensor, EmbedError> {
        let mut x = values.clone();
        for layer in &self.layers {
            x = layer.forward(&x, self.activation, moments)?;
        }
        Ok(x)
    }
}

/// Frames that are computed at a time: ten seconds of sound.
const FRAMES: usize = 512;

/// The frames of the first convolution, some at a time.
fn first_frames<'a>(
    values: &'a Tensor,
    map: &'a Linear,
    kernel: Kernel,
) -> impl Iterator<Item = Result<Tensor, EmbedError>> + 'a {
    let frames = kernel.places(values.dims()[0]);
    (0..frames).step_by(8 * CHUNK).map(move |start| {
        let count = kernel.reach((8 * CHUNK).min(frames - start));
        map.under(&values.narrow(0, start * kernel.stride, count)?, kernel, None)
    })
}

impl Convolution {
    /// `moments` are those of the norm of channels, if these frames are a part of a sound.
    fn forward(&self, x: &Tensor, activation: Activation, moments: Option<&Moments>) -> Result<Tensor, EmbedError> {
        match &self.norm {
            Kind::None => self.map.under(x, self.kernel, Some(activation)),
            Kind::Layer(norm) => activation.forward(norm.forward(&self.map.under(x, self.kernel, None)?)?),
            Kind::Channel(norm) => {
                let x = self.map.under(x, self.kernel, None)?;
                activation.forward(match moments {
                    Some(moments) => norm.apply(&x, moments)?,
                    None => norm.forward(x)?,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn tensor(shape: &[usize]) -> Tensor {
        let values = (0..shape.iter().product()).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Three layers with the first norm over time, as in the base size, or without a norm.
    fn convolutions(over_time: bool) -> Convolutions {
        let kernels = [(10, 5), (3, 2), (2, 2)];
        let layers = kernels.into_iter().enumerate().map(|(i, (size, stride))| {
            let (input, output) = (if i == 0 { 1 } else { 6 }, 6);
            let norm = match i {
                0 if over_time => Kind::Channel(ChannelNorm::new(tensor(&[output]), tensor(&[output]), EPSILON)),
                _ => Kind::None,
            };
            let map = Linear::of(tensor(&[output, size * input]), None);
            Convolution { map, kernel: Kernel { size, stride }, norm, output }
        });
        Convolutions { layers: layers.collect(), activation: Activation::Gelu }
    }

    #[test]
    fn a_long_sound_in_parts_has_the_frames_of_the_whole() {
        // The first layer has 18,000 frames: more than are summed at a time.
        let values = tensor(&[90_007, 1]);
        for over_time in [true, false] {
            let convolutions = convolutions(over_time);
            let whole = convolutions.in_parts(&values, usize::MAX).unwrap();
            for most in [1000, 4498] {
                let parts = convolutions.in_parts(&values, most).unwrap();
                assert_eq!(parts.dims(), [4499, 6]);
                let flat = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let off = flat(&parts).iter().zip(flat(&whole)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                let largest = flat(&whole).into_iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
                assert!(off <= 1e-6 * largest, "{most} frames at a time: {off:e} of {largest:e}");
            }
        }
    }
}
