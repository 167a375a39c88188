//! Labels, groups, ids and row numbers of imported items, as one safetensors file.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
};

use super::{
    Files, ImportProblem, NamedMember,
    join::{Kind, Order},
    list::texts,
    strata::united,
};
use crate::{
    DataError, Place, SplitName,
    manifest::entry::{GROUPS, IDS, LABELS, ROWS, SourceEntry, VIEW_ROWS, by_name, tensor},
    nearest,
    pieces::rows::MISSING,
    read::as_printed,
    write::{self, Tensor},
};

/// Grouping of items with one id, such as the captions of a picture.
const REPEATED: &str = "id";

/// Lists of integers for each split, and the texts that they stand for.
#[derive(Clone, Debug, Default)]
struct Lists {
    /// Names in the order in which the lists were given.
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

    /// `None` if all values are numbers, else the texts in alphabetical order. A text in another form than its number
    /// is printed is not a number: `01` and `1` are two classes.
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

/// All data about the items except their embeddings.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    labels: Lists,
    groups: Lists,
    ids: Lists,
    rows: BTreeMap<SplitName, Vec<usize>>,
    /// Row numbers of each view that has its own: files that are joined by ids, or views that miss items.
    view_rows: BTreeMap<(String, SplitName), Vec<Option<usize>>>,
}

/// Entries of the items in a manifest.
pub(super) struct Entries {
    pub(super) rows: Option<SourceEntry>,
    pub(super) labels: serde_yaml::Mapping,
    pub(super) groups: serde_yaml::Mapping,
    pub(super) ids: Option<SourceEntry>,
    /// Entries of each view with row numbers of its own.
    pub(super) view_rows: BTreeMap<String, SourceEntry>,
}

/// The groups of items that stay together: those of one group in any grouping, and those of one id.
///
/// # Errors
/// A list that cannot be read, or has not one value for each item.
pub(super) fn groups_of(files: &Files, order: &Order) -> Result<Option<Vec<i64>>, DataError> {
    let mut lists = Lists::default();
    for group in &files.groups {
        lists.insert(&group.name, SplitName::Train, order.values(Kind::Grouping, group)?);
    }
    if let Some(ids) = order.repeated().filter(|_| !files.groups.iter().any(|group| group.name == REPEATED)) {
        lists.insert(REPEATED, SplitName::Train, ids.to_vec());
    }
    let mut groupings: Vec<Vec<i64>> = lists.names.iter().map(|name| lists.integers(name, SplitName::Train)).collect();
    Ok(if groupings.len() > 1 { Some(united(&groupings)) } else { groupings.pop() })
}

/// The labelling with this name, or the first one without a name, and its classes.
///
/// # Errors
/// No such labelling; the errors of [`groups_of`].
pub(super) fn classes_of<'f>(
    files: &'f Files,
    order: &Order,
    name: &str,
    manifest: &Path,
) -> Result<(&'f str, Vec<i64>), DataError> {
    let Some(labels) = files.labels.iter().find(|labels| name.is_empty() || labels.name == name) else {
        let known: Vec<String> = files.labels.iter().map(|labels| labels.name.clone()).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        let place = Place { file: manifest.to_owned(), line_col: None, key: "splits".to_owned() };
        return Err(DataError::import(&place, ImportProblem::NoStrata { name: name.to_owned(), nearest, known }));
    };
    let mut lists = Lists::default();
    lists.insert(&labels.name, SplitName::Train, order.values(Kind::Labelling, labels)?);
    Ok((&labels.name, lists.integers(&labels.name, SplitName::Train)))
}

impl Items {
    /// Adds the lists of one split: all items of the files, or the given ones.
    pub(super) fn add(
        &mut self,
        split: SplitName,
        files: &Files,
        order: &Order,
        items: Option<&[usize]>,
    ) -> Result<(), DataError> {
        let taken = |values: Vec<String>| match items {
            None => values,
            Some(items) => items.iter().map(|&item| values[item].clone()).collect(),
        };
        for label in &files.labels {
            self.labels.insert(&label.name, split, taken(order.values(Kind::Labelling, label)?));
        }
        for group in &files.groups {
            self.groups.insert(&group.name, split, taken(order.values(Kind::Grouping, group)?));
        }
        for view in &files.views {
            let Some(rows) = order.rows(&view.name) else { continue };
            let rows = items.map_or_else(|| rows.clone(), |items| items.iter().map(|&item| rows[item]).collect());
            self.view_rows.insert((view.name.clone(), split), rows);
        }
        if let Some(ids) = order.ids() {
            match order.repeated() {
                None => self.ids.insert("", split, taken(ids.to_vec())),
                Some(_) if files.groups.iter().any(|group| group.name == REPEATED) => {}
                Some(ids) => self.groups.insert(REPEATED, split, taken(ids.to_vec())),
            }
            return Ok(());
        }
        if let Some(NamedMember { member: ids, .. }) = files.ids.first() {
            let values = texts(&NamedMember { name: IDS.to_owned(), member: ids.clone() }, order.count())?;
            let mut seen = HashSet::new();
            if let Some(second) = values.iter().position(|id| !seen.insert(id)) {
                let first = values.iter().position(|id| *id == values[second]).unwrap_or(0);
                let problem = ImportProblem::TextIdTwice { id: values[second].clone(), first, second };
                return Err(DataError::import(&ids.place(""), problem));
            }
            self.ids.insert("", split, taken(values));
        }
        // Row numbers are only needed by views that have none of their own.
        if let Some(rows) = items.filter(|_| !files.views.iter().all(|view| self.has_rows(&view.name, split))) {
            self.rows.insert(split, rows.to_vec());
        }
        Ok(())
    }

    fn has_rows(&self, view: &str, split: SplitName) -> bool {
        self.view_rows.contains_key(&(view.to_owned(), split))
    }

    /// Writes the file, if there is content, and returns its checksum.
    pub(super) fn write(&self, file: &Path) -> Result<Option<String>, DataError> {
        let mut tensors = Vec::new();
        for (split, rows) in &self.rows {
            let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
            tensors.push(Tensor::integers(tensor(*split, ROWS, ""), &rows));
        }
        for ((view, split), rows) in &self.view_rows {
            let rows: Vec<i64> = rows.iter().map(|row| row.map_or(MISSING, |row| row as i64)).collect();
            tensors.push(Tensor::integers(tensor(*split, VIEW_ROWS, view), &rows));
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

    /// Names of the numbers: those of labellings, and those of groupings.
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
            view_rows: self.view_rows.keys().map(|(view, _)| (view.clone(), source(VIEW_ROWS, view))).collect(),
            labels: mapping(LABELS, &self.labels),
            groups: mapping(GROUPS, &self.groups),
            ids: (!self.ids.names.is_empty()).then(|| source(IDS, "")),
        }
    }
}
