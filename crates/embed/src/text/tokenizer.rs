//! Tokenizers: from a text to token ids, by `tokenizer.json` or `vocab.txt`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tokenizers::{
    AddedToken, Encoding, PostProcessor as _, Tokenizer, TruncationParams, models::wordpiece::WordPiece,
    normalizers::BertNormalizer, pre_tokenizers::bert::BertPreTokenizer, processors::bert::BertProcessing,
};

use super::{
    batch::Tokens,
    japanese::{Japanese, Settings},
};
use crate::{EmbedError, folder::config::Config};

const JSON: &str = "tokenizer.json";
const VOCABULARY: &str = "vocab.txt";
const SETTINGS: &str = "tokenizer_config.json";

/// A `model_max_length` of at least this number means that the tokenizer does not cut.
const NO_LIMIT: u64 = 1 << 20;

/// A tokenizer that cuts at a given length and does not pad.
pub(super) struct TextTokenizer {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Library(Box<Tokenizer>),
    Japanese(Box<Japanese>),
}

impl TextTokenizer {
    /// Reads `tokenizer.json` or, for BERT and DistilBERT, builds WordPiece from `vocab.txt`. Japanese tokenizers read a
    /// dictionary, too.
    pub fn open(folder: &Path, config: &Config, dictionary: Option<&Path>) -> Result<Self, EmbedError> {
        let json = folder.join(JSON);
        if json.exists() {
            refuse_dictionary(dictionary)?;
            let tokenizer = Tokenizer::from_file(&json).map_err(|e| EmbedError::format(&json, JSON, e))?;
            return Ok(Self { path: json, kind: Kind::Library(Box::new(tokenizer)) });
        }
        let settings = Config::read(&folder.join(SETTINGS))?;
        let vocabulary = folder.join(VOCABULARY);
        if vocabulary.exists() && ["bert", "distilbert"].contains(&config.text("model_type", "")?) {
            let kind = match Settings::of(settings.as_ref(), Some(config))? {
                Some(japanese) => Kind::Japanese(Box::new(Japanese::open(folder, &vocabulary, japanese, dictionary)?)),
                None => {
                    refuse_dictionary(dictionary)?;
                    Kind::Library(Box::new(word_piece(&vocabulary, settings.as_ref())?))
                }
            };
            return Ok(Self { path: vocabulary, kind });
        }
        let others = ["vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", VOCABULARY];
        let found: Vec<&str> = others.into_iter().filter(|name| folder.join(name).exists()).collect();
        let advice = match found.is_empty() {
            true => "the folder holds no tokenizer of another kind either; copy it from where the weights come from"
                .to_owned(),
            false => format!(
                "`{}` alone is read only where it is `{VOCABULARY}` of bert or distilbert; let the tokenizers library write `{JSON}`",
                found.join("`, `")
            ),
        };
        Err(EmbedError::Missing { folder: folder.to_owned(), wanted: format!("`{JSON}`"), advice })
    }

    /// Checksum of the dictionary of words, if there is one.
    pub fn dictionary(&self) -> Option<&str> {
        match &self.kind {
            Kind::Japanese(japanese) => Some(japanese.checksum()),
            Kind::Library(_) => None,
        }
    }

    /// Number of tokens at which the folder cuts, if it does.
    pub fn limit(folder: &Path) -> Result<Option<usize>, EmbedError> {
        let Some(settings) = Config::read(&folder.join(SETTINGS))? else { return Ok(None) };
        // "No limit" is written as a number of thirty digits, which does not fit into an integer.
        match settings.get("model_max_length").and_then(serde_json::Value::as_u64) {
            Some(limit @ 1..NO_LIMIT) => Ok(Some(limit as usize)),
            _ => Ok(None),
        }
    }

    /// Sets the number of tokens at which texts are cut, special ones included. The file's own settings of cutting and
    /// padding are for another use and are ignored.
    pub fn cut(&mut self, length: usize) -> Result<(), EmbedError> {
        let added = match &self.kind {
            Kind::Japanese(_) => 2,
            Kind::Library(tokenizer) => {
                tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false))
            }
        };
        if length <= added {
            // the library would subtract without looking
            let problem = format!(
                "cannot cut at {length} tokens: {added} of them are special ones; expected at least {}",
                added + 1
            );
            return Err(EmbedError::Tokenizer { path: self.path.clone(), problem });
        }
        let tokenizer = match &mut self.kind {
            Kind::Japanese(japanese) => {
                japanese.cut(length);
                return Ok(());
            }
            Kind::Library(tokenizer) => tokenizer,
        };
        let truncation = TruncationParams { max_length: length, ..TruncationParams::default() };
        tokenizer.with_padding(None);
        tokenizer.with_truncation(Some(truncation)).map_err(|error| EmbedError::Tokenizer {
            path: self.path.clone(),
            problem: format!("cannot cut at {length} tokens: {error}"),
        })?;
        Ok(())
    }

    /// Ids below `vocabulary`, at least one per text.
    pub fn tokens(&self, texts: &[&str], vocabulary: usize) -> Result<Vec<Tokens>, EmbedError> {
        let wrong = |problem: String| EmbedError::Tokenizer { path: self.path.clone(), problem };
        let all: Vec<Tokens> = match &self.kind {
            Kind::Japanese(japanese) => {
                let ids = japanese.ids(texts)?.into_iter();
                ids.map(|ids| Tokens { segments: vec![0; ids.len()], ids }).collect()
            }
            Kind::Library(tokenizer) => {
                let encodings = tokenizer.encode_batch(texts.to_vec(), true).map_err(|error| {
                    let problem = format!("cannot be cut into tokens: {error}");
                    // The library does not say which text it is.
                    match texts.iter().position(|text| tokenizer.encode(*text, true).is_err()) {
                        Some(item) => EmbedError::OfItem { item, problem },
                        None => wrong(format!("a text {problem}")),
                    }
                })?;
                let of = |encoding: &Encoding| Tokens {
                    ids: encoding.get_ids().to_vec(),
                    segments: encoding.get_type_ids().to_vec(),
                };
                encodings.iter().map(of).collect()
            }
        };
        for (i, tokens) in all.iter().enumerate() {
            if tokens.ids.is_empty() {
                let problem = format!("has no tokens, and {} adds none; leave it out", self.path.display());
                return Err(EmbedError::OfItem { item: i, problem });
            }
            if let Some(id) = tokens.ids.iter().find(|id| **id as usize >= vocabulary) {
                return Err(wrong(format!(
                    "token id {id} is beyond the {vocabulary} of config.json; tokenizer and weights are of two models"
                )));
            }
        }
        Ok(all)
    }
}

/// Refuses a dictionary that would not be used.
fn refuse_dictionary(dictionary: Option<&Path>) -> Result<(), EmbedError> {
    let Some(path) = dictionary else { return Ok(()) };
    let problem = format!("{} given, and this encoder's tokenizer has no use for it; leave it out", path.display());
    Err(EmbedError::Argument { argument: "--dictionary", problem })
}

/// BERT's own tokenizer, from its vocabulary alone.
fn word_piece(path: &Path, settings: Option<&Config>) -> Result<Tokenizer, EmbedError> {
    let bytes = fs::read(path).map_err(|error| EmbedError::read(path, error))?;
    let flag = |key, default| settings.map_or(Ok(default), |settings| settings.flag(key, default));
    let lower = flag("do_lower_case", true)?;
    let chinese = flag("tokenize_chinese_chars", true)?;
    let accents = match settings {
        Some(settings) if settings.has("strip_accents") => Some(settings.flag("strip_accents", lower)?),
        _ => None,
    };
    let format = |error: tokenizers::Error| EmbedError::format(path, VOCABULARY, error);
    let vocabulary = WordPiece::read_bytes(&bytes).map_err(format)?;
    let id = |token: &str| {
        vocabulary.get(token).copied().ok_or_else(|| {
            EmbedError::format(path, VOCABULARY, format!("`{token}` is missing; expected one token per line"))
        })
    };
    let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    for token in specials {
        id(token)?;
    }
    let ends = BertProcessing::new(("[SEP]".into(), id("[SEP]")?), ("[CLS]".into(), id("[CLS]")?));
    let model = WordPiece::builder().vocab(vocabulary).unk_token("[UNK]".into()).build().map_err(format)?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(BertNormalizer::new(true, chinese, accents, lower))).map_err(format)?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_post_processor(Some(ends));
    tokenizer.add_special_tokens(specials.map(|token| AddedToken::from(token, true))).map_err(format)?;
    Ok(tokenizer)
}
