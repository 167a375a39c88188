//! `jobs.json`: the texts to embed, the encoders, and the embeddings to write.

use std::path::{Path, PathBuf};

use files::jobs as contract;
pub use files::jobs::{FILE, Split};
use serde::Serialize;

use super::{Gathered, TextProblem, problem};
use crate::{DataError, SplitName, read, write};

/// The field of a line that holds the text.
const TEXT: &str = "text";
/// Column of the items' ids.
pub const ID: &str = "id";

/// The contents of `jobs.json`, its splits by name.
pub type Jobs = contract::Jobs<SplitName>;

/// The job of one encoder.
pub type View = contract::View<SplitName>;

/// Reads the file of a folder.
///
/// # Errors
/// The file does not exist, cannot be read, has an error, or names a path that leaves the folder.
pub fn read(folder: &Path) -> Result<Jobs, DataError> {
    let path = folder.join(FILE);
    let wrong = |detail: String| problem(&path, "", TextProblem::Jobs { detail });
    let jobs: Jobs = serde_json::from_slice(&read::bytes(&path)?).map_err(|error| wrong(error.to_string()))?;
    jobs.outside().map_or(Ok(jobs), |detail| Err(wrong(detail)))
}

/// Name of a part's file of texts.
pub fn input(part: &str, split: SplitName) -> String {
    format!("{part}.{}.jsonl#{TEXT}", split.name())
}

/// Name of a split's table of items.
pub(crate) fn items(split: SplitName) -> String {
    format!("{}.items.parquet", split.name())
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    text: &'a str,
}

/// Writes texts, items and finally `jobs.json` into a folder; the same items give the same bytes. `jobs` has no
/// `splits` yet; they follow from the items. Returns the path of `jobs.json`.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, gathered: &Gathered, mut jobs: Jobs) -> Result<PathBuf, DataError> {
    for (&split, of_split) in &gathered.splits {
        for (part, texts) in gathered.parts.iter().zip(&of_split.texts) {
            write_texts(folder, &input(part, split), &of_split.ids, texts)?;
        }
        let names = jobs.labels.iter().chain(&jobs.groups).map(String::as_str);
        let columns: Vec<(&str, &[String])> = std::iter::once((ID, of_split.ids.as_slice()))
            .chain(names.zip(of_split.lists.iter().map(Vec::as_slice)))
            .collect();
        let table = items(split);
        write::texts(&folder.join(&table), &columns)?;
        jobs.splits.insert(split, Split { rows: of_split.ids.len(), items: table });
    }
    let path = folder.join(FILE);
    write::json(&path, &jobs)?;
    Ok(path)
}

/// Writes a file of texts with their ids; `name` is its [`input`].
pub(crate) fn write_texts(folder: &Path, name: &str, ids: &[String], texts: &[String]) -> Result<(), DataError> {
    let file = folder.join(name.split_once('#').map_or(name, |(file, _)| file));
    write::lines(&file, ids.iter().zip(texts).map(|(id, text)| Line { id, text }))
}
