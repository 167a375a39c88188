//! From tables to items: the rows of each item, the order of items, and their split.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use super::{
    problem::TextProblem,
    python_shuffle,
    recipe::{Empty, Layout, OF, Recipe},
};
use crate::{DataError, Place, SplitName, read};

/// Items in one order, with a text for every part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Ids of the items: from the tables, or row numbers from 0.
    pub ids: Vec<String>,
    /// One list of texts for each part.
    pub texts: Vec<Vec<String>>,
    /// The labellings, then the groupings, in the recipe's order.
    pub lists: Vec<Vec<String>>,
}

/// Result of reading the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// Parts of the material (locales, columns, languages), each once.
    pub parts: Vec<String>,
    /// The items of each split.
    pub splits: BTreeMap<SplitName, Items>,
    /// Omissions and warnings, with counts.
    pub notes: Vec<String>,
}

/// Reads the tables of a recipe; `tables` are the downloaded files by their names below `folder`.
///
/// # Errors
/// A table that is missing or lacks the named columns; an id that occurs twice; labels that differ between parts; no
/// item in all parts; an empty text; another number of items than `rows` says.
pub fn gather(
    recipe: &Recipe,
    parts: &[String],
    folder: &Path,
    tables: &[String],
    rows: &BTreeMap<SplitName, usize>,
) -> Result<Gathered, DataError> {
    let mut reading = Reading { recipe, parts, folder, tables, notes: Vec::new() };
    let splits: BTreeMap<SplitName, Items> = match (&recipe.file, &recipe.shuffle) {
        (Some(table), Some(shuffle)) => {
            let items = reading.items(table, "all")?;
            let cut = (shuffle.train * items.ids.len() as f64) as usize;
            let mut order = python_shuffle(items.ids.len(), shuffle.python);
            let (train, test) = order.split_at_mut(cut);
            // The draw decides which items belong to which split, not their order.
            train.sort_unstable();
            test.sort_unstable();
            [(SplitName::Train, items.select(train)), (SplitName::Test, items.select(test))].into()
        }
        _ => {
            let each = recipe.files.iter().map(|(&split, table)| Ok((split, reading.items(table, split.name())?)));
            each.collect::<Result<_, DataError>>()?
        }
    };
    for (split, items) in &splits {
        let (got, want) = (items.ids.len(), rows.get(split).copied());
        if let Some(want) = want.filter(|want| *want != got) {
            let notes = reading.notes;
            return Err(problem(folder, "", TextProblem::Rows { split: split.name(), got, want, notes }));
        }
    }
    Ok(Gathered { parts: parts.to_vec(), splits, notes: reading.notes })
}

pub(crate) fn problem(file: &Path, key: &str, problem: TextProblem) -> DataError {
    let at = Place { file: file.to_owned(), line_col: None, key: key.to_owned() };
    DataError::Texts { at: Box::new(at), problem: Box::new(problem) }
}

impl Items {
    fn select(&self, rows: &[usize]) -> Self {
        let of = |list: &Vec<String>| rows.iter().map(|&row| list[row].clone()).collect();
        Self {
            ids: of(&self.ids),
            texts: self.texts.iter().map(of).collect(),
            lists: self.lists.iter().map(of).collect(),
        }
    }
}

/// Columns of a table, and the rows by their ids.
type Matched = (Vec<Vec<String>>, HashMap<String, usize>);

struct Reading<'a> {
    recipe: &'a Recipe,
    parts: &'a [String],
    folder: &'a Path,
    tables: &'a [String],
    notes: Vec<String>,
}

impl<'a> Reading<'a> {
    fn items(&mut self, table: &str, split: &str) -> Result<Items, DataError> {
        let items = match &self.recipe.read {
            Layout::Parts { text, id } => self.matched(table, text, id, split)?,
            Layout::Columns => self.columns(table)?,
            Layout::Translations { column, keys, values } => self.translations(table, column, [keys, values], split)?,
        };
        if items.ids.is_empty() {
            let parts = self.parts.to_vec();
            return Err(problem(self.folder, table, TextProblem::NoItems { parts }));
        }
        self.empties(&items, table, split)?;
        Ok(items)
    }

    /// The columns of labels and groups.
    fn lists(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.recipe.lists().map(|(name, column)| (name.as_str(), column.as_str()))
    }

    /// The fetched files of a name, in the order of their names.
    fn files(&self, name: &str) -> Result<Vec<PathBuf>, DataError> {
        let fits = |path: &str| match name.split_once('*') {
            None => path == name,
            Some((start, end)) => {
                let rest = path.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
                rest.is_some_and(|rest| !rest.contains('/'))
            }
        };
        let mut found: Vec<&String> = self.tables.iter().filter(|path| fits(path)).collect();
        found.sort();
        if found.is_empty() {
            return Err(problem(self.folder, "", TextProblem::NoTable { name: name.to_owned() }));
        }
        Ok(found.into_iter().map(|path| self.folder.join(path)).collect())
    }

    /// These columns of a table, whose files are read in sequence.
    fn read(&self, name: &str, columns: &[&str]) -> Result<Vec<Vec<String>>, DataError> {
        let mut all = vec![Vec::new(); columns.len()];
        for file in self.files(name)? {
            let found = read::text_columns(&file, &read::bytes(&file)?, columns)?;
            all.iter_mut().zip(found).for_each(|(all, found)| all.extend(found));
        }
        Ok(all)
    }

    /// One table per part: the ids of the first part that all other parts have, too.
    fn matched(&mut self, table: &str, text: &str, id: &str, split: &str) -> Result<Items, DataError> {
        let columns: Vec<&str> = [text, id].into_iter().chain(self.lists().map(|(_, column)| column)).collect();
        let mut read: Vec<Matched> = Vec::new();
        for part in self.parts {
            let name = table.replace(OF, part);
            let found = self.read(&name, &columns)?;
            let mut rows = HashMap::with_capacity(found[1].len());
            for (second, id) in found[1].iter().enumerate() {
                if let Some(first) = rows.insert(id.clone(), second) {
                    let twice = TextProblem::IdTwice { id: id.clone(), first, second };
                    return Err(problem(&self.folder.join(name), "", twice));
                }
            }
            read.push((found, rows));
        }
        let Some((first, _)) = read.first() else { return Ok(Items::default()) };
        let all: Vec<String> = first[1].clone();
        for (part, (_, rows)) in self.parts.iter().zip(&read) {
            let mut lacking = all.iter().filter(|id| !rows.contains_key(*id)).peekable();
            if let Some(one) = lacking.peek().map(|id| (*id).clone()) {
                let count = lacking.count();
                self.notes.push(format!("{split}: `{part}` lacks {count} of {} ids, the first is `{one}`", all.len()));
            }
            let strange = rows.keys().filter(|id| !read[0].1.contains_key(*id)).count();
            if strange > 0 {
                self.notes.push(format!("{split}: `{part}` has {strange} ids that `{}` lacks", self.parts[0]));
            }
        }
        let ids: Vec<String> =
            all.into_iter().filter(|id| read.iter().all(|(_, rows)| rows.contains_key(id))).collect();
        let column = |part: usize, column: usize| -> Vec<String> {
            let (found, rows) = &read[part];
            ids.iter().map(|id| found[column][rows[id]].clone()).collect()
        };
        let lists: Vec<Vec<String>> = (2..columns.len()).map(|c| column(0, c)).collect();
        for (k, (name, _)) in self.lists().enumerate() {
            for part in 1..self.parts.len() {
                let of_part = column(part, k + 2);
                if let Some(at) = (0..ids.len()).find(|&i| of_part[i] != lists[k][i]) {
                    let differs = TextProblem::Differs {
                        list: name.to_owned(),
                        id: ids[at].clone(),
                        got: of_part[at].clone(),
                        first: self.parts[0].clone(),
                        want: lists[k][at].clone(),
                    };
                    return Err(problem(&self.folder.join(table.replace(OF, &self.parts[part])), "", differs));
                }
            }
        }
        let texts = (0..self.parts.len()).map(|part| column(part, 0)).collect();
        Ok(Items { ids, texts, lists })
    }

    /// One column per part.
    fn columns(&self, table: &str) -> Result<Items, DataError> {
        let columns: Vec<&str> =
            self.parts.iter().map(String::as_str).chain(self.lists().map(|(_, column)| column)).collect();
        let mut texts = self.read(table, &columns)?;
        let lists = texts.split_off(self.parts.len());
        let ids = (0..texts.first().map_or(0, Vec::len)).map(|row| row.to_string()).collect();
        Ok(Items { ids, texts, lists })
    }

    /// One language per part: the rows that have all of them.
    fn translations(&mut self, table: &str, column: &str, fields: [&str; 2], split: &str) -> Result<Items, DataError> {
        let wanted: Vec<&str> = self.parts.iter().map(String::as_str).collect();
        let listed: Vec<&str> = self.lists().map(|(_, column)| column).collect();
        let mut items =
            Items { ids: Vec::new(), texts: vec![Vec::new(); wanted.len()], lists: vec![Vec::new(); listed.len()] };
        let mut seen = 0;
        // One file after the other, so that only the selected texts stay in memory.
        for file in self.files(table)? {
            let bytes = read::bytes(&file)?;
            let lists = match listed.as_slice() {
                [] => Vec::new(),
                listed => read::text_columns(&file, &bytes, listed)?,
            };
            let rows = read::translations(&file, &bytes, column, fields, &wanted)?;
            let count = rows.len();
            for (row, texts) in rows.into_iter().enumerate() {
                let Some(texts) = texts else { continue };
                items.ids.push((seen + row).to_string());
                items.texts.iter_mut().zip(texts).for_each(|(all, text)| all.push(text));
                items.lists.iter_mut().zip(&lists).for_each(|(all, list)| all.push(list[row].clone()));
            }
            seen += count;
        }
        self.notes.push(format!("{split}: {} of {seen} rows have all of {}", items.ids.len(), wanted.join(", ")));
        Ok(items)
    }

    /// Texts that contain only white space.
    fn empties(&mut self, items: &Items, table: &str, split: &str) -> Result<(), DataError> {
        for (part, texts) in self.parts.iter().zip(&items.texts) {
            let Some(first) = texts.iter().position(|text| text.trim().is_empty()) else { continue };
            let id = items.ids[first].clone();
            if self.recipe.empty == Empty::Refuse {
                let table = self.folder.join(table.replace(OF, part));
                return Err(problem(&table, "", TextProblem::Empty { id, part: part.clone() }));
            }
            let count = texts.iter().filter(|text| text.trim().is_empty()).count();
            self.notes.push(format!("{split}: {count} texts of `{part}` are empty, the first is of id `{id}`"));
        }
        Ok(())
    }
}
