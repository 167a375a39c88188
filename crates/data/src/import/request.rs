//! Requests to import.

use std::{collections::BTreeMap, path::PathBuf};

use super::member::{Member, NamedMember};
use crate::{
    SplitName,
    manifest::entry::{SourceEntry, ViewEntry},
};

/// The files of one split, or of all items before they are split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The views; a folder stands for the npy files in it, one vector each.
    pub views: Vec<NamedMember>,
    /// Labellings: integers, or texts, each of which gets a number.
    pub labels: Vec<NamedMember>,
    /// Groupings of items that belong together, in the same form as labellings.
    pub groups: Vec<NamedMember>,
    /// Ids of the items: one list without a name for files with the same order of rows; or one list for each view,
    /// labelling and grouping, under its name, by which their rows are joined.
    pub ids: Vec<NamedMember>,
}

/// Split of the items.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Splitting {
    /// A random split, keyed by the seed: these shares of all items for train and test, or for train, validation and
    /// test. Items of a group, in any grouping, stay together.
    Shares {
        /// The files, which hold all items.
        files: Files,
        /// Two or three numbers that sum to 1.
        shares: Vec<f64>,
        /// The seed.
        seed: u64,
        /// Labelling whose classes have the same share in every split; an empty name for the first.
        stratify: Option<String>,
    },
    /// The files are split already.
    Given(BTreeMap<SplitName, Files>),
}

impl Splitting {
    /// The files of each split; before a random split, the files of all items.
    pub(super) fn files(&self) -> Vec<(SplitName, &Files)> {
        match self {
            Self::Shares { files, .. } => vec![(SplitName::Train, files)],
            Self::Given(splits) => splits.iter().map(|(&split, files)| (split, files)).collect(),
        }
    }

    /// The same files, mutable.
    pub(super) fn files_mut(&mut self) -> Vec<(SplitName, &mut Files)> {
        match self {
            Self::Shares { files, .. } => vec![(SplitName::Train, files)],
            Self::Given(splits) => splits.iter_mut().map(|(&split, files)| (split, files)).collect(),
        }
    }

    /// The views of the first split, or of all items.
    pub(super) fn views(&self) -> impl Iterator<Item = &NamedMember> {
        self.files().into_iter().take(1).flat_map(|(_, files)| &files.views)
    }

    /// All input files.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.files().into_iter().flat_map(|(_, files)| {
            let named = [&files.views, &files.labels, &files.groups].into_iter().flatten();
            named.chain(&files.ids).map(|named| &named.member)
        })
    }
}

/// Description of a data set in its manifest; `None` is written as unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Description in a few words.
    pub title: Option<String>,
    /// Licence of the data set.
    pub licence: Option<String>,
    /// Origin of the data set.
    pub source: Option<String>,
    /// Encoders of the views.
    pub encoders: BTreeMap<String, String>,
}

/// Queries that search the imported items, and the judged relevance of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFiles {
    /// The queries in every view of the items.
    pub views: Vec<NamedMember>,
    /// Ids of the queries, by which judgements name them; without ids they name rows from 0.
    pub ids: Option<NamedMember>,
    /// File of judgements: lines of query, document and relevance with a header, or TREC qrels. Documents are named by the
    /// ids of the items if they have ids, otherwise by rows from 0.
    pub judgements: PathBuf,
}

/// Request to import a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Name of the data set.
    pub name: String,
    /// Description of the data set.
    pub described: Described,
    /// Files and split of the data set.
    pub splitting: Splitting,
    /// Whether views may miss items: a view has only NaN in their rows, or its ids lack them. Otherwise such rows are
    /// an error, and items with missing ids are left out of all views.
    pub allow_missing: bool,
    /// Queries that search the items, with judgements.
    pub queries: Option<QueryFiles>,
    /// Path of the manifest; other output files are beside it.
    pub manifest: PathBuf,
    /// Overwrite an existing manifest.
    pub force: bool,
}

impl Import {
    /// A request without a description, missing items, queries or the right to overwrite. Set the other fields by
    /// `Import { force: true, ..Import::new(..) }`.
    pub fn new(name: impl Into<String>, splitting: Splitting, manifest: PathBuf) -> Self {
        let (described, queries) = (Described::default(), None);
        Self { name: name.into(), described, splitting, allow_missing: false, queries, manifest, force: false }
    }

    pub(super) fn view(&self, view: &NamedMember, source: SourceEntry) -> ViewEntry {
        let encoder = self.described.encoders.get(&view.name).cloned();
        ViewEntry { name: view.name.clone(), encoder, source, rows: None }
    }
}
