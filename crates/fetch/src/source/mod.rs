//! Source files: the raw material of a data set, its origin, and the embeddings that are made from it.

mod items_check;
mod reading;
mod texts;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use data::{SplitName, items, texts::Recipe};
use serde::Deserialize;
use url::Url;

pub use crate::hub::repository::{Hub, Kind};

/// The raw material of a data set. Embeddings are made from it; a manifest describes the embeddings.
#[derive(Clone, Debug)]
pub struct Source {
    /// Name of the source and of its folder in the cache.
    pub name: String,
    /// Description in a few words.
    pub title: String,
    /// Licence of the files.
    pub licence: String,
    /// Address of the licence, or of the makers' terms of use.
    pub licence_url: String,
    /// Permission to pass the files on.
    pub redistribution: Redistribution,
    /// Facts to know before use.
    pub terms: String,
    /// Split of the items into train and test.
    pub splits: Splits,
    /// Files to download.
    pub origins: Vec<Origin>,
    /// Files that a person has to download.
    pub manual: Vec<Manual>,
    /// Views that the paper makes from the files.
    pub views: Vec<View>,
    /// Recipe for reading the texts of the views from the files, if there is one.
    pub texts: Option<Recipe>,
    /// Recipe for items that are pictures, sounds or captions, if there is one.
    pub items: Option<items::Recipe>,
}

/// Permission to pass files on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Redistribution {
    /// Allowed under the licence.
    Allowed,
    /// Forbidden.
    Forbidden,
    /// Not stated, and therefore not used.
    Unclear,
}

/// Split of the items.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "splits (rule, seed, rows)")]
pub struct Splits {
    /// The rule as text.
    pub rule: String,
    /// The seed of a random rule.
    pub seed: Option<u64>,
    /// Number of rows of each split, if known.
    #[serde(default)]
    pub rows: BTreeMap<SplitName, usize>,
}

/// Origin of files.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A repository on the hub.
    Hub {
        /// The repository.
        hub: Hub,
        /// Its files.
        files: Vec<HubFile>,
    },
    /// Any other server.
    Web {
        /// The address.
        url: Url,
        /// Path below the source's folder.
        file: String,
        /// SHA-256 of the file; `None` if the first download records it.
        sha256: Option<String>,
    },
}

/// A file of a repository; it has the same path in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file (path, sha256)")]
pub struct HubFile {
    /// Path in the repository. One `*` in its last part matches the files of the repository.
    pub path: String,
    /// SHA-256 of the file; `None` if the first download records it.
    pub sha256: Option<String>,
}

/// Files that a person has to download, and their checks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a manual part (what, from, steps, put, folders, files)")]
pub struct Manual {
    /// Description of the files.
    pub what: String,
    /// Addresses of the files.
    pub from: Vec<String>,
    /// Steps of the download, in order.
    pub steps: Vec<String>,
    /// Target folder below the source's folder.
    pub put: String,
    /// Folders of pictures that must exist afterwards.
    #[serde(default)]
    pub folders: Vec<Pictures>,
    /// Files that must exist afterwards.
    #[serde(default)]
    pub files: Vec<HubFile>,
}

/// A folder of JPEG pictures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a folder of pictures (path, pictures)")]
pub struct Pictures {
    /// Path of the folder below the target folder.
    pub path: String,
    /// Number of pictures.
    pub pictures: usize,
}

/// One encoder's view of the material.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a view (name, of, modality, encoder, revision, pooling, dictionary, corrupt)"
)]
pub struct View {
    /// Name of the view in grids.
    pub name: String,
    /// Part of the material that the view sees: a locale, a column, a camera.
    pub of: String,
    /// Input of the encoder.
    pub modality: Modality,
    /// The encoder's id on the hub.
    pub encoder: String,
    /// Commit of the encoder; `None` if none is known.
    pub revision: Option<String>,
    /// Pooling of an item's states to one vector.
    pub pooling: Pooling,
    /// Dictionary by which the encoder's tokenizer splits words: one of the files that are downloaded.
    pub dictionary: Option<String>,
    /// Corruption of the pictures before the encoder.
    pub corrupt: Option<Corrupt>,
}

/// Input of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Text.
    Text,
    /// Pictures.
    Image,
    /// Speech.
    Audio,
}

/// Pooling of an item's states to one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The mean of the last states: over the attention mask for text, over time for speech.
    Mean,
    /// The first token's last state.
    Cls,
    /// The encoder's own pooled output.
    Pooler,
    /// The features projected into a space shared with another modality.
    Projected,
}

/// Replacement of some pictures by their edges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a corruption (edges, fraction, splits)")]
pub struct Corrupt {
    /// Edge filter.
    pub edges: Edges,
    /// Share of the pictures.
    pub fraction: f64,
    /// Splits with corrupted pictures.
    pub splits: Vec<SplitName>,
}

/// Edge filter of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Edges {
    /// Canny's.
    Canny,
    /// Scharr's gradient.
    Scharr,
    /// Difference of two Gaussians.
    Dog,
}

impl Edges {
    /// The name in source files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Canny => "canny",
            Self::Scharr => "scharr",
            Self::Dog => "dog",
        }
    }
}

/// The folder of source files that belongs to a folder of manifests.
pub fn sources_dir(manifests: &Path) -> PathBuf {
    manifests.join("sources")
}
