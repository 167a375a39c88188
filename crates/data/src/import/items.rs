//! Labels, groups, ids and row numbers of imported items, as one safetensors file.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
};

use super::{Files, ImportProblem, NamedMember};
use crate::{
    DataError, SetProblem, SplitName,
    manifest::entry::{GROUPS, IDS, LABELS, ROWS, SourceEntry, by_name, tensor},
    read::{self, as_printed},
    write::{self, Tensor},
};

/// A list of integers for each split, and the texts that they stand for.
#[derive(Clone, Debug, Default)]
struct Lists {
    /// In the order in which the lists were named.
    names: Vec<String>,
    raw: BTreeMap<(String, SplitName), Vec<String>>,
}

impl Lists {
    fn insert(&mut self, name: &str, split: SplitName, values: Vec<String>) {
        if !self.names.iter().any(|n| n == name) {
            self.names.push(name.to_owned());
        }
        self.raw.insert((name.to_owned(), split), values);
    }

    /// Numbers where all values are, else the texts in alphabetical order. What is printed otherwise than it was written
    /// is no number: `01` and `1` are two classes.
    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let values = || self.raw.iter().filter(|((list, _), _)| list == name).flat_map(|(_, values)| values);
        if values().all(|text| as_printed(text).is_some()) {
            return None;
        }
        Some(values().cloned().collect::<BTreeSet<String>>().into_iter().collect())
    }

    fn integers(&self, name: &str, split: SplitName) -> Vec<i64> {
        let texts = self.texts(name);
        let number = |text: &String| match &texts {
            None => as_printed(text).unwrap_or_default(),
            Some(texts) => texts.binary_search(text).unwrap_or_default() as i64,
        };
        self.raw.get(&(name.to_owned(), split)).map(|values| values.iter().map(number).collect()).unwrap_or_default()
    }
}

/// All that is known of the items but their embeddings.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    labels: Lists,
    groups: Lists,
    ids: Lists,
    rows: BTreeMap<SplitName, Vec<usize>>,
}

/// What of it a manifest names.
pub(super) struct Entries {
    pub(super) rows: Option<SourceEntry>,
    pub(super) labels: serde_yaml::Mapping,
    pub(super) groups: serde_yaml::Mapping,
    pub(super) ids: Option<SourceEntry>,
}

impl Items {
    /// The first grouping of all items.
    pub(super) fn group_of(&self, files: &Files, count: usize) -> Result<Option<Vec<i64>>, DataError> {
        let Some(group) = files.groups.first() else { return Ok(None) };
        let mut lists = Lists::default();
        lists.insert(&group.name, SplitName::Train, texts(group, count)?);
        Ok(Some(lists.integers(&group.name, SplitName::Train)))
    }

    /// Takes up one split's lists: all rows of the files, or those given.
    pub(super) fn add(
        &mut self,
        split: SplitName,
        files: &Files,
        count: usize,
        rows: Option<&[usize]>,
    ) -> Result<(), DataError> {
        let taken = |values: Vec<String>| match rows {
            None => values,
            Some(rows) => rows.iter().map(|&row| values[row].clone()).collect(),
        };
        for label in &files.labels {
            self.labels.insert(&label.name, split, taken(texts(label, count)?));
        }
        for group in &files.groups {
            self.groups.insert(&group.name, split, taken(texts(group, count)?));
        }
        if let Some(ids) = &files.ids {
            let values = texts(&NamedMember { name: IDS.to_owned(), member: ids.clone() }, count)?;
            let mut seen = HashSet::new();
            if let Some(second) = values.iter().position(|id| !seen.insert(id)) {
                let first = values.iter().position(|id| *id == values[second]).unwrap_or(0);
                let problem = ImportProblem::TextIdTwice { id: values[second].clone(), first, second };
                return Err(DataError::import(&ids.place(""), problem));
            }
            self.ids.insert("", split, taken(values));
        }
        if let Some(rows) = rows {
            self.rows.insert(split, rows.to_vec());
        }
        Ok(())
    }

    /// Writes the file, where there is something to write, and returns its checksum.
    pub(super) fn write(&self, file: &Path) -> Result<Option<String>, DataError> {
        let mut tensors = Vec::new();
        for (split, rows) in &self.rows {
            let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
            tensors.push(Tensor::integers(tensor(*split, ROWS, ""), &rows));
        }
        for (kind, lists) in [(LABELS, &self.labels), (GROUPS, &self.groups), (IDS, &self.ids)] {
            for (name, split) in lists.raw.keys() {
                tensors.push(Tensor::integers(tensor(*split, kind, name), &lists.integers(name, *split)));
            }
        }
        if tensors.is_empty() {
            return Ok(None);
        }
        write::safetensors(file, &tensors).map(Some)
    }

    /// The names that stand behind numbers: those of labellings, and those of groupings.
    pub(super) fn texts(&self) -> [BTreeMap<String, Vec<String>>; 2] {
        [&self.labels, &self.groups]
            .map(|lists| lists.names.iter().filter_map(|name| Some((name.clone(), lists.texts(name)?))).collect())
    }

    pub(super) fn entries(&self, file: &Path, sha256: Option<&str>, splits: &[SplitName]) -> Entries {
        let source = |kind: &str, name: &str| {
            let tensor = |split: SplitName| tensor(split, kind, name);
            SourceEntry::by_split(file.to_owned(), sha256.map(str::to_owned), splits, tensor)
        };
        let mapping = |kind, lists: &Lists| by_name(lists.names.iter().map(String::as_str), |name| source(kind, name));
        Entries {
            rows: (!self.rows.is_empty()).then(|| source(ROWS, "")),
            labels: mapping(LABELS, &self.labels),
            groups: mapping(GROUPS, &self.groups),
            ids: (!self.ids.names.is_empty()).then(|| source(IDS, "")),
        }
    }
}

/// One text for each row.
fn texts(list: &NamedMember, count: usize) -> Result<Vec<String>, DataError> {
    let bytes = read::bytes(&list.member.file)?;
    let values = read::texts(&list.member.file, &bytes, list.member.tensor.as_deref())?;
    if values.len() == count {
        return Ok(values);
    }
    let problem = SetProblem::Length { split: None, got: values.len(), want: count };
    Err(DataError::set(&list.member.place(&list.name), problem))
}
