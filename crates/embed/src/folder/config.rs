//! `config.json` and its neighbours: typed keys, with an error that names file and key.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::EmbedError;

/// Largest size that is accepted. No dimension, count or limit of an encoder comes near it; larger values mean a
/// damaged file.
const LARGEST: u64 = 1 << 24;

/// A JSON object of a model's folder, or an object inside it.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    path: PathBuf,
    /// `text_config.` for the object below that key.
    prefix: String,
    map: Map<String, Value>,
}

impl Config {
    /// Reads a file; `None` if it does not exist.
    pub fn read(path: &Path) -> Result<Option<Self>, EmbedError> {
        let Some(value) = json(path)? else { return Ok(None) };
        let Value::Object(map) = value else {
            return Err(EmbedError::format(path, "JSON", format!("found {}, expected an object", kind(&value))));
        };
        Ok(Some(Self { path: path.to_owned(), prefix: String::new(), map }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The object below a key; `None` if there is none.
    pub fn sub(&self, key: &str) -> Result<Option<Self>, EmbedError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(map)) => {
                Ok(Some(Self { path: self.path.clone(), prefix: format!("{}{key}.", self.prefix), map: map.clone() }))
            }
            Some(other) => Err(self.wrong(key, other, "an object")),
        }
    }

    /// The variant of an enum, tagged by a key, that this object selects; `None` if there is no such variant.
    pub fn tagged<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(Value::Object(self.map.clone())).ok()
    }

    /// A key's value; null counts as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.map.keys().map(String::as_str)
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A count or size, at least 1.
    pub fn size(&self, key: &str, default: usize) -> Result<usize, EmbedError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => match value.as_u64() {
                Some(n @ 1..=LARGEST) => Ok(n as usize),
                _ => Err(self.wrong(key, value, "a whole number from 1 to 16777216")),
            },
        }
    }

    /// An id or index, at least 0.
    pub fn index(&self, key: &str, default: u32) -> Result<u32, EmbedError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => match value.as_u64() {
                Some(n @ 0..=LARGEST) => Ok(n as u32),
                _ => Err(self.wrong(key, value, "a whole number from 0 to 16777216")),
            },
        }
    }

    /// Sizes, one per stage.
    pub fn sizes(&self, key: &str, default: &[usize]) -> Result<Vec<usize>, EmbedError> {
        let Some(value) = self.get(key) else { return Ok(default.to_vec()) };
        let sizes = value.as_array().map(|list| list.iter().map(|v| v.as_u64().filter(|n| (1..=LARGEST).contains(n))));
        let sizes: Option<Vec<u64>> = sizes.and_then(|sizes| sizes.collect());
        match sizes {
            Some(sizes) if (1..=64).contains(&sizes.len()) => Ok(sizes.into_iter().map(|n| n as usize).collect()),
            _ => Err(self.wrong(key, value, "a list of 1 to 64 whole numbers from 1 to 16777216")),
        }
    }

    /// A number that is finite.
    pub fn number(&self, key: &str, default: f64) -> Result<f64, EmbedError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_f64().filter(|n| n.is_finite()).ok_or_else(|| self.wrong(key, value, "a number")),
        }
    }

    /// Three numbers, one per colour.
    pub fn colours(&self, key: &str, default: [f64; 3]) -> Result<[f64; 3], EmbedError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        let list: Option<Vec<f64>> = value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
        list.and_then(|list| list.try_into().ok()).ok_or_else(|| self.wrong(key, value, "three numbers"))
    }

    pub fn flag(&self, key: &str, default: bool) -> Result<bool, EmbedError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(key, value, "true or false")),
        }
    }

    pub fn text<'a>(&'a self, key: &str, default: &'a str) -> Result<&'a str, EmbedError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_str().ok_or_else(|| self.wrong(key, value, "a string")),
        }
    }

    /// `heads` of a model `width` wide; the one must divide the other.
    pub fn heads(&self, key: &str, default: usize, width: usize) -> Result<usize, EmbedError> {
        self.divisor(key, default, width, "heads")
    }

    /// A number of `parts` into which a width is cut.
    pub fn divisor(&self, key: &str, default: usize, width: usize, parts: &str) -> Result<usize, EmbedError> {
        let count = self.size(key, default)?;
        if !width.is_multiple_of(count) {
            return Err(self.error(key, format!("{count} {parts} do not divide a width of {width}")));
        }
        Ok(count)
    }

    pub fn error(&self, key: &str, problem: impl Into<String>) -> EmbedError {
        EmbedError::Config { path: self.path.clone(), key: format!("{}{key}", self.prefix), problem: problem.into() }
    }

    fn wrong(&self, key: &str, found: &Value, wanted: &str) -> EmbedError {
        let found = match found {
            Value::Array(_) => cut(&found.to_string()),
            other => shown(other),
        };
        self.error(key, format!("found {found}, expected {wanted}"))
    }
}

/// Reads any JSON file; `None` if it does not exist.
pub(crate) fn json(path: &Path) -> Result<Option<Value>, EmbedError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(EmbedError::read(path, error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| EmbedError::format(path, "JSON", error))
}

/// A value for messages, shortened.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        Value::String(text) => format!("`{}`", cut(text)),
        other => other.to_string(),
    }
}

/// The first 40 characters of a text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A value's type, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
