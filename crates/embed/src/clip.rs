//! The two towers of CLIP, each with its projection into the space that they share.

use candle_core::{D, Tensor};

use crate::{
    EmbedError,
    config::Config,
    layers::{Activation, BlockSizes, Embedding, Linear, Norm, PreNorm, PreNormNames, Projections},
    pictures::{PictureModel, Pixels, patches::Patches},
    text::{
        batch::Batch,
        model::{Output, States, TextModel, note},
    },
    weights::{Scope, Weights},
};

const NAMES: PreNormNames = PreNormNames {
    norms: ["layer_norm1", "layer_norm2"],
    attention: "self_attn",
    projections: Projections { query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj" },
    scales: None,
    inner: "mlp.fc1",
    outer: "mlp.fc2",
};

/// What a tower's configuration says; the hub's files give only what departs from the defaults.
fn sizes(config: &Config, width: usize, inner: usize, heads: usize) -> Result<BlockSizes, EmbedError> {
    let width = config.size("hidden_size", width)?;
    Ok(BlockSizes {
        width,
        inner: config.size("intermediate_size", inner)?,
        heads: config.heads("num_attention_heads", heads, width)?,
        epsilon: config.number("layer_norm_eps", 1e-5)?,
        activation: Activation::named(config, "hidden_act", "quick_gelu")?,
    })
}

fn blocks(scope: &Scope, count: usize, sizes: BlockSizes) -> Result<Vec<PreNorm>, EmbedError> {
    (0..count).map(|i| PreNorm::load(&scope.sub(format!("encoder.layers.{i}")), &NAMES, sizes)).collect()
}

/// The object of one tower.
fn tower(config: &Config, key: &str) -> Result<Config, EmbedError> {
    config.sub(key)?.ok_or_else(|| config.error(key, "is missing; wanted the object that describes this tower"))
}

/// Words and positions, blocks in which no position sees a later one, a norm, and of that the row of the
/// end token, projected without bias.
///
/// Source: Radford et al. 2021.
pub(crate) struct ClipText {
    words: Embedding,
    positions: Embedding,
    blocks: Vec<PreNorm>,
    norm: Norm,
    projection: Linear,
    width: usize,
    vocabulary: usize,
    limit: usize,
    padding: u32,
    end: u32,
}

/// The end token's id as the first files on the hub state it, wrongly: there, the end token is the one
/// with the largest id.
const LEGACY_END: u32 = 2;

impl ClipText {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let text = tower(config, "text_config")?;
        let root = weights.rooted("text_projection.weight")?;
        let scope = root.sub("text_model");
        let sizes = sizes(&text, 512, 2048, 8)?;
        let width = config.size("projection_dim", 512)?;
        let vocabulary = text.size("vocab_size", 49408)?;
        let limit = text.size("max_position_embeddings", 77)?;
        let embeddings = scope.sub("embeddings");
        Ok(Self {
            words: Embedding::load(&embeddings.sub("token_embedding"), vocabulary, sizes.width)?,
            positions: Embedding::load(&embeddings.sub("position_embedding"), limit, sizes.width)?,
            blocks: blocks(&scope, text.size("num_hidden_layers", 12)?, sizes)?,
            norm: Norm::layer(&scope.sub("final_layer_norm"), sizes.width, sizes.epsilon)?,
            projection: Linear::without_bias(&root.sub("text_projection"), sizes.width, width)?,
            width,
            vocabulary,
            limit,
            padding: text.index("pad_token_id", 1)?,
            end: text.index("eos_token_id", 49407)?,
        })
    }

    /// Where the end token of an item stands; padding, which may have the same id, is not looked at.
    fn end(&self, ids: &[u32]) -> usize {
        let end = match self.end {
            LEGACY_END => ids.iter().copied().max().unwrap_or_default(),
            end => end,
        };
        ids.iter().position(|id| *id == end).unwrap_or_default()
    }
}

impl TextModel for ClipText {
    fn width(&self) -> usize {
        self.width
    }

    fn limit(&self) -> Option<usize> {
        Some(self.limit)
    }

    fn padding(&self) -> u32 {
        self.padding
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn projects(&self) -> bool {
        true
    }

    fn forward(&self, batch: &Batch, mut states: States) -> Result<Output, EmbedError> {
        let mut x = (self.words.rows(&batch.ids)? + self.positions.rows(&batch.positions())?)?;
        let mask = batch.mask(true)?;
        note(&mut states, &x);
        for block in &self.blocks {
            x = block.forward(&x, batch.items, &[&mask])?;
            note(&mut states, &x);
        }
        let x = self.norm.forward(&x)?;
        let ends: Vec<u32> = (0..batch.items)
            .map(|item| {
                let start = item * batch.length;
                let seen = batch.seen[start..start + batch.length].iter().filter(|seen| **seen).count();
                (start + self.end(&batch.ids[start..start + seen])) as u32
            })
            .collect();
        let ends = Tensor::from_vec(ends, batch.items, x.device())?;
        Ok(Output::Features(self.projection.forward(&x.index_select(&ends, 0)?)?))
    }
}

/// Patches behind a class vector, positions, a norm, blocks, a norm on the class vector, projected
/// without bias.
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
            // spelt like this in every file
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

    fn side(&self) -> Option<usize> {
        Some(self.side)
    }

    fn forward(&self, pixels: &Pixels) -> Result<Tensor, EmbedError> {
        let patches = self.patches.forward(pixels)?;
        let x = self.patches.behind(&self.class, &patches)?.broadcast_add(&self.positions)?;
        let (items, length, width) = x.dims3()?;
        let mut x = self.first_norm.forward(&x.reshape((items * length, width))?)?;
        for block in &self.blocks {
            x = block.forward(&x, items, &[])?;
        }
        let class = x.reshape((items, length, width))?.narrow(D::Minus2, 0, 1)?.squeeze(1)?.contiguous()?;
        self.projection.forward(&self.last_norm.forward(&class)?)
    }
}
