//! `jobs.json`: the texts, pictures or sounds to embed, the encoders, and the embeddings to write. One program writes the
//! file and another reads it, so both take the format from here.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Name of the file in a folder of texts.
pub const FILE: &str = "jobs.json";

/// The contents of `jobs.json`; `S` is the type of the names of splits. Paths are relative to its folder, except those
/// of encoders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct Jobs<S: Ord = String> {
    /// Name of the data set.
    pub name: String,
    /// Description of the data set in a few words.
    pub title: String,
    /// Licence of the data set.
    pub licence: String,
    /// Origin of texts and encoders.
    pub source: String,
    /// The splits.
    pub splits: BTreeMap<S, Split>,
    /// Labellings: columns in the tables of items.
    pub labels: Vec<String>,
    /// Groupings: columns in the tables of items.
    pub groups: Vec<String>,
    /// The views, in the order of the data set.
    pub views: Vec<View<S>>,
}

impl<S: Ord> Jobs<S> {
    /// The error of the first path that leaves the folder of `jobs.json`; `None` if none does. Programs write to these
    /// paths and believe what they read there, so a list from elsewhere must not name other places.
    pub fn outside(&self) -> Option<String> {
        let of_splits = self.splits.values().map(|split| ("splits: items".to_owned(), split.items.as_str()));
        let of_views = self.views.iter().flat_map(View::paths);
        let (key, path) = of_splits.chain(of_views).find(|(_, path)| leaves(path))?;
        Some(format!(
            "{key}: found `{path}`, expected a path below the folder of {FILE}, neither absolute nor with `..`"
        ))
    }
}

/// Whether a path leads out of the folder that it is relative to.
fn leaves(path: &str) -> bool {
    path.is_empty()
        || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// The items of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Number of items.
    pub rows: usize,
    /// Table of ids, labels and groups of the items.
    pub items: String,
}

/// The job of one encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct View<S: Ord = String> {
    /// Name of the view.
    pub name: String,
    /// Part of the material that the view sees.
    pub of: String,
    /// The encoder's id on the hub.
    pub encoder: String,
    /// The commit that was fetched, if it is known.
    pub revision: Option<String>,
    /// The encoder's folder.
    pub model: PathBuf,
    /// `mean` or `cls`; `None` if the encoder's folder decides.
    pub pool: Option<String>,
    /// Number of tokens after which texts are cut.
    pub max_length: Option<usize>,
    /// Dictionary by which the tokenizer splits words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dictionary: Option<PathBuf>,
    /// Output: a safetensors file with a tensor for each split, named as the split.
    pub out: String,
    /// The texts of each split, as `file#field`; the pictures or sounds of each split, as a text file with one path per line.
    pub inputs: BTreeMap<S, String>,
    /// Kind of the items.
    #[serde(default, skip_serializing_if = "Kind::is_texts")]
    pub kind: Kind,
    /// Edge maps in place of some pictures.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub edges: Option<EdgeMaps<S>>,
    /// Lists of splits whose rows are means over several inputs, such as the captions of a picture: a text file with
    /// the row of each input, from 0, ascending.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub average: BTreeMap<S, String>,
    /// For each split, the table with the ids of the view's rows, in a view that has only some of the items.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<S, String>,
}

/// Kind of the items of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Texts; a file without `kind` means them.
    #[default]
    Texts,
    /// Pictures.
    Pictures,
    /// Sounds.
    Sounds,
}

impl Kind {
    fn is_texts(&self) -> bool {
        *self == Self::Texts
    }
}

/// Pictures that the encoder sees as edge maps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct EdgeMaps<S: Ord = String> {
    /// The filter: `canny`, `scharr` or `dog`.
    pub filter: String,
    /// For each split with such pictures, a text file with the path of each, as the list of the split has it.
    pub lists: BTreeMap<S, String>,
}

impl<S: Ord> View<S> {
    /// All paths that are relative to the folder of `jobs.json`, each with its key.
    fn paths(&self) -> impl Iterator<Item = (String, &str)> {
        let edges = self.edges.iter().flat_map(|edges| edges.lists.values()).map(|path| ("edges", path));
        let lists = [("inputs", &self.inputs), ("average", &self.average), ("ids", &self.ids)];
        let lists = lists.into_iter().flat_map(|(key, of_splits)| of_splits.values().map(move |path| (key, path)));
        let all = std::iter::once(("out", &self.out)).chain(lists).chain(edges);
        all.map(|(key, path)| (format!("view `{}`: {key}", self.name), path.as_str()))
    }

    /// Description of the encoding, for a manifest.
    pub fn encoding(&self) -> String {
        let at = self.revision.as_ref().map(|commit| format!(" at {commit}")).unwrap_or_default();
        let pool = self.pool.as_ref().map(|pool| format!(", {pool} pooled")).unwrap_or_default();
        let cut = self.max_length.map(|tokens| format!(", cut at {tokens} tokens")).unwrap_or_default();
        let name = self.dictionary.as_ref().and_then(|path| path.file_name());
        let words = name.map(|name| format!(", words by {}", name.to_string_lossy())).unwrap_or_default();
        let edges = self.edges.as_ref().map(|edges| format!(", some pictures as {} edge maps", edges.filter));
        let mean = if self.average.is_empty() { "" } else { ", mean over the inputs of an item" };
        format!("{}{at}{pool}{cut}{words}{}{mean}", self.encoder, edges.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_folder_are_found() {
        for path in ["", "/tmp/x", "..", "../x", "a/../../x", "a/.."] {
            assert!(leaves(path), "{path}");
        }
        for path in ["x", "./x", "a/b", "..a/b..", "a.jsonl#text"] {
            assert!(!leaves(path), "{path}");
        }
    }
}
