//! Recipes for texts in tables, as a source file has them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::SplitName;

/// Placeholder of a view's `of` in the name of a table.
pub const OF: &str = "{of}";

/// Recipe for the texts of a data set's views in its downloaded tables.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "texts (read, file and shuffle or files, labels, groups, empty, max_length)")]
pub struct Recipe {
    /// Layout of the tables.
    pub read: Layout,
    /// The table of all items, which `shuffle` splits. One `*` matches several files, which follow one another by name.
    pub file: Option<String>,
    /// The tables of each split, in place of `file`.
    #[serde(default)]
    pub files: BTreeMap<SplitName, String>,
    /// Split of the items of `file` into train and test.
    pub shuffle: Option<Shuffle>,
    /// Columns of labels, by the name of the labelling.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Columns of groups, by the name of the grouping.
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
    /// Treatment of texts that contain only white space.
    #[serde(default)]
    pub empty: Empty,
    /// Number of tokens, special ones included, after which texts are cut; `None` leaves it to the encoder.
    pub max_length: Option<usize>,
}

/// Layout of tables.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Layout {
    /// One table per part, with `{of}` in its name. Rows are matched by an id; items that every part has are used, in
    /// the order of the first part.
    Parts {
        /// The column with the text.
        text: String,
        /// The column with the id.
        id: String,
    },
    /// One column of one table per part.
    Columns,
    /// One language of one column per part; the column is a struct of two lists. Rows that have all parts are used.
    Translations {
        /// The column.
        column: String,
        /// Name of the list of languages.
        keys: String,
        /// Name of the list of texts.
        values: String,
    },
}

/// A random split.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a shuffle (python, train)")]
pub struct Shuffle {
    /// The seed of Python's `random.shuffle`.
    pub python: u64,
    /// Share of items in train, rounded down; the rest is test. Each split keeps the order of the table.
    pub train: f64,
}

/// Treatment of texts that contain only white space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Empty {
    /// An error, because the embedding of an empty text has no information about its item.
    #[default]
    Refuse,
    /// Such texts are kept and counted.
    Keep,
}

impl Recipe {
    /// The error that no type can express: the key, and the problem.
    pub fn problem(&self) -> Option<(String, String)> {
        let wrong = |key: &str, message: &str| Some((key.to_owned(), message.to_owned()));
        match (&self.file, self.files.is_empty(), &self.shuffle) {
            (Some(_), true, Some(_)) | (None, false, None) => {}
            (Some(_), true, None) => return wrong("file", "`shuffle` is missing; it says how `file` is split"),
            (None, false, Some(_)) => {
                return wrong(
                    "shuffle",
                    "found `shuffle` beside `files`, whose items are already split; expected `file`",
                );
            }
            (Some(_), false, _) => return wrong("files", "found both `file` and `files`, expected one of them"),
            (None, true, _) => return wrong("", "found neither `file` nor `files`, expected one of them"),
        }
        if let Some(missing) = [SplitName::Train, SplitName::Test]
            .iter()
            .find(|split| !self.files.is_empty() && !self.files.contains_key(split))
        {
            return Some(("files".to_owned(), format!("`{}` is missing", missing.name())));
        }
        if let Some(shuffle) = &self.shuffle
            && !(shuffle.train > 0.0 && shuffle.train < 1.0)
        {
            let message = format!("found {}, expected a share above 0 and below 1", shuffle.train);
            return Some(("shuffle.train".to_owned(), message));
        }
        let by_part = matches!(self.read, Layout::Parts { .. });
        for (key, name) in self.tables() {
            if name.contains(OF) != by_part {
                let problem = if by_part {
                    format!("`{name}` has no `{OF}`; every part has its own tables, so expected a name with `{OF}`")
                } else {
                    format!("`{name}` has `{OF}`; all parts are in one table, so expected a name without it")
                };
                return Some((key, problem));
            }
        }
        let plain =
            |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) && !name.is_empty();
        for (kind, lists) in [("labels", &self.labels), ("groups", &self.groups)] {
            for name in lists.keys() {
                let twice = kind == "groups" && self.labels.contains_key(name);
                if !plain(name) || name == "id" || twice {
                    let message = format!(
                        "`{name}` is no name for a list; expected letters, digits, `_` and `-`, none twice, and not `id`"
                    );
                    return Some((format!("{kind}.{name}"), message));
                }
            }
        }
        (self.max_length == Some(0)).then(|| ("max_length".to_owned(), "found 0, expected at least 1".to_owned()))
    }

    /// The resulting splits.
    pub fn splits(&self) -> Vec<SplitName> {
        match self.files.is_empty() {
            true => vec![SplitName::Train, SplitName::Test],
            false => self.files.keys().copied().collect(),
        }
    }

    /// The labellings, then the groupings: name and column.
    pub fn lists(&self) -> impl Iterator<Item = (&String, &String)> {
        self.labels.iter().chain(&self.groups)
    }

    /// The names of tables with their keys.
    pub fn tables(&self) -> Vec<(String, &str)> {
        let one = self.file.iter().map(|name| ("file".to_owned(), name.as_str()));
        let several = self.files.iter().map(|(split, name)| (format!("files.{}", split.name()), name.as_str()));
        one.chain(several).collect()
    }
}
