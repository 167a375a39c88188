//! DistilBERT: BERT's layers without segments, with other names.

use super::model::{Output, TextModel};
use crate::text::batch::Batch;
use crate::{
    EmbedError,
    folder::{config::Config, weights::Weights},
    layers::{Activation, Attention, Embedding, Feed, Norm, PostNorm, Projections, States, stack},
};

const NAMES: Projections = Projections { query: "q_lin", key: "k_lin", value: "v_lin", output: "out_lin" };

/// Epsilon of the norms; it is not in the configuration.
const EPSILON: f64 = 1e-12;

/// `norm(word + position)`, then layers. The table of positions is read from the file even if it was filled with sines.
///
/// Source: Sanh et al. 2019.
pub(super) struct DistilBert {
    words: Embedding,
    positions: Embedding,
    norm: Norm,
    layers: Vec<PostNorm>,
    width: usize,
    vocabulary: usize,
    limit: usize,
    padding: u32,
}

impl DistilBert {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let scope = weights.rooted("embeddings.word_embeddings.weight")?;
        let width = config.size("dim", 768)?;
        let heads = config.heads("n_heads", 12, width)?;
        let inner = config.size("hidden_dim", 3072)?;
        let activation = Activation::named(config, "activation", "gelu")?;
        let vocabulary = config.size("vocab_size", 30522)?;
        let limit = config.size("max_position_embeddings", 512)?;
        let embeddings = scope.sub("embeddings");
        let layers = (0..config.size("n_layers", 6)?).map(|i| {
            let layer = scope.sub(format!("transformer.layer.{i}"));
            Ok(PostNorm {
                attention: Attention::load(&layer.sub("attention"), &NAMES, width, heads)?,
                attention_norm: Norm::layer(&layer.sub("sa_layer_norm"), width, EPSILON)?,
                feed: Feed::load([&layer.sub("ffn.lin1"), &layer.sub("ffn.lin2")], width, inner, activation)?,
                feed_norm: Norm::layer(&layer.sub("output_layer_norm"), width, EPSILON)?,
            })
        });
        Ok(Self {
            words: Embedding::load(&embeddings.sub("word_embeddings"), vocabulary, width)?,
            positions: Embedding::load(&embeddings.sub("position_embeddings"), limit, width)?,
            norm: Norm::layer(&embeddings.sub("LayerNorm"), width, EPSILON)?,
            layers: layers.collect::<Result<_, EmbedError>>()?,
            width,
            vocabulary,
            limit,
            padding: config.index("pad_token_id", 0)?,
        })
    }
}

impl TextModel for DistilBert {
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

    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError> {
        let sum = (self.words.rows(&batch.ids)? + self.positions.rows(&batch.positions())?)?;
        let x = self.norm.forward(&sum)?;
        let mask = batch.mask(false, x.device())?;
        Ok(Output::Hidden(stack(&self.layers, x, batch.items, &[&mask], states)?))
    }
}
