//! Manifests that this crate writes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::SplitName;

/// A source in a manifest.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SourceEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tensor: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tensors: BTreeMap<SplitName, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) files: BTreeMap<SplitName, FileEntry>,
}

impl SourceEntry {
    /// Replaces the name of a file everywhere in the source.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) {
        let of_splits = self.files.values_mut().map(|of_split| &mut of_split.file);
        of_splits.chain(&mut self.file).filter(|file| *file == from).for_each(|file| *file = to.to_owned());
    }

    /// A source of one file with a tensor for each split.
    pub(crate) fn by_split(
        file: PathBuf,
        sha256: Option<String>,
        splits: &[SplitName],
        tensor: impl Fn(SplitName) -> String,
    ) -> Self {
        let tensors = splits.iter().map(|&split| (split, tensor(split))).collect();
        Self { file: Some(file), sha256, tensors, ..Self::default() }
    }
}

/// Prefix of the names of labellings in a file of items. With prefixes a labelling can have the name of a grouping, or
/// the name `rows`.
pub(crate) const LABELS: &str = "labels.";
pub(crate) const GROUPS: &str = "groups.";
pub(crate) const IDS: &str = "ids";
pub(crate) const ROWS: &str = "rows";
pub(crate) const VIEW_ROWS: &str = "rows.";

/// The tensor of one split's list.
pub(crate) fn tensor(split: SplitName, kind: &str, name: &str) -> String {
    format!("{}.{kind}{name}", split.name())
}

/// Sources by name, in this order.
pub(crate) fn by_name<'n>(
    names: impl IntoIterator<Item = &'n str>,
    source: impl Fn(&str) -> SourceEntry,
) -> serde_yaml::Mapping {
    let entry = |name: &str| Some((name.into(), serde_yaml::to_value(source(name)).ok()?));
    names.into_iter().filter_map(entry).collect()
}

/// The file of one split.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileEntry {
    pub(crate) file: PathBuf,
    pub(crate) sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tensor: Option<String>,
}

/// A view in a manifest.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ViewEntry {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<SourceEntry>,
    #[serde(flatten)]
    pub(crate) source: SourceEntry,
}

/// The roles of items in a manifest.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RolesEntry {
    pub(crate) queries: QueriesEntry,
}

/// The queries in a manifest.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct QueriesEntry {
    pub(crate) views: BTreeMap<String, FileEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ids: Option<FileEntry>,
    pub(crate) judgements: JudgementsEntry,
}

/// The file of judgements, by rows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct JudgementsEntry {
    pub(crate) file: PathBuf,
    pub(crate) sha256: String,
}

/// The content of a manifest.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ManifestEntry {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) licence: String,
    pub(crate) source: String,
    pub(crate) splits: Vec<SplitName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<SourceEntry>,
    pub(crate) views: Vec<ViewEntry>,
    #[serde(skip_serializing_if = "serde_yaml::Mapping::is_empty")]
    pub(crate) labels: serde_yaml::Mapping,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ids: Option<SourceEntry>,
    #[serde(skip_serializing_if = "serde_yaml::Mapping::is_empty")]
    pub(crate) groups: serde_yaml::Mapping,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) roles: Option<RolesEntry>,
}
