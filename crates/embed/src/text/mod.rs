//! Text encoders: from texts to one row per text.

pub(crate) mod architectures;
mod batch;
mod japanese;
mod pooling;
mod sentence;
mod tokenizer;

use std::path::{Path, PathBuf};

pub use self::pooling::Pool;
pub use crate::supported::TEXT as SUPPORTED;

use self::{
    architectures::model::{Output, TextModel},
    batch::{Batch, Tokens},
    pooling::Pooling,
    sentence::Sentence,
    tokenizer::TextTokenizer,
};
use crate::{
    Device, EmbedError, Embeddings,
    folder::{self, config::Config, weights::Weights},
    supported,
};

/// Tokens in a batch, padding included: long texts are in smaller batches, because the scores of attention grow with
/// the square of the length.
const TOKENS: usize = 8192;

/// Options of a text encoder; by default its folder decides.
#[derive(Clone, Debug, Default)]
pub struct TextOptions {
    /// Pooling of the last hidden state, without any further module of the folder. Default: the modules in
    /// `modules.json`, or [`Pool::Mean`] without this file.
    pub pool: Option<Pool>,
    /// Number of tokens, special ones included, at which texts are cut. Default: the first of these that exists:
    /// `max_seq_length` in `sentence_bert_config.json`, `model_max_length` in `tokenizer_config.json`, the table of
    /// positions, 512; never more than the table of positions.
    pub max_length: Option<usize>,
    /// Dictionary of MeCab for a Japanese tokenizer: the sources of IPADIC, in a folder or in a tar archive. No other
    /// tokenizer takes one.
    pub dictionary: Option<PathBuf>,
}

/// A text encoder, read from a folder in the layout of the hub.
pub struct TextEncoder {
    tokenizer: TextTokenizer,
    model: Box<dyn TextModel>,
    pooling: Pooling,
    max_length: usize,
    description: String,
}

impl TextEncoder {
    /// Reads `config.json`, the weights and the tokenizer of a folder.
    ///
    /// # Errors
    /// A missing file, a `model_type` that is not [`SUPPORTED`], a key or a tensor with an invalid value, an
    /// unsupported module of sentence-transformers, an option that does not suit the model.
    pub fn open(root: &Path, options: TextOptions) -> Result<Self, EmbedError> {
        Self::open_on(root, options, Device::Cpu)
    }

    /// The same on another device.
    ///
    /// # Errors
    /// The errors of [`TextEncoder::open`]; a device that this machine or this build does not have.
    pub fn open_on(root: &Path, options: TextOptions, device: Device) -> Result<Self, EmbedError> {
        let device = device.open()?;
        folder::check(root)?;
        let sentence = Sentence::open(root, options.pool.is_some())?;
        let folder = &sentence.folder;
        let config = folder::config(folder)?;
        let architecture = supported::text(&config)?;
        let mut tokenizer = TextTokenizer::open(folder, &config, options.dictionary.as_deref())?;
        let weights = Weights::open(folder, &device)?;
        let model = architecture.load(&config, &weights)?;
        if let (true, Some(pool)) = (model.projects(), options.pool) {
            let problem = format!("`{pool}` given, and clip has features of its own; leave it out");
            return Err(EmbedError::Argument { argument: "--pool", problem });
        }
        let max_length = max_length(&config, model.as_ref(), &sentence, options.max_length)?;
        tokenizer.cut(max_length)?;
        let pooling = match options.pool {
            Some(pool) => Pooling { pool, normalise: false },
            None => sentence.pooling.unwrap_or(Pooling::PLAIN),
        };
        let way = match (model.projects(), pooling.normalise) {
            (true, _) => "projected features".to_owned(),
            (false, true) => format!("{} scaled to length 1", pooling.pool),
            (false, false) => pooling.pool.to_string(),
        };
        let description =
            format!("{}, {}, {way}, cut at {max_length} tokens", config.text("model_type", "")?, model.width());
        Ok(Self { tokenizer, model, pooling, max_length, description })
    }

    /// Numbers per text.
    pub fn width(&self) -> usize {
        self.model.width()
    }

    /// Number of tokens at which texts are cut.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Architecture, width, pooling and length in one line.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// SHA-256 of the dictionary by which the tokenizer splits words, if it has one.
    pub fn dictionary(&self) -> Option<&str> {
        self.tokenizer.dictionary()
    }

    /// Token ids of each text, special ones included, cut at [`TextEncoder::max_length`].
    ///
    /// # Errors
    /// The tokenizer refuses a text, returns no token, or returns an id for which the model has no row.
    pub fn token_ids(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>, EmbedError> {
        Ok(self.tokens(texts)?.into_iter().map(|tokens| tokens.ids).collect())
    }

    /// One row per text, in the order of the texts. Up to `batch` texts of similar length are encoded together; up to
    /// rounding, a row does not depend on the other texts. `done` receives the number of texts that have just been
    /// finished.
    ///
    /// # Errors
    /// The errors of [`TextEncoder::token_ids`], and numbers that are not finite.
    pub fn encode(&self, texts: &[&str], batch: usize, done: &mut dyn FnMut(usize)) -> Result<Embeddings, EmbedError> {
        let tokens = self.tokens(texts)?;
        let mut embeddings = Embeddings::zeros(texts.len(), self.width());
        for group in groups(&tokens, batch) {
            let texts: Vec<&Tokens> = group.iter().map(|i| &tokens[*i]).collect();
            for (i, row) in group.iter().zip(self.rows(&texts)?) {
                embeddings.set(*i, &row)?;
            }
            done(group.len());
        }
        Ok(embeddings)
    }

    /// Hidden states `[tokens, width]` of one text: after the embeddings and after each layer; the last state of T5 is
    /// the one after the final norm. They help to find the first difference of two implementations.
    ///
    /// # Errors
    /// The errors of [`TextEncoder::encode`].
    pub fn hidden_states(&self, text: &str) -> Result<Vec<Embeddings>, EmbedError> {
        let tokens = self.tokens(&[text])?;
        let batch = Batch::of(&tokens.iter().collect::<Vec<_>>(), self.model.padding());
        let mut states = Vec::new();
        self.model.forward(&batch, Some(&mut states))?;
        states.iter().map(Embeddings::of).collect()
    }

    fn tokens(&self, texts: &[&str]) -> Result<Vec<Tokens>, EmbedError> {
        self.tokenizer.tokens(texts, self.model.vocabulary())
    }

    fn rows(&self, texts: &[&Tokens]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let batch = Batch::of(texts, self.model.padding());
        let width = self.width();
        Ok(match self.model.forward(&batch, None)? {
            Output::Features(features) => features.to_vec2()?,
            Output::Hidden(hidden) => {
                let values: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
                let items = values.chunks_exact(batch.length * width).zip(texts);
                items.map(|(rows, tokens)| self.pooling.of(rows, width, tokens.ids.len())).collect()
            }
        })
    }
}

/// Positions of texts that are encoded together: sorted by length, then by position, so that there is little padding
/// and the same texts always form the same batches.
fn groups(tokens: &[Tokens], batch: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..tokens.len()).collect();
    order.sort_by_key(|i| (tokens[*i].ids.len(), *i));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in order {
        // The next text is the longest so far, so the whole group is padded to its length.
        match groups.last_mut() {
            Some(group) if group.len() < batch && (group.len() + 1) * tokens[i].ids.len() <= TOKENS => group.push(i),
            _ => groups.push(vec![i]),
        }
    }
    groups
}

fn max_length(
    config: &Config,
    model: &dyn TextModel,
    sentence: &Sentence,
    asked: Option<usize>,
) -> Result<usize, EmbedError> {
    if let (Some(asked), Some(limit)) = (asked, model.limit())
        && asked > limit
    {
        let problem = format!("{asked} given, and the model's table of positions has room for {limit}");
        return Err(EmbedError::Argument { argument: "--max-length", problem });
    }
    if model.limit() == Some(0) {
        return Err(config.error("max_position_embeddings", "leaves no room for a single token"));
    }
    let own = match asked.or(sentence.max_length) {
        Some(length) => Some(length),
        None => TextTokenizer::limit(&sentence.folder)?,
    };
    let length = own.or(model.limit()).unwrap_or(512);
    Ok(model.limit().map_or(length, |limit| length.min(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_short_and_of_similar_length() {
        let tokens: Vec<Tokens> =
            [5, 1, 3, 1, 5000, 5000].map(|length| Tokens { ids: vec![0; length], segments: vec![0; length] }).to_vec();
        assert_eq!(groups(&tokens, 2), [vec![1, 3], vec![2, 0], vec![4], vec![5]]);
        assert!(groups(&[], 2).is_empty());
    }
}
