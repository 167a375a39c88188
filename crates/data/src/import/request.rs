//! What is asked of an import.

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
    /// Labellings: integers, or texts that get a number each.
    pub labels: Vec<NamedMember>,
    /// Groupings of items that belong together, as labellings.
    pub groups: Vec<NamedMember>,
    /// Ids of the items: one list without a name for files whose rows are in one order, or a list for each view, labelling
    /// and grouping, under its name, by which their rows are joined.
    pub ids: Vec<NamedMember>,
}

/// How items become splits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Splitting {
    /// By chance, keyed by the seed: these shares of all items for train and test, or train, validation and test. Items
    /// of a group, in any grouping, stay together.
    Shares {
        /// The files, which hold all items.
        files: Files,
        /// Two or three numbers that sum to 1.
        shares: Vec<f64>,
        /// The seed.
        seed: u64,
        /// The labelling whose classes have the same share of every split; empty for the first.
        stratify: Option<String>,
    },
    /// The files are split already.
    Given(BTreeMap<SplitName, Files>),
}

impl Splitting {
    /// The files of each split; of one that is yet to be drawn, those of all.
    pub(super) fn files(&self) -> Vec<(SplitName, &Files)> {
        match self {
            Self::Shares { files, .. } => vec![(SplitName::Train, files)],
            Self::Given(splits) => splits.iter().map(|(&split, files)| (split, files)).collect(),
        }
    }

    /// The same, to be changed.
    pub(super) fn files_mut(&mut self) -> Vec<(SplitName, &mut Files)> {
        match self {
            Self::Shares { files, .. } => vec![(SplitName::Train, files)],
            Self::Given(splits) => splits.iter_mut().map(|(&split, files)| (split, files)).collect(),
        }
    }

    /// All that is read.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.files().into_iter().flat_map(|(_, files)| {
            let named = [&files.views, &files.labels, &files.groups].into_iter().flatten();
            named.chain(&files.ids).map(|named| &named.member)
        })
    }
}

/// What a manifest says of a data set beside its files; what is `None` is said to be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// What it is, in a few words.
    pub title: Option<String>,
    /// Its licence.
    pub licence: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// How the views came about.
    pub encoders: BTreeMap<String, String>,
}

/// What to import.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Name of the data set.
    pub name: String,
    /// What else is known of it.
    pub described: Described,
    /// Its files.
    pub splitting: Splitting,
    /// Whether a view may miss items: it holds NaN throughout in their rows, or its ids lack them. Otherwise the former is an
    /// error, and the latter leaves the items out of all views.
    pub allow_missing: bool,
    /// Where the manifest goes; what belongs to it goes beside it.
    pub manifest: PathBuf,
    /// Overwrite a manifest that is there.
    pub force: bool,
}

impl Import {
    pub(super) fn view(&self, view: &NamedMember, source: SourceEntry) -> ViewEntry {
        let encoder = self.described.encoders.get(&view.name).cloned();
        ViewEntry { name: view.name.clone(), encoder, source, rows: None }
    }
}
