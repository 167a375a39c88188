//! `jobs.json`: what is to be embedded by which encoder, and what becomes of it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Gathered, TextProblem, problem};
use crate::{DataError, SplitName, read, write};

/// Its name in a folder of texts.
pub const FILE: &str = "jobs.json";
/// The field of a line that holds the text.
const TEXT: &str = "text";
/// The column of the items' ids.
pub const ID: &str = "id";

/// The contents of `jobs.json`. Paths are relative to its folder, but for the encoders'.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jobs {
    /// Name of the data set.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// Its licence.
    pub licence: String,
    /// Where texts and encoders come from.
    pub source: String,
    /// The splits.
    pub splits: BTreeMap<SplitName, Split>,
    /// Labellings, columns of the splits' items.
    pub labels: Vec<String>,
    /// Groupings, likewise.
    pub groups: Vec<String>,
    /// The views, in the order of the data set.
    pub views: Vec<View>,
}

/// The items of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// How many there are.
    pub rows: usize,
    /// Table of their ids, labels and groups.
    pub items: String,
}

/// What one encoder has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The view.
    pub name: String,
    /// Which part of the material it sees.
    pub of: String,
    /// The encoder's id on the hub.
    pub encoder: String,
    /// The commit that was fetched, where that is known.
    pub revision: Option<String>,
    /// The encoder's folder.
    pub model: PathBuf,
    /// `mean` or `cls`; `None` leaves it to the encoder's folder.
    pub pool: Option<String>,
    /// Tokens after which texts are cut.
    pub max_length: Option<usize>,
    /// Where the embeddings go: a safetensors file with a tensor for each split, named as the split.
    pub out: String,
    /// The texts of each split, as `file#field`.
    pub inputs: BTreeMap<SplitName, String>,
}

impl Jobs {
    /// Reads the file of a folder.
    ///
    /// # Errors
    /// It is not there, cannot be read or does not say what it must.
    pub fn read(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join(FILE);
        serde_json::from_slice(&read::bytes(&path)?)
            .map_err(|error| problem(&path, "", TextProblem::Jobs { detail: error.to_string() }))
    }
}

impl View {
    /// How its embeddings came about, for a manifest.
    pub fn encoding(&self) -> String {
        let at = self.revision.as_ref().map(|commit| format!(" at {commit}")).unwrap_or_default();
        let pool = self.pool.as_ref().map(|pool| format!(", {pool} pooled")).unwrap_or_default();
        let cut = self.max_length.map(|tokens| format!(", cut at {tokens} tokens")).unwrap_or_default();
        format!("{}{at}{pool}{cut}", self.encoder)
    }
}

/// The name of a part's file of texts.
pub fn input(part: &str, split: SplitName) -> String {
    format!("{part}.{}.jsonl#{TEXT}", split.name())
}

/// The name of a split's table of items.
fn items(split: SplitName) -> String {
    format!("{}.items.parquet", split.name())
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    text: &'a str,
}

/// Writes texts, items and, last of all, `jobs.json` into a folder; the same items give the same bytes. `jobs` comes without `splits`, which follow from the
/// items. Returns the path of `jobs.json`.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, gathered: &Gathered, mut jobs: Jobs) -> Result<PathBuf, DataError> {
    for (&split, of_split) in &gathered.splits {
        for (part, texts) in gathered.parts.iter().zip(&of_split.texts) {
            let name = input(part, split);
            let file = folder.join(name.split_once('#').map_or(name.as_str(), |(file, _)| file));
            let lines = of_split.ids.iter().zip(texts).map(|(id, text)| Line { id, text });
            write::lines(&file, lines)?;
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
