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
    /// Ids of queries.
    pub(super) queries: Option<Vec<i64>>,
}

/// The tensor of the ids of queries.
pub(super) const QUERY_IDS: &str = "queries.ids";

/// Entries of the items in a manifest.
pub(super) struct Entries {
    pub(super) rows: Option<SourceEntry>,
    pub(super) labels: serde_yaml::Mapping,
    pub(super) groups: serde_yaml::Mapping,
    pub(super) ids: Option<SourceEntry>,
    /// Entries of each view with row numbers of its own.
    pub(super) view_rows: BTreeMap<String, SourceEntry>,
}

/// Labels, groups and ids of all items of some files. Each list is read once, however many splits take values from it.
pub(super) struct Columns {
    labels: Vec<(String, Vec<String>)>,
    groups: Vec<(String, Vec<String>)>,
    /// Ids of the items, no two the same.
    pub(super) ids: Option<Vec<String>>,
}

impl Columns {
    /// Reads the lists. If ids are `repeated`, in these files or in those of another split, they are a grouping.
    ///
    /// # Errors
    /// A list that cannot be read, or has not one value for each item; two items with one id, if files are not joined
    /// by ids.
    pub(super) fn read(files: &Files, order: &Order, repeated: bool) -> Result<Self, DataError> {
        let values = |kind, lists: &[NamedMember]| -> Result<Vec<_>, DataError> {
            lists.iter().map(|list| Ok((list.name.clone(), order.values(kind, list)?))).collect()
        };
        let labels = values(Kind::Labelling, &files.labels)?;
        let mut groups = values(Kind::Grouping, &files.groups)?;
        if let Some(ids) = order.ids().filter(|_| repeated && groups.iter().all(|(name, _)| name != REPEATED)) {
            groups.push((REPEATED.to_owned(), ids.to_vec()));
        }
        let ids = match (order.ids(), files.ids.first()) {
            (Some(_), _) if repeated => None,
            (Some(ids), _) => Some(ids.to_vec()),
            (None, Some(ids)) => Some(unique_ids(ids, order.count())?),
            (None, None) => None,
        };
        Ok(Self { labels, groups, ids })
    }

    /// The groups of items that stay together: those of one group in any grouping, and those of one id.
    pub(super) fn groups(&self) -> Option<Vec<i64>> {
        let mut groupings: Vec<Vec<i64>> = self.groups.iter().map(integers_of).collect();
        if groupings.len() > 1 { Some(united(&groupings)) } else { groupings.pop() }
    }

    /// The labelling with this name, or the first one without a name, and its classes.
    ///
    /// # Errors
    /// No such labelling.
    pub(super) fn classes(&self, name: &str, manifest: &Path) -> Result<(&str, Vec<i64>), DataError> {
        if let Some(labels) = self.labels.iter().find(|(labels, _)| name.is_empty() || labels == name) {
            return Ok((&labels.0, integers_of(labels)));
        }
        let known: Vec<String> = self.labels.iter().map(|(name, _)| name.clone()).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        let place = Place { file: manifest.to_owned(), line_col: None, key: "splits".to_owned() };
        Err(DataError::import(&place, ImportProblem::NoStrata { name: name.to_owned(), nearest, known }))
    }
}

/// The values of a list as numbers.
fn integers_of((name, values): &(String, Vec<String>)) -> Vec<i64> {
    let mut list = Lists::default();
    list.insert(name, SplitName::Train, values.clone());
    list.integers(name, SplitName::Train)
}

/// One id per row, no two of them the same.
fn unique_ids(ids: &NamedMember, count: usize) -> Result<Vec<String>, DataError> {
    let values = texts(&NamedMember { name: IDS.to_owned(), member: ids.member.clone() }, count)?;
    let mut seen = HashSet::new();
    if let Some(second) = values.iter().position(|id| !seen.insert(id)) {
        let first = values.iter().position(|id| *id == values[second]).unwrap_or(0);
        let problem = ImportProblem::TextIdTwice { id: values[second].clone(), first, second };
        return Err(DataError::import(&ids.member.place(""), problem));
    }
    Ok(values)
}

impl Items {
    /// Adds the lists of one split: all items of the files, or the given ones.
    pub(super) fn add(
        &mut self,
        split: SplitName,
        files: &Files,
        order: &Order,
        columns: &Columns,
        items: Option<&[usize]>,
    ) {
        let taken = |values: &[String]| match items {
            None => values.to_vec(),
            Some(items) => items.iter().map(|&item| values[item].clone()).collect(),
        };
        for (name, values) in &columns.labels {
            self.labels.insert(name, split, taken(values));
        }
        for (name, values) in &columns.groups {
            self.groups.insert(name, split, taken(values));
        }
        if let Some(ids) = &columns.ids {
            self.ids.insert("", split, taken(ids));
        }
        for view in &files.views {
            let Some(rows) = order.rows(&view.name) else { continue };
            let rows = items.map_or_else(|| rows.clone(), |items| items.iter().map(|&item| rows[item]).collect());
            self.view_rows.insert((view.name.clone(), split), rows);
        }
        // Row numbers are only needed by views that have none of their own.
        let own = files.views.iter().all(|view| self.has_rows(&view.name, split));
        if let Some(rows) = items.filter(|_| order.ids().is_none() && !own) {
            self.rows.insert(split, rows.to_vec());
        }
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
        tensors.extend(self.queries.iter().map(|ids| Tensor::integers(QUERY_IDS.to_owned(), ids)));
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
