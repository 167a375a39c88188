//! Choice of the text architecture of a folder.

use super::{bert::Bert, clip::ClipText, distilbert::DistilBert, model::TextModel, mpnet::Mpnet, t5::T5};
use crate::{
    EmbedError,
    folder::{config::Config, weights::Weights},
    supported::{TEXT, no_text_encoder},
};

/// The encoder that `config.json` names.
pub(crate) fn load(config: &Config, weights: &Weights) -> Result<Box<dyn TextModel>, EmbedError> {
    if config.flag("is_decoder", false)? {
        let problem = "found true, a decoder, whose tokens see only the tokens before them; expected an encoder";
        return Err(config.error("is_decoder", problem));
    }
    Ok(match model_type(config)? {
        "bert" => Box::new(Bert::load(config, weights, false)?),
        "roberta" | "xlm-roberta" | "camembert" => Box::new(Bert::load(config, weights, true)?),
        "distilbert" => Box::new(DistilBert::load(config, weights)?),
        "mpnet" => Box::new(Mpnet::load(config, weights)?),
        "t5" => Box::new(T5::load(config, weights)?),
        "clip" => Box::new(ClipText::load(config, weights)?),
        other => return Err(no_text_encoder(config, other)),
    })
}

/// Checks the key that decides, before any weight is read.
pub(crate) fn check(config: &Config) -> Result<(), EmbedError> {
    let found = model_type(config)?;
    if TEXT.contains(&found) { Ok(()) } else { Err(no_text_encoder(config, found)) }
}

fn model_type(config: &Config) -> Result<&str, EmbedError> {
    match config.text("model_type", "")? {
        "" => {
            Err(config
                .error("model_type", format!("is missing; it names the architecture: one of {}", TEXT.join(", "))))
        }
        found => Ok(found),
    }
}
