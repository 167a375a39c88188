//! What the text architectures have in common, and which one a folder holds.

use candle_core::Tensor;

use super::{batch::Batch, bert::Bert, distilbert::DistilBert, mpnet::Mpnet, t5::T5};
use crate::{EmbedError, clip::ClipText, config::Config, weights::Weights};

/// Every `model_type` there is.
pub(super) const SUPPORTED: [&str; 8] =
    ["bert", "roberta", "xlm-roberta", "camembert", "distilbert", "mpnet", "t5", "clip"];

/// What an encoder makes of a batch.
pub(crate) enum Output {
    /// The last hidden state, `[items · length, width]`, to be pooled.
    Hidden(Tensor),
    /// One row per text, `[items, width]`.
    Features(Tensor),
}

/// Hidden states, for who wants to see them: after the embeddings, then after each layer.
pub(crate) type States<'a> = Option<&'a mut Vec<Tensor>>;

/// A text encoder with its weights.
pub(crate) trait TextModel: Send + Sync {
    /// Width of what it gives.
    fn width(&self) -> usize;
    /// Tokens that its table of positions has room for; none for relative positions.
    fn limit(&self) -> Option<usize>;
    /// Id that fills up a batch.
    fn padding(&self) -> u32;
    /// Ids there are.
    fn vocabulary(&self) -> usize;
    /// Whether it gives features rather than hidden states.
    fn projects(&self) -> bool {
        false
    }
    /// The ids of the batch are below [`TextModel::vocabulary`], its length within [`TextModel::limit`].
    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError>;
}

/// The encoder that `config.json` names.
pub(super) fn load(config: &Config, weights: &Weights) -> Result<Box<dyn TextModel>, EmbedError> {
    if config.flag("is_decoder", false)? {
        let problem = "true: a decoder sees only what came before; wanted an encoder";
        return Err(config.error("is_decoder", problem));
    }
    Ok(match model_type(config)? {
        "bert" => Box::new(Bert::load(config, weights, false)?),
        "roberta" | "xlm-roberta" | "camembert" => Box::new(Bert::load(config, weights, true)?),
        "distilbert" => Box::new(DistilBert::load(config, weights)?),
        "mpnet" => Box::new(Mpnet::load(config, weights)?),
        "t5" => Box::new(T5::load(config, weights)?),
        "clip" => Box::new(ClipText::load(config, weights)?),
        other => return Err(unsupported(config, other)),
    })
}

/// The key that decides, before any weight is read.
pub(super) fn check(config: &Config) -> Result<(), EmbedError> {
    let found = model_type(config)?;
    if SUPPORTED.contains(&found) { Ok(()) } else { Err(unsupported(config, found)) }
}

fn model_type(config: &Config) -> Result<&str, EmbedError> {
    match config.text("model_type", "")? {
        "" => Err(config
            .error("model_type", format!("is missing; it names the architecture: one of {}", SUPPORTED.join(", ")))),
        found => Ok(found),
    }
}

fn unsupported(config: &Config, found: &str) -> EmbedError {
    let advice = if crate::pictures::SUPPORTED.contains(&found) {
        "; this is an encoder of pictures: `embed pictures`"
    } else {
        ""
    };
    EmbedError::Unsupported {
        path: config.path().to_owned(),
        what: "text",
        found: found.to_owned(),
        supported: SUPPORTED.to_vec(),
        advice: advice.to_owned(),
    }
}

/// Puts a state where it is asked for.
pub(crate) fn note(states: &mut States, state: &Tensor) {
    if let Some(states) = states {
        states.push(state.clone());
    }
}
