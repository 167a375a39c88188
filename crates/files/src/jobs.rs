//! `jobs.json`: what is to be embedded by which encoder, and what becomes of it. One program writes the file and another
//! reads it, so it is written down here, where both can see it.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Its name in a folder of texts.
pub const FILE: &str = "jobs.json";

/// The contents of `jobs.json`, `S` what a split is called. Paths are relative to its folder, but for the encoders'.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct Jobs<S: Ord = String> {
    /// Name of the data set.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// Its licence.
    pub licence: String,
    /// Where texts and encoders come from.
    pub source: String,
    /// The splits.
    pub splits: BTreeMap<S, Split>,
    /// Labellings, columns of the splits' items.
    pub labels: Vec<String>,
    /// Groupings, likewise.
    pub groups: Vec<String>,
    /// The views, in the order of the data set.
    pub views: Vec<View<S>>,
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
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct View<S: Ord = String> {
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
    pub inputs: BTreeMap<S, String>,
}

impl<S: Ord> View<S> {
    /// How its embeddings came about, for a manifest.
    pub fn encoding(&self) -> String {
        let at = self.revision.as_ref().map(|commit| format!(" at {commit}")).unwrap_or_default();
        let pool = self.pool.as_ref().map(|pool| format!(", {pool} pooled")).unwrap_or_default();
        let cut = self.max_length.map(|tokens| format!(", cut at {tokens} tokens")).unwrap_or_default();
        format!("{}{at}{pool}{cut}", self.encoder)
    }
}
