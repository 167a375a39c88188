//! MobileNetV2.

use candle_core::Tensor;

use super::{
    model::PictureModel,
    parts::{BatchNorm, Depthwise, Places, Step},
};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{Activation, Linear, States, add, note},
};

/// Channels before the first block and after each, at depth multiplier 1.
const CHANNELS: [usize; 17] = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
/// Strides of the blocks.
const STRIDES: [usize; 16] = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];
/// Side of the kernels that see neighbours.
const SIDE: usize = 3;

/// A convolution, blocks of expansion, depthwise convolution and reduction, an expansion, the mean over all places; a
/// batch norm after every convolution, folded into it. Maps are rows of `[items · height · width, channels]`.
///
/// Source: Sandler et al. 2018.
pub(crate) struct MobileNet {
    first: Stem,
    blocks: Vec<Block>,
    last: Linear,
    activation: Activation,
    padding: Padding,
    width: usize,
}

/// The first convolution, which sees all colours.
struct Stem {
    kernel: Tensor,
    shifts: Tensor,
}

/// Expansion, depthwise convolution, reduction; the input is added if it has the shape of the output.
struct Block {
    expansion: Option<Linear>,
    depthwise: Depthwise,
    stride: usize,
    dilation: usize,
    reduction: Linear,
    residual: bool,
}

/// Where the zeros around a map are.
#[derive(Clone, Copy)]
enum Padding {
    /// As many as TensorFlow's `SAME` needs, the odd one at the bottom and at the right.
    Same,
    /// Half of the kernel on all sides.
    Even,
}

/// Rules about numbers of channels.
struct Channels {
    multiplier: f64,
    divisor: usize,
    least: usize,
    expansion: f64,
    epsilon: f64,
}

impl MobileNet {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let scope = weights.rooted("conv_stem.first_conv.convolution.weight")?;
        let colours = config.size("num_channels", 3)?;
        if colours != 3 {
            return Err(config.error("num_channels", format!("found {colours}, expected 3")));
        }
        let channels = Channels::read(config)?;
        let limit = config.size("output_stride", 32)?;
        if ![8, 16, 32].contains(&limit) {
            return Err(config.error("output_stride", format!("found {limit}, expected 8, 16 or 32")));
        }
        let padding = if config.flag("tf_padding", true)? { Padding::Same } else { Padding::Even };
        let stem = scope.sub("conv_stem");
        let expanded = channels.multiplied(32);
        let widths = CHANNELS.map(|width| channels.multiplied(width));
        let own = !config.flag("first_layer_is_expansion", true)?;
        let shape = Shape { input: expanded, inner: expanded, output: widths[0], stride: 1, dilation: 1 };
        // Its input is never added, even if the channels agree.
        let mut blocks = vec![Block { residual: false, ..Block::load(&stem, shape, own, channels.epsilon)? }];
        // From the limit on, strides become dilations of the blocks behind them.
        let (mut reached, mut dilation) = (2, 1);
        for (i, stride) in STRIDES.into_iter().enumerate() {
            let (input, output) = (widths[i], widths[i + 1]);
            let mut shape = Shape { input, inner: channels.expanded(input), output, stride, dilation: 1 };
            if reached == limit {
                (shape.stride, shape.dilation) = (1, dilation);
                dilation *= stride;
            } else {
                reached *= stride;
            }
            blocks.push(Block::load(&scope.sub(format!("layer.{i}")), shape, true, channels.epsilon)?);
        }
        let width = match config.flag("finegrained_output", true)? && channels.multiplier < 1.0 {
            true => 1280,
            false => channels.multiplied(1280),
        };
        Ok(Self {
            first: Stem::load(&stem.sub("first_conv"), expanded, channels.epsilon)?,
            blocks,
            last: pointwise(&scope.sub("conv_1x1"), widths[16], width, channels.epsilon)?,
            activation: Activation::named(config, "hidden_act", "relu6")?,
            padding,
            width,
        })
    }
}

impl Channels {
    fn read(config: &Config) -> Result<Self, EmbedError> {
        let ratio = |key, usual| -> Result<f64, EmbedError> {
            let found = config.number(key, usual)?;
            match (0.01..=100.0).contains(&found) {
                true => Ok(found),
                false => Err(config.error(key, format!("found {found}, expected a number from 0.01 to 100"))),
            }
        };
        Ok(Self {
            multiplier: ratio("depth_multiplier", 1.0)?,
            divisor: config.size("depth_divisible_by", 8)?,
            least: config.size("min_depth", 8)?,
            expansion: ratio("expand_ratio", 6.0)?,
            epsilon: config.number("layer_norm_eps", 1e-3)?,
        })
    }

    fn multiplied(&self, width: usize) -> usize {
        self.rounded((width as f64 * self.multiplier).round_ties_even())
    }

    fn expanded(&self, width: usize) -> usize {
        self.rounded((width as f64 * self.expansion).round_ties_even())
    }

    /// The nearest multiple of the divisor, not below the least, and not more than a tenth below the width.
    fn rounded(&self, width: f64) -> usize {
        let nearest = (width + self.divisor as f64 / 2.0) as usize / self.divisor * self.divisor;
        let found = nearest.max(self.least);
        if (found as f64) < 0.9 * width { found + self.divisor } else { found }
    }
}

impl Padding {
    /// The zeros before a line of this length, and the length of the result.
    fn along(self, length: usize, stride: usize, dilation: usize) -> (usize, usize) {
        let (before, all) = match self {
            Self::Even => (SIDE / 2 * dilation, SIDE / 2 * dilation * 2),
            Self::Same => {
                let step = if length.is_multiple_of(stride) { stride } else { length % stride };
                let all = SIDE.saturating_sub(step);
                (all / 2 * dilation, all * dilation)
            }
        };
        (before, (length + all).saturating_sub(dilation * (SIDE - 1) + 1) / stride + 1)
    }

    fn step(self, (_, height, width): Places, stride: usize, dilation: usize) -> Step {
        let (top, rows) = self.along(height, stride, dilation);
        let (left, columns) = self.along(width, stride, dilation);
        Step { stride, dilation, padding: (top, left), out: (rows, columns) }
    }
}

impl Stem {
    fn load(scope: &Scope, output: usize, epsilon: f64) -> Result<Self, EmbedError> {
        let BatchNorm { factors, shifts } = BatchNorm::load(&scope.sub("normalization"), output, epsilon)?;
        let kernel = scope.get("convolution.weight", &[output, 3, SIDE, SIDE])?;
        let device = kernel.device().clone();
        Ok(Self {
            kernel: kernel.broadcast_mul(&Tensor::from_vec(factors, (output, 1, 1, 1), &device)?)?,
            shifts: Tensor::from_vec(shifts, output, &device)?,
        })
    }

    /// Pixels to rows of half the size.
    fn forward(&self, pixels: &Pixels, padding: Padding) -> Result<(Tensor, Places), EmbedError> {
        let (items, height, width) = (pixels.items(), pixels.height(), pixels.width());
        let step = padding.step((items, height, width), 2, 1);
        let ((top, left), (rows, columns)) = (step.padding, step.out);
        // Zeros up to the last place that the last kernel sees.
        let bottom = (2 * (rows - 1) + SIDE).saturating_sub(top + height);
        let right = (2 * (columns - 1) + SIDE).saturating_sub(left + width);
        let x = pixels.tensor().pad_with_zeros(2, top, bottom)?.pad_with_zeros(3, left, right)?;
        let x = x.conv2d(&self.kernel, 0, 2, 1, 1)?.permute((0, 2, 3, 1))?.contiguous()?;
        let channels = x.dim(3)?;
        let x = add(x.reshape((items * rows * columns, channels))?, &self.shifts)?;
        Ok((x, (items, rows, columns)))
    }
}

/// Channels and the way of the depthwise convolution.
struct Shape {
    input: usize,
    inner: usize,
    output: usize,
    stride: usize,
    dilation: usize,
}

impl Block {
    fn load(scope: &Scope, shape: Shape, expands: bool, epsilon: f64) -> Result<Self, EmbedError> {
        let Shape { input, inner, output, stride, dilation } = shape;
        let expansion = match expands {
            true => Some(pointwise(&scope.sub("expand_1x1"), input, inner, epsilon)?),
            false => None,
        };
        let depthwise = scope.sub("conv_3x3");
        let BatchNorm { factors, shifts } = BatchNorm::load(&depthwise.sub("normalization"), inner, epsilon)?;
        Ok(Self {
            expansion,
            depthwise: Depthwise::scaled(&depthwise.sub("convolution"), inner, SIDE, factors, shifts)?,
            stride,
            dilation,
            reduction: pointwise(&scope.sub("reduce_1x1"), inner, output, epsilon)?,
            residual: stride == 1 && input == output,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        places: Places,
        padding: Padding,
        activation: Activation,
    ) -> Result<(Tensor, Places), EmbedError> {
        let inner = match &self.expansion {
            Some(expansion) => expansion.activated(x, activation)?,
            None => x.clone(),
        };
        let step = padding.step(places, self.stride, self.dilation);
        let inner = activation.forward(self.depthwise.forward(&inner, places, step)?)?;
        let out = self.reduction.forward(&inner)?;
        let out = if self.residual { add(out, x)? } else { out };
        Ok((out, (places.0, step.out.0, step.out.1)))
    }
}

/// A convolution of single places and its batch norm.
fn pointwise(scope: &Scope, input: usize, output: usize, epsilon: f64) -> Result<Linear, EmbedError> {
    let BatchNorm { factors, shifts } = BatchNorm::load(&scope.sub("normalization"), output, epsilon)?;
    let kernel = scope.get("convolution.weight", &[output, input, 1, 1])?.reshape((output, input))?;
    let device = kernel.device().clone();
    let kernel = kernel.broadcast_mul(&Tensor::from_vec(factors, (output, 1), &device)?)?;
    Ok(Linear::of(kernel, Some(Tensor::from_vec(shifts, output, &device)?)))
}

impl PictureModel for MobileNet {
    fn width(&self) -> usize {
        self.width
    }

    fn forward(&self, pixels: &Pixels, mut states: States) -> Result<Tensor, EmbedError> {
        let (x, mut places) = self.first.forward(pixels, self.padding)?;
        let mut x = self.activation.forward(x)?;
        for block in &self.blocks {
            (x, places) = block.forward(&x, places, self.padding, self.activation)?;
            note(&mut states, &x);
        }
        let x = self.last.activated(&x, self.activation)?;
        let (items, height, width) = places;
        Ok(x.reshape((items, height * width, self.width))?.mean(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_where_tensorflow_puts_them() {
        // length, stride, dilation: zeros before, length of the result
        for (given, wanted) in [
            ((224, 2, 1), (0, 112)),
            ((225, 2, 1), (1, 113)),
            ((7, 1, 1), (1, 7)),
            ((7, 1, 2), (2, 7)),
            ((1, 2, 1), (1, 1)),
        ] {
            assert_eq!(Padding::Same.along(given.0, given.1, given.2), wanted, "{given:?}");
        }
        assert_eq!(Padding::Even.along(224, 2, 1), (1, 112));
    }
}
