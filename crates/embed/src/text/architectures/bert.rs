//! BERT and, with another numbering of positions, RoBERTa, XLM-RoBERTa and CamemBERT.

use super::model::{Output, TextModel};
use crate::text::batch::Batch;
use crate::{
    EmbedError,
    folder::{config::Config, weights::Weights},
    layers::{Activation, Attention, Embedding, Feed, Norm, PostNorm, Projections, States, stack},
};

const NAMES: Projections =
    Projections { query: "self.query", key: "self.key", value: "self.value", output: "output.dense" };

/// `norm(word + position + segment)`, then layers of [`PostNorm`].
///
/// Source: Devlin et al. 2019; Liu et al. 2019 for positions that begin after the padding id.
pub(super) struct Bert {
    words: Embedding,
    positions: Embedding,
    segments: Embedding,
    norm: Norm,
    layers: Vec<PostNorm>,
    sizes: Sizes,
}

struct Sizes {
    width: usize,
    vocabulary: usize,
    positions: usize,
    segments: usize,
    padding: u32,
    /// RoBERTa's numbering of positions, and its single segment.
    roberta: bool,
}

impl Bert {
    pub fn load(config: &Config, weights: &Weights, roberta: bool) -> Result<Self, EmbedError> {
        let kind = config.text("position_embedding_type", "absolute")?;
        if kind != "absolute" {
            let problem = format!("`{kind}` is not supported; expected `absolute`");
            return Err(config.error("position_embedding_type", problem));
        }
        let scope = weights.rooted("embeddings.word_embeddings.weight")?;
        let width = config.size("hidden_size", 768)?;
        let heads = config.heads("num_attention_heads", 12, width)?;
        let inner = config.size("intermediate_size", 3072)?;
        let epsilon = config.number("layer_norm_eps", 1e-12)?;
        let activation = Activation::named(config, "hidden_act", "gelu")?;
        let sizes = Sizes {
            width,
            vocabulary: config.size("vocab_size", 30522)?,
            positions: config.size("max_position_embeddings", 512)?,
            segments: config.size("type_vocab_size", 2)?,
            padding: config.index("pad_token_id", if roberta { 1 } else { 0 })?,
            roberta,
        };
        let embeddings = scope.sub("embeddings");
        let table = |name, entries| Embedding::load(&embeddings.sub(name), entries, width);
        let layers = (0..config.size("num_hidden_layers", 12)?).map(|i| {
            let layer = scope.sub(format!("encoder.layer.{i}"));
            let attention = layer.sub("attention");
            Ok(PostNorm {
                attention: Attention::load(&attention, &NAMES, width, heads)?,
                attention_norm: Norm::layer(&attention.sub("output.LayerNorm"), width, epsilon)?,
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
            words: table("word_embeddings", sizes.vocabulary)?,
            positions: table("position_embeddings", sizes.positions)?,
            segments: table("token_type_embeddings", sizes.segments)?,
            norm: Norm::layer(&embeddings.sub("LayerNorm"), width, epsilon)?,
            layers: layers.collect::<Result<_, EmbedError>>()?,
            sizes,
        })
    }
}

impl TextModel for Bert {
    fn width(&self) -> usize {
        self.sizes.width
    }

    fn limit(&self) -> Option<usize> {
        // RoBERTa's rows up to the padding id never belong to a token.
        let unused = if self.sizes.roberta { self.sizes.padding as usize + 1 } else { 0 };
        Some(self.sizes.positions.saturating_sub(unused))
    }

    fn padding(&self) -> u32 {
        self.sizes.padding
    }

    fn vocabulary(&self) -> usize {
        self.sizes.vocabulary
    }

    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError> {
        let positions = if self.sizes.roberta { batch.positions_after(self.sizes.padding) } else { batch.positions() };
        // A tokenizer's file may number segments for which the model has no row.
        let last = self.sizes.segments as u32 - 1;
        let segments: Vec<u32> = match self.sizes.roberta {
            true => vec![0; batch.ids.len()],
            false => batch.segments.iter().map(|s| (*s).min(last)).collect(),
        };
        let sum =
            ((self.words.rows(&batch.ids)? + self.segments.rows(&segments)?)? + self.positions.rows(&positions)?)?;
        let x = self.norm.forward(&sum)?;
        let mask = batch.mask(false, x.device())?;
        Ok(Output::Hidden(stack(&self.layers, x, batch.items, &[&mask], states)?))
    }
}
