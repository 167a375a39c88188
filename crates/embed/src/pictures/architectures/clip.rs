//! The picture tower of CLIP.

use candle_core::Tensor;

use super::{
    model::{PictureModel, first_rows, only},
    parts::Patches,
};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    clip::{blocks, sizes, tower},
    folder::{config::Config, weights::Weights},
    layers::{Linear, Norm, PreNorm, States, add, stack},
};

/// Patches after a class vector, positions, a norm, blocks, a norm of the class vector, a projection without bias.
///
/// Source: Radford et al. 2021.
pub(crate) struct ClipVision {
    patches: Patches,
    class: Tensor,
    positions: Tensor,
    first_norm: Norm,
    blocks: Vec<PreNorm>,
    last_norm: Norm,
    projection: Linear,
    width: usize,
    side: usize,
}

impl ClipVision {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let vision = tower(config, "vision_config")?;
        let root = weights.rooted("visual_projection.weight")?;
        let scope = root.sub("vision_model");
        let sizes = sizes(&vision, 768, 3072, 12)?;
        let width = config.size("projection_dim", 512)?;
        let side = vision.size("image_size", 224)?;
        let patch = vision.size("patch_size", 32)?;
        let count = (side / patch).pow(2);
        let embeddings = scope.sub("embeddings");
        Ok(Self {
            patches: Patches::load(&embeddings.sub("patch_embedding"), sizes.width, patch, false)?,
            class: embeddings.get("class_embedding", &[sizes.width])?,
            positions: embeddings.get("position_embedding.weight", &[count + 1, sizes.width])?,
            // All files have this spelling.
            first_norm: Norm::layer(&scope.sub("pre_layrnorm"), sizes.width, sizes.epsilon)?,
            blocks: blocks(&scope, vision.size("num_hidden_layers", 12)?, sizes)?,
            last_norm: Norm::layer(&scope.sub("post_layernorm"), sizes.width, sizes.epsilon)?,
            projection: Linear::without_bias(&root.sub("visual_projection"), sizes.width, width)?,
            width,
            side,
        })
    }
}

impl PictureModel for ClipVision {
    fn width(&self) -> usize {
        self.width
    }

    fn misfit(&self, height: usize, width: usize) -> Option<String> {
        only(self.side, height, width)
    }

    fn forward(&self, pixels: &Pixels, states: States) -> Result<Tensor, EmbedError> {
        let patches = self.patches.forward(pixels)?;
        let x = add(self.patches.behind(&self.class, &patches)?, &self.positions)?;
        let (items, length, width) = x.dims3()?;
        let x = self.first_norm.forward(&x.reshape((items * length, width))?)?;
        let x = stack(&self.blocks, x, items, &[], states)?;
        self.projection.forward(&self.last_norm.forward(&first_rows(&x, items)?)?)
    }
}
