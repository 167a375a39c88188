//! MPNet: BERT's layers with relative attention biases.

use super::{
    model::{Output, TextModel},
    relative::RelativeBias,
};
use crate::text::batch::Batch;
use crate::{
    EmbedError,
    folder::{config::Config, weights::Weights},
    layers::{Activation, Attention, Embedding, Feed, Norm, PostNorm, Projections, States, stack},
};

const NAMES: Projections = Projections { query: "attn.q", key: "attn.k", value: "attn.v", output: "attn.o" };

/// Largest exact distance; it is not in the configuration.
const FARTHEST: usize = 128;
/// The padding id after which positions begin, independent of the configuration.
const PADDING: u32 = 1;

/// `norm(word + position)` with RoBERTa's numbering of positions, then layers that share one table of relative biases.
///
/// Source: Song et al. 2020.
pub(super) struct Mpnet {
    words: Embedding,
    positions: Embedding,
    norm: Norm,
    bias: RelativeBias,
    layers: Vec<PostNorm>,
    width: usize,
    vocabulary: usize,
    table: usize,
}

impl Mpnet {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let scope = weights.rooted("embeddings.word_embeddings.weight")?;
        let width = config.size("hidden_size", 768)?;
        let heads = config.heads("num_attention_heads", 12, width)?;
        let inner = config.size("intermediate_size", 3072)?;
        let epsilon = config.number("layer_norm_eps", 1e-12)?;
        let activation = Activation::named(config, "hidden_act", "gelu")?;
        let vocabulary = config.size("vocab_size", 30527)?;
        let table = config.size("max_position_embeddings", 512)?;
        let buckets = config.size("relative_attention_num_buckets", 32)?;
        let embeddings = scope.sub("embeddings");
        let layers = (0..config.size("num_hidden_layers", 12)?).map(|i| {
            let layer = scope.sub(format!("encoder.layer.{i}"));
            let attention = layer.sub("attention");
            Ok(PostNorm {
                attention: Attention::load(&attention, &NAMES, width, heads)?,
                attention_norm: Norm::layer(&attention.sub("LayerNorm"), width, epsilon)?,
                feed: Feed::load(
                    [&layer.sub("intermediate.dense"), &layer.sub("output.dense")],
                    width,
                    inner,
                    activation,
                )?,
                feed_norm: Norm::layer(&layer.sub("output.LayerNorm"), width, epsilon)?,
            })
        });
        Ok(Self {
            words: Embedding::load(&embeddings.sub("word_embeddings"), vocabulary, width)?,
            positions: Embedding::load(&embeddings.sub("position_embeddings"), table, width)?,
            norm: Norm::layer(&embeddings.sub("LayerNorm"), width, epsilon)?,
            bias: RelativeBias::load(&scope.sub("encoder.relative_attention_bias"), buckets, FARTHEST, heads)?,
            layers: layers.collect::<Result<_, EmbedError>>()?,
            width,
            vocabulary,
            table,
        })
    }
}

impl TextModel for Mpnet {
    fn width(&self) -> usize {
        self.width
    }

    fn limit(&self) -> Option<usize> {
        Some(self.table.saturating_sub(PADDING as usize + 1))
    }

    fn padding(&self) -> u32 {
        PADDING
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError> {
        let positions = batch.positions_after(PADDING);
        let sum = (self.words.rows(&batch.ids)? + self.positions.rows(&positions)?)?;
        let x = self.norm.forward(&sum)?;
        let bias = self.bias.of(batch.length)?;
        let mask = batch.mask(false, x.device())?;
        Ok(Output::Hidden(stack(&self.layers, x, batch.items, &[&bias, &mask], states)?))
    }
}
