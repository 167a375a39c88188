//! `tokenizer_config.json` of a Japanese tokenizer.

use std::path::Path;

use serde_json::Value;

use super::special::SPECIAL;
use crate::{
    EmbedError,
    folder::config::{Config, shown},
};

const CLASS: &str = "BertJapaneseTokenizer";

/// The rule that cuts words into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subwords {
    WordPiece,
    Characters,
}

/// Settings of a Japanese tokenizer. A missing key has the value that the first models of this kind were trained with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(super) lower: bool,
    pub(super) normalise: bool,
    pub(super) subwords: Subwords,
}

impl Settings {
    /// Settings of a folder; `None` if its tokenizer is of another kind. Older folders name the class in `config.json`.
    ///
    /// # Errors
    /// An analyser, a dictionary or an option that is not supported.
    pub fn of(tokenizer: Option<&Config>, model: Option<&Config>) -> Result<Option<Self>, EmbedError> {
        let named = class(tokenizer)? == CLASS || class(model)? == CLASS;
        let Some(config) = tokenizer.or(model) else { return Ok(None) };
        let words = config.text("word_tokenizer_type", if named { "mecab" } else { "basic" })?;
        if !named && words == "basic" {
            return match config.text("tokenizer_class", "")? {
                other if other.contains("Japanese") => {
                    Err(config.error("tokenizer_class", format!("`{other}` is not supported; supported: {CLASS}")))
                }
                _ => Ok(None),
            };
        }
        if words != "mecab" {
            let problem = format!("`{words}` is not supported; supported: mecab; embed these texts elsewhere");
            return Err(config.error("word_tokenizer_type", problem));
        }
        let subwords = match config.text("subword_tokenizer_type", "wordpiece")? {
            "wordpiece" => Subwords::WordPiece,
            "character" => Subwords::Characters,
            other => {
                let problem = format!("`{other}` is not supported; supported: wordpiece, character");
                return Err(config.error("subword_tokenizer_type", problem));
            }
        };
        for key in ["do_word_tokenize", "do_subword_tokenize"] {
            if !config.flag(key, true)? {
                return Err(config.error(key, "false is not supported; expected true"));
            }
        }
        refuse_tokens(config)?;
        let normalise = match config.sub("mecab_kwargs")? {
            Some(options) => mecab(&options)?,
            None => true,
        };
        Ok(Some(Self { lower: config.flag("do_lower_case", false)?, normalise, subwords }))
    }
}

fn class(config: Option<&Config>) -> Result<&str, EmbedError> {
    config.map_or(Ok(""), |config| config.text("tokenizer_class", ""))
}

/// Options of MeCab; returns whether texts are normalised.
fn mecab(options: &Config) -> Result<bool, EmbedError> {
    for key in options.keys() {
        match key {
            "normalize_text" => (),
            "mecab_dic" => {
                // null is a dictionary of the system
                let found = if options.has(key) { options.text(key, "")? } else { "null" };
                if found != "ipadic" {
                    let problem = format!(
                        "dictionary `{found}` is not supported; supported: ipadic; embed these texts elsewhere"
                    );
                    return Err(options.error(key, problem));
                }
            }
            other => {
                let problem = format!(
                    "found {}, which is not supported; expected no such option",
                    options.get(other).map_or("null".into(), shown)
                );
                if options.has(other) && options.get(other) != Some(&Value::String(String::new())) {
                    return Err(options.error(other, problem));
                }
            }
        }
    }
    options.flag("normalize_text", true)
}

/// Refuses special tokens other than those of BERT, because a text may name them.
fn refuse_tokens(config: &Config) -> Result<(), EmbedError> {
    let keys = ["unk_token", "cls_token", "sep_token", "pad_token", "mask_token"];
    for (key, token) in keys.into_iter().zip(SPECIAL) {
        let found = config.get(key).map(|value| value.get("content").unwrap_or(value));
        if let Some(found) = found.filter(|found| **found != token) {
            return Err(config.error(key, format!("found {}, expected `{token}`", shown(found))));
        }
    }
    let none = |value: &Value| match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    for key in ["additional_special_tokens", "extra_special_tokens", "never_split"] {
        if let Some(found) = config.get(key).filter(|found| !none(found)) {
            return Err(config.error(key, format!("found {}, expected no more special tokens", shown(found))));
        }
    }
    let added = config.get("added_tokens_decoder").and_then(Value::as_object);
    for token in added.into_iter().flat_map(|added| added.values()) {
        let plain = ["lstrip", "rstrip", "single_word"].iter().all(|flag| token.get(flag) != Some(&Value::Bool(true)));
        let known = token.get("content").and_then(Value::as_str).is_some_and(|content| SPECIAL.contains(&content));
        if !plain || !known {
            let found = token.get("content").map_or("no content".into(), shown);
            let problem = format!("found {found}, expected plain tokens among {}", SPECIAL.join(", "));
            return Err(config.error("added_tokens_decoder", problem));
        }
    }
    Ok(())
}

/// Refuses special tokens that other files of the folder name.
pub(super) fn refuse_added(folder: &Path) -> Result<(), EmbedError> {
    if let Some(special) = Config::read(&folder.join("special_tokens_map.json"))? {
        refuse_tokens(&special)?;
    }
    let Some(added) = Config::read(&folder.join("added_tokens.json"))? else { return Ok(()) };
    match added.keys().find(|token| !SPECIAL.contains(token)) {
        None => Ok(()),
        Some(token) => Err(added.error(token, format!("expected no tokens besides {}", SPECIAL.join(", ")))),
    }
}
