//! ConvNeXt.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::{model::PictureModel, patches::Patches};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{self, Activation, Linear, Norm},
};

/// Epsilon of every norm but the last, whose epsilon is in the configuration.
const EPSILON: f64 = 1e-6;
/// Side of the kernel in a block.
const SIDE: usize = 7;

/// Patches and a norm; stages, each but the first after a norm and a halving; the mean over all places; a norm. Places
/// are rows of `[items · height · width, channels]`.
///
/// Source: Liu et al. 2022.
pub(crate) struct ConvNext {
    patches: Patches,
    first_norm: Norm,
    stages: Vec<Stage>,
    last_norm: Norm,
    width: usize,
}

struct Stage {
    halving: Option<(Norm, Patches)>,
    blocks: Vec<Block>,
}

/// `x + s ∘ W₂ f(W₁ norm(depthwise x))`.
struct Block {
    depthwise: Depthwise,
    norm: Norm,
    inner: Linear,
    outer: Linear,
    scale: Option<Tensor>,
    activation: Activation,
}

/// Items, height, width.
type Places = (usize, usize, usize);

impl ConvNext {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let scope = weights.rooted("embeddings.patch_embeddings.weight")?;
        let activation = Activation::named(config, "hidden_act", "gelu")?;
        let widths = config.sizes("hidden_sizes", &[96, 192, 384, 768])?;
        let depths = config.sizes("depths", &[3, 3, 9, 3])?;
        if widths.len() != depths.len() {
            return Err(config.error("depths", format!("{} stages, `hidden_sizes` has {}", depths.len(), widths.len())));
        }
        let embeddings = scope.sub("embeddings");
        let mut stages = Vec::new();
        for (i, (width, depth)) in widths.iter().zip(&depths).enumerate() {
            let stage = scope.sub(format!("encoder.stages.{i}"));
            let halving = match i.checked_sub(1).map(|before| widths[before]) {
                None => None,
                Some(before) => Some((
                    Norm::layer(&stage.sub("downsampling_layer.0"), before, EPSILON)?,
                    Patches::of(&stage.sub("downsampling_layer.1"), before, *width, 2, true)?,
                )),
            };
            let blocks =
                (0..*depth).map(|layer| Block::load(&stage.sub(format!("layers.{layer}")), *width, activation));
            stages.push(Stage { halving, blocks: blocks.collect::<Result<_, _>>()? });
        }
        let (first, last) = (widths[0], widths[widths.len() - 1]);
        Ok(Self {
            patches: Patches::load(&embeddings.sub("patch_embeddings"), first, config.size("patch_size", 4)?, true)?,
            first_norm: Norm::layer(&embeddings.sub("layernorm"), first, EPSILON)?,
            stages,
            last_norm: Norm::layer(&scope.sub("layernorm"), last, config.number("layer_norm_eps", 1e-12)?)?,
            width: last,
        })
    }
}

impl PictureModel for ConvNext {
    fn width(&self) -> usize {
        self.width
    }

    fn side(&self) -> Option<usize> {
        None
    }

    fn forward(&self, pixels: &Pixels) -> Result<Tensor, EmbedError> {
        let (rows, columns) = self.patches.grid(pixels);
        let mut places = (pixels.items(), rows, columns);
        let mut x = self.first_norm.forward(&self.patches.map_of(pixels.tensor())?)?;
        for stage in &self.stages {
            if let Some((norm, halving)) = &stage.halving {
                let (items, height, width) = places;
                let channels = x.dim(1)?;
                let maps = norm.forward(&x)?.reshape((items, height, width, channels))?.permute((0, 3, 1, 2))?;
                x = halving.map_of(&maps)?;
                places = (items, height / 2, width / 2);
            }
            for block in &stage.blocks {
                x = block.forward(&x, places)?;
            }
        }
        let (items, height, width) = places;
        self.last_norm.forward(&x.reshape((items, height * width, self.width))?.mean(1)?)
    }
}

impl Block {
    fn load(scope: &Scope, width: usize, activation: Activation) -> Result<Self, EmbedError> {
        let scale = match scope.has("layer_scale_parameter") {
            true => Some(scope.get("layer_scale_parameter", &[width])?),
            false => None,
        };
        Ok(Self {
            depthwise: Depthwise::load(&scope.sub("dwconv"), width)?,
            norm: Norm::layer(&scope.sub("layernorm"), width, EPSILON)?,
            inner: Linear::load(&scope.sub("pwconv1"), width, 4 * width)?,
            outer: Linear::load(&scope.sub("pwconv2"), 4 * width, width)?,
            scale,
            activation,
        })
    }

    fn forward(&self, x: &Tensor, places: Places) -> Result<Tensor, EmbedError> {
        let mixed = x.apply_op1_no_bwd(&Mixing { depthwise: &self.depthwise, places })?;
        let inner = self.activation.forward(&self.inner.forward(&self.norm.forward(&mixed)?)?)?;
        let outer = self.outer.forward(&inner)?;
        let outer = match &self.scale {
            Some(scale) => outer.broadcast_mul(scale)?,
            None => outer,
        };
        Ok((x + outer)?)
    }
}

/// A kernel per channel, stored as `[7 · 7, channels]`, so that the channels of a place, which are contiguous, are
/// processed together.
struct Depthwise {
    kernel: Vec<f32>,
    bias: Vec<f32>,
}

impl Depthwise {
    fn load(scope: &Scope, width: usize) -> Result<Self, EmbedError> {
        let kernel = scope.get("weight", &[width, 1, SIDE, SIDE])?.reshape((width, SIDE * SIDE))?;
        let kernel = kernel.t()?.contiguous()?.flatten_all()?.to_vec1()?;
        Ok(Self { kernel, bias: scope.vector("bias", width)? })
    }

    /// One row of places; places outside the border are zeros.
    fn row(&self, item: &[f32], y: usize, (_, height, width): Places, out: &mut [f32]) {
        let channels = self.bias.len();
        let half = SIDE / 2;
        for (x, out) in out.chunks_exact_mut(channels).enumerate() {
            out.copy_from_slice(&self.bias);
            for (dy, row) in (0..SIDE).filter_map(|dy| Some((dy, (y + dy).checked_sub(half)?))) {
                for (dx, column) in (0..SIDE).filter_map(|dx| Some((dx, (x + dx).checked_sub(half)?))) {
                    if row < height && column < width {
                        let kernel = &self.kernel[(dy * SIDE + dx) * channels..][..channels];
                        let values = &item[(row * width + column) * channels..][..channels];
                        out.iter_mut().zip(kernel.iter().zip(values)).for_each(|(out, (k, v))| *out += k * v);
                    }
                }
            }
        }
    }
}

/// The depthwise convolution at one size. The library's own processes one channel after the other.
struct Mixing<'a> {
    depthwise: &'a Depthwise,
    places: Places,
}

impl CustomOp1 for Mixing<'_> {
    fn name(&self) -> &'static str {
        "depthwise convolution"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = layers::contiguous(storage, layout)?;
        let (items, height, width) = self.places;
        let channels = self.depthwise.bias.len();
        if values.len() != items * height * width * channels || values.is_empty() {
            candle_core::bail!("found {} values, expected {items} x {height} x {width} x {channels}", values.len());
        }
        let mut out = vec![0.0; values.len()];
        out.par_chunks_mut(width * channels).enumerate().for_each(|(row, out)| {
            let (item, y) = (row / height, row % height);
            let item = &values[item * height * width * channels..][..height * width * channels];
            self.depthwise.row(item, y, self.places, out);
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}
