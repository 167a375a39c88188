//! Source files: what a data set is made from, where it is downloaded, and what becomes of it.

mod reading;
mod texts;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use data::{SplitName, texts::Recipe};
use serde::Deserialize;
use url::Url;

pub use crate::hub::repository::{Hub, Kind};

/// The raw material of a data set. Embeddings are made from it; a manifest describes those.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, which is also that of its folder in the cache.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// The licence of what is downloaded.
    pub licence: String,
    /// Where that licence, or what its makers say on use, can be read.
    pub licence_url: String,
    /// Whether the files may be passed on.
    pub redistribution: Redistribution,
    /// What has to be known before it is used.
    pub terms: String,
    /// How its items become train and test.
    pub splits: Splits,
    /// What is downloaded.
    pub origins: Vec<Origin>,
    /// What a person has to download.
    pub manual: Vec<Manual>,
    /// The views that the paper makes of it.
    pub views: Vec<View>,
    /// How the texts of its views are read from its files, where that is written down.
    pub texts: Option<Recipe>,
}

/// Whether files may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Redistribution {
    /// They may, under the licence.
    Allowed,
    /// They may not.
    Forbidden,
    /// Nothing is said; then they are not.
    Unclear,
}

/// How items become splits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "splits (rule, seed, rows)")]
pub struct Splits {
    /// The rule, in words.
    pub rule: String,
    /// The seed of a rule that draws.
    pub seed: Option<u64>,
    /// Rows of each split, where they are known.
    #[serde(default)]
    pub rows: BTreeMap<SplitName, usize>,
}

/// Files from one place.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Of a repository on the hub.
    Hub {
        /// The repository.
        hub: Hub,
        /// Its files.
        files: Vec<HubFile>,
    },
    /// Of any other server.
    Web {
        /// The address.
        url: Url,
        /// Where it is kept, below the source's folder.
        file: String,
        /// Its SHA-256; `None` means it is recorded at the first fetch.
        sha256: Option<String>,
    },
}

/// A file of a repository, kept under the same path in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file (path, sha256)")]
pub struct HubFile {
    /// Its path in the repository. One `*` in its last part stands for what the repository has.
    pub path: String,
    /// Its SHA-256; `None` means it is recorded at the first fetch.
    pub sha256: Option<String>,
}

/// What a person has to download, and how it is checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a manual part (what, from, steps, put, folders, files)")]
pub struct Manual {
    /// What it is.
    pub what: String,
    /// Where it can be had.
    pub from: Vec<String>,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// Where to put it, below the source's folder.
    pub put: String,
    /// Folders of pictures that must then be there.
    #[serde(default)]
    pub folders: Vec<Pictures>,
    /// Files that must then be there.
    #[serde(default)]
    pub files: Vec<HubFile>,
}

/// A folder of JPEG pictures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a folder of pictures (path, pictures)")]
pub struct Pictures {
    /// The folder, below where it was put.
    pub path: String,
    /// How many pictures it has.
    pub pictures: usize,
}

/// One encoder's view of the material.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a view (name, of, modality, encoder, revision, pooling, corrupt)")]
pub struct View {
    /// Its name, by which grids refer to it.
    pub name: String,
    /// Which part of the material it sees: a locale, a column, a camera.
    pub of: String,
    /// What the encoder reads.
    pub modality: Modality,
    /// The encoder's id on the hub.
    pub encoder: String,
    /// Its commit; `None` means that none is known.
    pub revision: Option<String>,
    /// How an item's states become one vector.
    pub pooling: Pooling,
    /// What is done to pictures before.
    pub corrupt: Option<Corrupt>,
}

/// What an encoder reads.
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

/// How an item's states become one vector.
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

/// Pictures of which some are replaced by their edges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a corruption (edges, fraction, splits)")]
pub struct Corrupt {
    /// Which edges.
    pub edges: Edges,
    /// The fraction of pictures.
    pub fraction: f64,
    /// In these splits.
    pub splits: Vec<SplitName>,
}

/// A map of edges.
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

/// The folder of source files that goes with a folder of manifests.
pub fn sources_dir(manifests: &Path) -> PathBuf {
    manifests.join("sources")
}
