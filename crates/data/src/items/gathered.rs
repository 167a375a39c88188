//! Items and the inputs of their parts, and the material that they come from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use files::jobs::Kind;

use super::recipe::{HoldOut, Recipe};
use crate::{
    DataError, SplitName,
    import::{Population, assign},
    texts::{TextProblem, problem},
};

/// The downloaded material, and the folder of the work.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// Folder of the downloads.
    pub folder: &'a Path,
    /// Verified files below it, with their SHA-256: downloaded ones, and those that were put there by hand. A folder
    /// stands for the JPEG pictures in it.
    pub files: &'a BTreeMap<String, String>,
    /// Folder for all that is written: pictures of tables, unpacked archives, lists, embeddings.
    pub out: &'a Path,
    /// Seed of the source's splits.
    pub seed: Option<u64>,
}

/// The items of a split, in one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Ids of the items.
    pub ids: Vec<String>,
    /// The labellings, then the groupings, in the recipe's order.
    pub lists: Vec<Vec<String>>,
}

/// Inputs of a part: texts, or paths relative to the folder of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// The inputs, in the order of their items.
    pub inputs: Vec<String>,
    /// Item of each input, ascending. An item can have several inputs, or none.
    pub items: Vec<usize>,
}

/// Result of reading the material.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// The items of each split.
    pub splits: BTreeMap<SplitName, Items>,
    /// Kind and inputs of each part, in each split.
    pub parts: BTreeMap<String, (Kind, BTreeMap<SplitName, Entries>)>,
    /// Omissions, with counts.
    pub notes: Vec<String>,
}

impl Material<'_> {
    /// Folder of unpacked archives.
    pub(super) fn unpacked(&self) -> PathBuf {
        self.out.join("unpacked")
    }

    /// A verified or unpacked file, or a folder of such files.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, DataError> {
        let places = [self.folder.join(name), self.unpacked().join(name)];
        let path = places.into_iter().find(|path| path.exists()).ok_or_else(|| self.no_file(name))?;
        if !path.is_dir() {
            self.check(name, &path)?;
        }
        Ok(path)
    }

    /// Refuses a file that nobody has verified: it could be another one in the next run.
    pub(super) fn check(&self, name: &str, path: &Path) -> Result<(), DataError> {
        let folder = name.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let is_jpeg = |end: &std::ffi::OsStr| end.eq_ignore_ascii_case("jpg") || end.eq_ignore_ascii_case("jpeg");
        let in_folder = || self.files.contains_key(folder) && path.extension().is_some_and(is_jpeg);
        if path.starts_with(self.unpacked()) || self.files.contains_key(name) || in_folder() {
            return Ok(());
        }
        let detail = format!(
            "found `{name}`, which was neither downloaded nor is listed under `manual` of the source, so that it has no \
             checksum; list it there, or remove it"
        );
        Err(problem(self.folder, "", TextProblem::Items { detail }))
    }

    pub(super) fn no_file(&self, name: &str) -> DataError {
        problem(self.folder, "", TextProblem::NoTable { name: name.to_owned() })
    }
}

impl Gathered {
    /// Moves a share of train to validation.
    pub(super) fn hold_out(&mut self, recipe: &Recipe, hold_out: &HoldOut, seed: u64) {
        let at = recipe.labels.keys().position(|name| *name == hold_out.stratify);
        let Some((train, at)) = self.splits.remove(&SplitName::Train).zip(at) else { return };
        let mut classes: BTreeMap<&str, i64> = BTreeMap::new();
        let class = |label: &'_ String, classes: &BTreeMap<&str, i64>| classes.get(label.as_str()).copied();
        for label in &train.lists[at] {
            let next = classes.len() as i64;
            classes.entry(label).or_insert(next);
        }
        let labels: Vec<i64> = train.lists[at].iter().filter_map(|label| class(label, &classes)).collect();
        let population = Population { items: train.ids.len(), groups: None, classes: Some(&labels) };
        let drawn = assign(population, &[1.0 - hold_out.share, hold_out.share], seed);
        for (part, split) in [(0, SplitName::Train), (1, SplitName::Validation)] {
            let rows: Vec<usize> = (0..drawn.len()).filter(|&row| drawn[row] == part).collect();
            let of = |list: &Vec<String>| rows.iter().map(|&row| list[row].clone()).collect();
            let items = Items { ids: of(&train.ids), lists: train.lists.iter().map(of).collect() };
            self.splits.insert(split, items);
        }
        // Number of each item within its split.
        let mut counts = [0; 2];
        let numbers: Vec<usize> = drawn
            .iter()
            .map(|&part| {
                counts[part] += 1;
                counts[part] - 1
            })
            .collect();
        for (_, of_splits) in self.parts.values_mut() {
            let Some(all) = of_splits.remove(&SplitName::Train) else { continue };
            for (input, item) in all.inputs.into_iter().zip(all.items) {
                let split = if drawn[item] == 0 { SplitName::Train } else { SplitName::Validation };
                of_splits.entry(split).or_default().push(input, numbers[item]);
            }
        }
    }
}

impl Entries {
    /// Adds an input of an item, which is that of the last input or a later one.
    pub(super) fn push(&mut self, input: String, item: usize) {
        self.inputs.push(input);
        self.items.push(item);
    }

    /// The items with an input, each once.
    pub(super) fn present(&self) -> Vec<usize> {
        let mut items = self.items.clone();
        items.dedup();
        items
    }
}

/// A name for files: letters, digits, `_` and `-`.
pub(super) fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' };
    name.chars().map(plain).collect()
}
