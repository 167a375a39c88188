//! The encoder of T5, also of its gated successor (version 1.1).

use super::{
    model::{Output, TextModel},
    relative::RelativeBias,
};
use crate::text::batch::Batch;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{Activation, Attention, Embedding, Feed, Norm, Projections, States, add, note},
};

const NAMES: Projections = Projections { query: "q", key: "k", value: "v", output: "o" };

/// Word vectors, then blocks `x + attention(norm x)`, `x + feed(norm x)`, then a norm. Norms are by the root mean
/// square; there are no biases and no scale in the attention; the table of relative biases is in block 0.
///
/// Source: Raffel et al. 2020; Shazeer 2020 for the gate.
pub(super) struct T5 {
    words: Embedding,
    bias: RelativeBias,
    blocks: Vec<Block>,
    norm: Norm,
    width: usize,
    vocabulary: usize,
    padding: u32,
}

struct Block {
    attention_norm: Norm,
    attention: Attention,
    feed_norm: Norm,
    feed: Feed,
}

impl T5 {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let scope = weights.rooted("encoder.final_layer_norm.weight")?;
        let width = config.size("d_model", 512)?;
        let heads = config.size("num_heads", 8)?;
        let inner = heads * config.size("d_kv", 64)?;
        let hidden = config.size("d_ff", 2048)?;
        let epsilon = config.number("layer_norm_epsilon", 1e-6)?;
        let (activation, gate) = feed_forward(config)?;
        let vocabulary = config.size("vocab_size", 32128)?;
        let blocks = (0..config.size("num_layers", 6)?).map(|i| {
            let block = scope.sub(format!("encoder.block.{i}"));
            let (attention, feed) = (block.sub("layer.0"), block.sub("layer.1"));
            Ok(Block {
                attention_norm: Norm::root_mean_square(&attention.sub("layer_norm"), width, epsilon)?,
                attention: Attention::bare(&attention.sub("SelfAttention"), &NAMES, width, inner, heads)?,
                feed_norm: Norm::root_mean_square(&feed.sub("layer_norm"), width, epsilon)?,
                feed: feed_of(&feed.sub("DenseReluDense"), width, hidden, activation, gate)?,
            })
        });
        let buckets = config.size("relative_attention_num_buckets", 32)?;
        let farthest = config.size("relative_attention_max_distance", 128)?;
        let table = scope.sub("encoder.block.0.layer.0.SelfAttention.relative_attention_bias");
        // Files with the encoder alone may have the words below the encoder.
        let words = if scope.has("shared.weight") { scope.sub("shared") } else { scope.sub("encoder.embed_tokens") };
        Ok(Self {
            words: Embedding::load(&words, vocabulary, width)?,
            bias: RelativeBias::load(&table, buckets, farthest, heads)?,
            blocks: blocks.collect::<Result<_, EmbedError>>()?,
            norm: Norm::root_mean_square(&scope.sub("encoder.final_layer_norm"), width, epsilon)?,
            width,
            vocabulary,
            padding: config.index("pad_token_id", 0)?,
        })
    }
}

/// `relu`, or `gated-gelu`, whose GELU uses the hyperbolic tangent.
fn feed_forward(config: &Config) -> Result<(Activation, bool), EmbedError> {
    let name = config.text("feed_forward_proj", "relu")?;
    let (plain, gate) = match name.strip_prefix("gated-") {
        Some("gelu") => ("gelu_new", true),
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let activation = Activation::of(plain).ok_or_else(|| {
        let problem = format!("unknown `{name}`; expected an activation such as `relu`, or `gated-` before its name");
        config.error("feed_forward_proj", problem)
    })?;
    Ok((activation, gate))
}

fn feed_of(scope: &Scope, width: usize, hidden: usize, activation: Activation, gate: bool) -> Result<Feed, EmbedError> {
    let outer = scope.sub("wo");
    match gate {
        true => Feed::gated(false, [&scope.sub("wi_0"), &scope.sub("wi_1"), &outer], width, hidden, activation),
        false => Feed::with_bias_if(false, [&scope.sub("wi"), &outer], width, hidden, activation),
    }
}

impl TextModel for T5 {
    fn width(&self) -> usize {
        self.width
    }

    fn limit(&self) -> Option<usize> {
        None
    }

    fn padding(&self) -> u32 {
        self.padding
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The last of the states is the one after the final norm, like the reference's.
    fn forward(&self, batch: &Batch, mut states: States) -> Result<Output, EmbedError> {
        let mut x = self.words.rows(&batch.ids)?;
        let bias = self.bias.of(batch.length)?;
        let mask = batch.mask(false, x.device())?;
        for block in &self.blocks {
            note(&mut states, &x);
            let attended = block.attention.forward(&block.attention_norm.forward(&x)?, batch.items, &[&bias, &mask])?;
            x = add(attended, &x)?;
            let fed = block.feed.forward(&block.feed_norm.forward(&x)?)?;
            x = add(fed, &x)?;
        }
        let x = self.norm.forward(&x)?;
        note(&mut states, &x);
        Ok(Output::Hidden(x))
    }
}
