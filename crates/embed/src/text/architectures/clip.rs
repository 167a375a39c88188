//! The text tower of CLIP.

use candle_core::Tensor;

use super::model::{Output, TextModel};
use crate::text::batch::Batch;
use crate::{
    EmbedError,
    clip::{blocks, sizes, tower},
    folder::{config::Config, weights::Weights},
    layers::{Embedding, Linear, Norm, PreNorm, States, stack},
};

/// Words and positions, blocks in which no position sees a later one, a norm, and then the row of the end token,
/// projected without bias.
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

/// The end token's id in the first files on the hub, which is wrong: there, the end token is the one with the largest
/// id.
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

    /// Position of the end token of an item; padding, which may have the same id, is ignored.
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

    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError> {
        let x = (self.words.rows(&batch.ids)? + self.positions.rows(&batch.positions())?)?;
        let mask = batch.mask(true, x.device())?;
        let x = self.norm.forward(&stack(&self.blocks, x, batch.items, &[&mask], states)?)?;
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
