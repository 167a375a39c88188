//! Convolutions from a waveform to frames.

use candle_core::Tensor;

use super::channel_norm::ChannelNorm;
use crate::{
    EmbedError,
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
        let before = |frames: usize, Convolution { kernel, .. }: &Convolution| {
            (frames - 1).saturating_mul(kernel.stride).saturating_add(kernel.size)
        };
        self.layers.iter().rev().fold(1, before)
    }

    /// `[frames, channels]` of a waveform `[values, 1]` of at least [`Convolutions::least`] values.
    pub fn forward(&self, values: &Tensor) -> Result<Tensor, EmbedError> {
        let mut x = values.clone();
        for layer in &self.layers {
            x = layer.forward(&x, self.activation)?;
        }
        Ok(x)
    }
}

impl Convolution {
    fn forward(&self, x: &Tensor, activation: Activation) -> Result<Tensor, EmbedError> {
        match &self.norm {
            Kind::None => self.map.under(x, self.kernel, Some(activation)),
            Kind::Layer(norm) => activation.forward(norm.forward(&self.map.under(x, self.kernel, None)?)?),
            Kind::Channel(norm) => activation.forward(norm.forward(self.map.under(x, self.kernel, None)?)?),
        }
    }
}
