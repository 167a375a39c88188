//! Reading of all YAML files: manifests, grids and others.
//!
//! The parser does not keep the positions of values. Therefore the text is read twice: events give every key path its line and
//! column (and reveal duplicate keys); values go through [`serde_path_to_error`], and the failing path is looked up. Errors
//! name the position of the wrong key and the most similar valid key:
//!
//! ```
//! #[derive(Debug, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Fit {
//!     sweeps: usize,
//! }
//!
//! let error = data::yaml::parse::<Fit>("fit.yaml".as_ref(), "sweps: 3\n", |_| ()).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "fit.yaml:1:1: sweps: unknown key `sweps`; did you mean `sweeps`? the only key here is `sweeps`"
//! );
//! ```

mod index;
mod message;
mod problem;
mod several;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use self::index::{Index, IndexError, join};
pub use self::problem::YamlProblem;
use crate::{DataError, Place, nearest, read};

/// A value from a YAML file, with the positions of its parts.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    path: PathBuf,
    index: Index,
}

impl<T> Located<T> {
    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Line and column, from 1, of a key path such as `methods[2].gcpa.tau`, or of its nearest ancestor in the file.
    pub fn location(&self, key_path: &str) -> Option<(usize, usize)> {
        self.index.near(key_path)
    }

    /// A key path with its position, for messages.
    pub fn place(&self, key_path: &str) -> Place {
        place(&self.path, &self.index, key_path)
    }

    /// An error at a key path: what was found, what was expected, what to do.
    pub fn error(&self, key_path: &str, message: impl Into<String>) -> DataError {
        self.problem(key_path, message::understand(&message.into()))
    }

    /// An error at a key path, of a kind that every YAML file can have.
    pub fn problem(&self, key_path: &str, problem: YamlProblem) -> DataError {
        DataError::Yaml { at: Box::new(self.place(key_path)), problem: Box::new(problem) }
    }

    /// An error for an unknown name at a key path, with the most similar known name.
    pub fn unknown(
        &self,
        key_path: &str,
        kind: &'static str,
        name: &str,
        known: impl IntoIterator<Item = impl Into<String>>,
    ) -> DataError {
        let mut seen = HashSet::new();
        let known: Vec<String> =
            known.into_iter().map(Into::into).filter(|name: &String| seen.insert(name.clone())).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        self.problem(key_path, YamlProblem::Unknown { kind, name: name.to_owned(), nearest, known })
    }

    /// The value, and the positions of its parts.
    pub fn into_parts(self) -> (T, Located<()>) {
        (self.value, Located { value: (), path: self.path, index: self.index })
    }
}

/// Reads a file.
///
/// # Errors
/// The errors of [`parse`], and a file that does not exist or cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Located<T>, DataError> {
    read_with(path, |_| ())
}

/// Reads a file; `normalise` may rewrite its value before it is deserialised.
///
/// # Errors
/// The errors of [`parse`], and a file that does not exist or cannot be read.
pub fn read_with<T: DeserializeOwned>(
    path: &Path,
    normalise: impl FnOnce(&mut Value),
) -> Result<Located<T>, DataError> {
    let bytes = read::bytes(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|e| {
        let before = &bytes[..e.valid_up_to()];
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let col = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        let detail = "a byte that is not UTF-8; save the file as UTF-8".to_owned();
        syntax(path, Some((line, col)), detail)
    })?;
    parse(path, text, normalise)
}

/// Parses a text; `path` is only used in messages. `normalise` may rewrite the value before it is deserialised, for
/// example a bare name `gpa` to `{gpa: {}}`.
///
/// # Errors
/// Invalid syntax, duplicate keys, keys that are not strings, tags, numbers that are not finite, and all errors of the
/// type: unknown or missing keys, unknown names, wrong types.
pub fn parse<T: DeserializeOwned>(
    path: &Path,
    text: &str,
    normalise: impl FnOnce(&mut Value),
) -> Result<Located<T>, DataError> {
    // Some editors put a mark before UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let index = Index::of(text);
    // Before any value is built: a few lines may stand for more than memory holds.
    if let Err(IndexError::Aliases { at, limit }) = index {
        let detail = format!("its aliases (`*name`) stand for more than {limit} characters; write out what they name");
        return Err(syntax(path, Some(at), detail));
    }
    // First, because the value parser reports duplicates without their position.
    if let Err(IndexError::Duplicate { at, key, first: (line, col) }) = index {
        let at = Place { file: path.to_owned(), line_col: Some(at), key };
        let problem = YamlProblem::DuplicateKey { line, col };
        return Err(DataError::Yaml { at: Box::new(at), problem: Box::new(problem) });
    }
    let value: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| {
        let at = error.location().map(|at| (at.line(), at.column()));
        syntax(path, at, message::without_position(&error.to_string(), at))
    })?;
    let index = match index {
        Ok(index) => index,
        Err(IndexError::Syntax { at, detail } | IndexError::Duplicate { at, key: detail, .. }) => {
            return Err(syntax(path, Some(at), detail));
        }
        Err(IndexError::Aliases { at, .. }) => return Err(syntax(path, Some(at), "too many aliases".to_owned())),
    };
    let fail = |key: &str, problem: YamlProblem| DataError::Yaml {
        at: Box::new(place(path, &index, key)),
        problem: Box::new(problem),
    };

    if value.is_null() {
        return Err(fail("", YamlProblem::Empty));
    }
    let mut value = to_json(value, String::new()).map_err(|(key, problem)| fail(&key, problem))?;
    normalise(&mut value);
    match several::read(value, &index) {
        Ok(value) => Ok(Located { value, path: path.to_owned(), index }),
        Err(problems) => Err(DataError::several(problems.into_iter().map(|(key, problem)| fail(&key, problem)))),
    }
}

fn syntax(path: &Path, line_col: Option<(usize, usize)>, detail: String) -> DataError {
    let at = Place { file: path.to_owned(), line_col, key: String::new() };
    DataError::Yaml { at: Box::new(at), problem: Box::new(YamlProblem::Syntax { detail }) }
}

fn place(path: &Path, index: &Index, key: &str) -> Place {
    Place { file: path.to_owned(), line_col: index.near(key), key: key.to_owned() }
}

/// The value as JSON, which suffices for all files of the project; on failure the key path.
fn to_json(value: serde_yaml::Value, path: String) -> Result<Value, (String, YamlProblem)> {
    use serde_yaml::Value as Yaml;
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(b) => Value::Bool(b),
        Yaml::String(s) => Value::String(s),
        Yaml::Number(n) => match (n.as_u64(), n.as_i64(), n.as_f64()) {
            (Some(n), ..) => n.into(),
            (_, Some(n), _) => n.into(),
            (.., n) => {
                let value = n.unwrap_or(f64::NAN);
                Value::Number(
                    serde_json::Number::from_f64(value).ok_or((path, YamlProblem::NumberNotFinite { value }))?,
                )
            }
        },
        Yaml::Sequence(items) => {
            let item = |(i, item)| to_json(item, format!("{path}[{i}]"));
            Value::Array(items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(map) => {
            let entry = |(key, value)| match key {
                Yaml::String(key) => {
                    let value = to_json(value, join(&path, &key))?;
                    Ok((key, value))
                }
                other => {
                    let key = match other {
                        Yaml::Null => "`null`".to_owned(),
                        Yaml::Bool(b) => format!("`{b}`"),
                        Yaml::Number(n) => format!("`{n}`"),
                        _ => "with parts of its own".to_owned(),
                    };
                    let at = join(&path, key.trim_matches('`'));
                    Err((at, YamlProblem::KeyNotString { key }))
                }
            };
            Value::Object(map.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
        Yaml::Tagged(tagged) => return Err((path, YamlProblem::Tag { tag: tagged.tag.to_string() })),
    })
}
