//! ViT; with a distillation vector, DeiT; with layer scale and positions for any size, DINOv2.

use candle_core::Tensor;

use super::{
    model::{PictureModel, first_rows, only},
    parts::{Patches, Positions},
};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{Activation, BlockSizes, Feed, Norm, PreNorm, PreNormNames, Projections, States, add, stack},
};

const PROJECTIONS: Projections =
    Projections { query: "attention.query", key: "attention.key", value: "attention.value", output: "output.dense" };

const VIT: PreNormNames = PreNormNames {
    norms: ["layernorm_before", "layernorm_after"],
    attention: "attention",
    projections: PROJECTIONS,
    scales: None,
    inner: "intermediate.dense",
    outer: "output.dense",
};

const DINO: PreNormNames = PreNormNames {
    norms: ["norm1", "norm2"],
    attention: "attention",
    projections: PROJECTIONS,
    scales: Some(["layer_scale1.lambda1", "layer_scale2.lambda1"]),
    inner: "mlp.fc1",
    outer: "mlp.fc2",
};

/// Names of the hub for a feed-forward part with a gate whose two maps are in one matrix.
const GATED: [&str; 2] = ["mlp.weights_in", "mlp.weights_out"];

/// The members of the family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Vit,
    /// With a distillation vector behind the class vector.
    Deit,
    /// With layer scale, and positions for any size.
    Dinov2,
}

/// Patches behind a class vector, positions, blocks, a norm; the features are the class vector's row.
///
/// Source: Dosovitskiy et al. 2021; Touvron et al. 2021; Oquab et al. 2023.
pub(crate) struct Vit {
    patches: Patches,
    /// The vectors before the patches.
    vectors: Tensor,
    positions: Positions,
    blocks: Vec<PreNorm>,
    norm: Norm,
    width: usize,
    /// Pixels per side, if the table of positions is for one size only.
    side: Option<usize>,
}

impl Vit {
    pub fn load(config: &Config, weights: &Weights, kind: Kind) -> Result<Self, EmbedError> {
        let dino = kind == Kind::Dinov2;
        if !config.flag("qkv_bias", true)? {
            return Err(config.error("qkv_bias", "false is not supported; expected true"));
        }
        let scope = weights.rooted("embeddings.cls_token")?;
        let width = config.size("hidden_size", 768)?;
        let inner = match dino {
            true => width * config.size("mlp_ratio", 4)?,
            false => config.size("intermediate_size", 3072)?,
        };
        let sizes = BlockSizes {
            width,
            inner,
            heads: config.heads("num_attention_heads", 12, width)?,
            epsilon: config.number("layer_norm_eps", if dino { 1e-6 } else { 1e-12 })?,
            activation: Activation::named(config, "hidden_act", "gelu")?,
        };
        let gated = dino && config.flag("use_swiglu_ffn", false)?;
        let side = config.size("image_size", 224)?;
        let patch = config.size("patch_size", if dino { 14 } else { 16 })?;
        let embeddings = scope.sub("embeddings");
        let mut vectors = vec![embeddings.get("cls_token", &[1, 1, width])?];
        if kind == Kind::Deit {
            vectors.push(embeddings.get("distillation_token", &[1, 1, width])?);
        }
        let blocks = (0..config.size("num_hidden_layers", 12)?).map(|i| {
            let block = scope.sub(format!("encoder.layer.{i}"));
            match (dino, gated) {
                (true, true) => PreNorm::around_feed(&block, &DINO, sizes, swiglu(&block, sizes)?),
                (true, false) => PreNorm::load(&block, &DINO, sizes),
                (false, _) => PreNorm::load(&block, &VIT, sizes),
            }
        });
        Ok(Self {
            patches: Patches::load(&embeddings.sub("patch_embeddings.projection"), width, patch, true)?,
            positions: Positions::load(&embeddings, vectors.len(), side / patch, width)?,
            vectors: Tensor::cat(&vectors, 1)?,
            blocks: blocks.collect::<Result<_, EmbedError>>()?,
            norm: Norm::layer(&scope.sub("layernorm"), width, sizes.epsilon)?,
            width,
            side: (!dino).then_some(side),
        })
    }
}

/// The gated part of the giant DINOv2: two thirds of the usual width inside, rounded up to a multiple of 8, and SiLU.
fn swiglu(block: &Scope, sizes: BlockSizes) -> Result<Feed, EmbedError> {
    let inner = (2 * sizes.inner / 3).next_multiple_of(8);
    let [both, down] = GATED.map(|name| block.sub(name));
    Feed::joined([&both, &down], sizes.width, inner, Activation::Silu)
}

impl PictureModel for Vit {
    fn width(&self) -> usize {
        self.width
    }

    fn misfit(&self, height: usize, width: usize) -> Option<String> {
        match self.side {
            Some(side) => only(side, height, width),
            None => self.patches.misfit(height, width),
        }
    }

    fn forward(&self, pixels: &Pixels, states: States) -> Result<Tensor, EmbedError> {
        let patches = self.patches.forward(pixels)?;
        let (rows, columns) = self.patches.grid(pixels);
        let positions = self.positions.of(rows, columns)?;
        let x = add(self.patches.behind(&self.vectors, &patches)?, &positions)?;
        let (items, length, width) = x.dims3()?;
        let x = stack(&self.blocks, x.reshape((items * length, width))?, items, &[], states)?;
        // The norm works row by row, so only the row of the class vector is needed.
        self.norm.forward(&first_rows(&x, items)?)
    }
}
