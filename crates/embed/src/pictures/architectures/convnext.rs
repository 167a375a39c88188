//! ConvNeXt.

use candle_core::Tensor;

use super::{
    model::PictureModel,
    parts::{Depthwise, Patches, Places, Step},
};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{Activation, Linear, Norm, States, add, multiply, note},
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

    fn forward(&self, pixels: &Pixels, mut states: States) -> Result<Tensor, EmbedError> {
        let (rows, columns) = self.patches.grid(pixels);
        let mut places = (pixels.items(), rows, columns);
        let mut x = self.first_norm.forward(&self.patches.map_of(pixels.tensor())?)?;
        note(&mut states, &x);
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
            note(&mut states, &x);
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
            depthwise: Depthwise::load(&scope.sub("dwconv"), width, SIDE)?,
            norm: Norm::layer(&scope.sub("layernorm"), width, EPSILON)?,
            inner: Linear::load(&scope.sub("pwconv1"), width, 4 * width)?,
            outer: Linear::load(&scope.sub("pwconv2"), 4 * width, width)?,
            scale,
            activation,
        })
    }

    fn forward(&self, x: &Tensor, places: Places) -> Result<Tensor, EmbedError> {
        let mixed = self.depthwise.forward(x, places, Step::same(SIDE, places))?;
        let inner = self.inner.activated(&self.norm.forward(&mixed)?, self.activation)?;
        let outer = self.outer.forward(&inner)?;
        let outer = match &self.scale {
            Some(scale) => multiply(outer, scale)?,
            None => outer,
        };
        add(outer, x)
    }
}
