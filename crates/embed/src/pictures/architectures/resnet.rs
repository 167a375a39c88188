//! ResNet, with basic or bottleneck blocks.

use candle_core::Tensor;

use super::{model::PictureModel, parts::BatchNorm};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{Activation, States, add},
};

/// Epsilon of the batch norms; it is not in the configuration.
const EPSILON: f64 = 1e-5;

/// A convolution, a maximum over 3 x 3, stages of blocks, the mean over all places.
///
/// Source: He et al. 2016; the stride is in the second convolution of a bottleneck.
pub(crate) struct ResNet {
    stem: Convolution,
    blocks: Vec<Block>,
    width: usize,
}

/// `f(convolutions x + shortcut x)`, with `f` after every convolution but the last.
struct Block {
    convolutions: Vec<Convolution>,
    shortcut: Option<Convolution>,
    activation: Activation,
}

/// A convolution and its batch norm, whose running statistics are folded into kernel and bias.
struct Convolution {
    kernel: Tensor,
    bias: Tensor,
    stride: usize,
    padding: usize,
    activation: Option<Activation>,
}

/// Channels in and out, size of the kernel, stride.
type Shape = (usize, usize, usize, usize);

impl ResNet {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let scope = weights.rooted("embedder.embedder.convolution.weight")?;
        let activation = Activation::named(config, "hidden_act", "relu")?;
        let first = config.size("embedding_size", 64)?;
        let channels = config.size("num_channels", 3)?;
        if channels != 3 {
            return Err(config.error("num_channels", format!("found {channels}, expected 3")));
        }
        let widths = config.sizes("hidden_sizes", &[256, 512, 1024, 2048])?;
        let depths = config.sizes("depths", &[3, 4, 6, 3])?;
        if widths.len() != depths.len() {
            return Err(config.error("depths", format!("{} stages, `hidden_sizes` has {}", depths.len(), widths.len())));
        }
        let bottleneck = match config.text("layer_type", "bottleneck")? {
            "bottleneck" => true,
            "basic" => false,
            other => {
                return Err(config.error("layer_type", format!("found `{other}`, expected `bottleneck` or `basic`")));
            }
        };
        let early = config.flag("downsample_in_bottleneck", false)?;
        let mut blocks = Vec::new();
        let mut input = first;
        for (stage, (width, depth)) in widths.iter().zip(&depths).enumerate() {
            for layer in 0..*depth {
                let shrinks = layer == 0 && (stage > 0 || config.flag("downsample_in_first_stage", false)?);
                let stride = if shrinks { 2 } else { 1 };
                let scope = scope.sub(format!("encoder.stages.{stage}.layers.{layer}"));
                let shapes = shapes(input, *width, stride, bottleneck, early);
                blocks.push(Block::load(&scope, &shapes, (input, *width, 1, stride), activation)?);
                input = *width;
            }
        }
        let stem = Convolution::load(&scope.sub("embedder.embedder"), (3, first, 7, 2), Some(activation))?;
        Ok(Self { stem, blocks, width: input })
    }
}

fn shapes(input: usize, output: usize, stride: usize, bottleneck: bool, early: bool) -> Vec<Shape> {
    if !bottleneck {
        return vec![(input, output, 3, stride), (output, output, 3, 1)];
    }
    let inner = (output / 4).max(1);
    let (first, second) = if early { (stride, 1) } else { (1, stride) };
    vec![(input, inner, 1, first), (inner, inner, 3, second), (inner, output, 1, 1)]
}

impl PictureModel for ResNet {
    fn width(&self) -> usize {
        self.width
    }

    fn forward(&self, pixels: &Pixels, _: States) -> Result<Tensor, EmbedError> {
        let x = self.stem.forward(pixels.tensor())?;
        // Zeros at the border do not change a maximum, because the activation before it gives no negative values.
        let padded = x.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?;
        let mut x = padded.max_pool2d_with_stride(3, 2)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        Ok(x.mean(3)?.mean(2)?)
    }
}

impl Block {
    fn load(scope: &Scope, shapes: &[Shape], through: Shape, activation: Activation) -> Result<Self, EmbedError> {
        let last = shapes.len() - 1;
        let convolutions = shapes.iter().enumerate().map(|(i, shape)| {
            Convolution::load(&scope.sub(format!("layer.{i}")), *shape, (i < last).then_some(activation))
        });
        let (input, output, _, stride) = through;
        let shortcut = match input != output || stride != 1 {
            true => Some(Convolution::load(&scope.sub("shortcut"), through, None)?),
            false => None,
        };
        Ok(Self { convolutions: convolutions.collect::<Result<_, EmbedError>>()?, shortcut, activation })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        let mut inner = x.clone();
        for convolution in &self.convolutions {
            inner = convolution.forward(&inner)?;
        }
        let past = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x)?,
            None => x.clone(),
        };
        self.activation.forward(add(inner, &past)?)
    }
}

impl Convolution {
    fn load(scope: &Scope, shape: Shape, activation: Option<Activation>) -> Result<Self, EmbedError> {
        let (input, output, size, stride) = shape;
        let BatchNorm { factors, shifts } = BatchNorm::load(&scope.sub("normalization"), output, EPSILON)?;
        let kernel = scope.get("convolution.weight", &[output, input, size, size])?;
        let device = kernel.device().clone();
        Ok(Self {
            kernel: kernel.broadcast_mul(&Tensor::from_vec(factors, (output, 1, 1, 1), &device)?)?,
            bias: Tensor::from_vec(shifts, (1, output, 1, 1), &device)?,
            stride,
            padding: size / 2,
            activation,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        let x = add(x.conv2d(&self.kernel, self.padding, self.stride, 1, 1)?, &self.bias)?;
        match self.activation {
            Some(activation) => activation.forward(x),
            None => Ok(x),
        }
    }
}
