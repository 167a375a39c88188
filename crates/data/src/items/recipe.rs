//! Recipes for items that are pictures, sounds or captions, as a source file has them.

use std::collections::{BTreeMap, BTreeSet};

use files::jobs::Kind;
use serde::Deserialize;

use super::pattern::Pattern;
use crate::SplitName;

/// The field of the items' ids.
pub(super) const ID: &str = "id";
/// The field that names the folder of a picture.
pub(super) const FOLDER: &str = "folder";

/// The last part of a folder's path.
pub(super) fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

/// Recipe for the items of a data set and the parts that its views see.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "items (read, unpack, parts, labels, groups, hold_out, max_length)")]
pub struct Recipe {
    /// Listing of the items.
    pub read: Listing,
    /// Downloaded archives (`.tar.gz`) to unpack.
    #[serde(default)]
    pub unpack: Vec<String>,
    /// The part of the material that a view names with `of`. Named pictures have their views as parts.
    #[serde(default)]
    pub parts: BTreeMap<String, Content>,
    /// Fields of labels, by the name of the labelling.
    #[serde(default)]
    pub labels: BTreeMap<String, Field>,
    /// Fields of groups, by the name of the grouping.
    #[serde(default)]
    pub groups: BTreeMap<String, Field>,
    /// Validation items that are taken from train.
    pub hold_out: Option<HoldOut>,
    /// Number of tokens, special ones included, after which texts are cut; `None` leaves it to the encoder.
    pub max_length: Option<usize>,
}

/// Listing of the items of each split.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Listing {
    /// An item is a row of a table. Fields are its columns, its id is the split and the number of the row.
    Tables(BTreeMap<SplitName, String>),
    /// An item is a line of a list, which is its id. The only field is `id`.
    Lists(BTreeMap<SplitName, String>),
    /// Items follow from the names of pictures in folders. Fields are those of the names, and `folder`.
    Named(Named),
}

/// Pictures whose names say which view they belong to, and which item of the view.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "named pictures (folders, name, view, item, leave_out, alone, complete)")]
pub struct Named {
    /// Folders of each split. Items of different folders are different.
    pub folders: BTreeMap<SplitName, Vec<String>>,
    /// Form of the names. Files with another extension are ignored.
    pub name: Pattern,
    /// Field that says which view sees a picture. The view `of: "1"` sees the value with most pictures in train, and so on.
    pub view: String,
    /// Field of what is seen, such as a person: its k-th pictures in all views are one item.
    pub item: String,
    /// Values of fields whose pictures are left out.
    #[serde(default)]
    pub leave_out: BTreeMap<String, Vec<String>>,
    /// Values of `item` that stand for nothing in particular: each such picture is an item of its own, seen by one view.
    #[serde(default)]
    pub alone: Vec<String>,
    /// Splits whose items are cut to those that all views see; otherwise views miss items.
    #[serde(default)]
    pub complete: BTreeSet<SplitName>,
}

/// A part of every item. Several inputs of an item give the mean of their rows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a part (kind, column, lines, form, files)")]
pub struct Content {
    /// Kind of the inputs.
    pub kind: Kind,
    /// Column of the tables of items.
    pub column: Option<String>,
    /// File with a line for each input. Its form has `id`, the id of the item.
    pub lines: Option<String>,
    /// Form of the lines; for texts with `text`.
    pub form: Option<Pattern>,
    /// File of an input, from the fields of its line, or from `id`.
    pub files: Option<Pattern>,
}

/// A field of the items, or with `FIELD=VALUE` whether the field has this value: 1 or 0.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Field {
    /// Name of the field.
    pub name: String,
    /// The value to compare with.
    pub equals: Option<String>,
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self { name: name.to_owned(), equals: Some(value.to_owned()) },
            None => Self { name: text, equals: None },
        }
    }
}

impl Field {
    /// The label of an item whose field has this value.
    pub(super) fn label(&self, value: &str) -> String {
        match &self.equals {
            None => value.to_owned(),
            Some(wanted) => u8::from(wanted == value).to_string(),
        }
    }
}

/// Validation items, drawn from train by the seed of the source's splits. Each split keeps the order of the items.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a hold-out (share, stratify)")]
pub struct HoldOut {
    /// Share of the items of train.
    pub share: f64,
    /// Labelling whose classes keep their shares.
    pub stratify: String,
}

impl Recipe {
    /// The error that no type can express: the key, and the problem.
    pub fn problem(&self) -> Option<(String, String)> {
        let wrong = |key: &str, message: String| Some((key.to_owned(), message));
        let (key, splits) = match &self.read {
            Listing::Tables(tables) => ("read.tables", tables.keys().copied().collect()),
            Listing::Lists(lists) => ("read.lists", lists.keys().copied().collect()),
            Listing::Named(named) => ("read.named.folders", named.folders.keys().copied().collect::<Vec<_>>()),
        };
        if let Some(missing) = [SplitName::Train, SplitName::Test].iter().find(|split| !splits.contains(split)) {
            return wrong(key, format!("`{}` is missing", missing.name()));
        }
        if let Listing::Named(named) = &self.read {
            if let Some((split, _)) = named.folders.iter().find(|(_, folders)| folders.is_empty()) {
                let message = "found no folder, expected at least one folder of pictures".to_owned();
                return wrong(&format!("read.named.folders.{}", split.name()), message);
            }
            for (key, field) in [("view", &named.view), ("item", &named.item)] {
                if !named.name.names().any(|name| name == field) {
                    let known: Vec<&str> = named.name.names().collect();
                    let message = format!("found `{field}`, expected a name of the pattern: {}", known.join(", "));
                    return wrong(&format!("read.named.{key}"), message);
                }
            }
            if let Some(field) = named.leave_out.keys().find(|field| !named.name.names().any(|name| name == *field)) {
                let known: Vec<&str> = named.name.names().collect();
                let message = format!("found `{field}`, expected a name of the pattern: {}", known.join(", "));
                return wrong("read.named.leave_out", message);
            }
            if !self.parts.is_empty() {
                return wrong(
                    "parts",
                    "found `parts` beside `named`, whose parts are the views of the names".to_owned(),
                );
            }
        } else if self.parts.is_empty() {
            return wrong("parts", "is missing or empty; it says what the views see".to_owned());
        }
        let tables = matches!(self.read, Listing::Tables(_));
        for (part, content) in &self.parts {
            if let Some(message) = content.problem(tables) {
                return wrong(&format!("parts.{part}"), message);
            }
        }
        for (kind, lists) in [("labels", &self.labels), ("groups", &self.groups)] {
            for (name, field) in lists {
                if let Some(message) = self.unknown_field(field) {
                    return wrong(&format!("{kind}.{name}"), message);
                }
                let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) && !name.is_empty();
                if !plain || name == "id" || (kind == "groups" && self.labels.contains_key(name)) {
                    let message = format!(
                        "`{name}` is no name for a list; expected letters, digits, `_` and `-`, none twice, and not `id`"
                    );
                    return wrong(&format!("{kind}.{name}"), message);
                }
            }
        }
        if let Some(HoldOut { share, stratify }) = &self.hold_out {
            if !(*share > 0.0 && *share < 1.0) {
                return wrong("hold_out.share", format!("found {share}, expected a share above 0 and below 1"));
            }
            if !self.labels.contains_key(stratify) {
                return wrong("hold_out.stratify", format!("`labels` has no `{stratify}`"));
            }
            if splits.contains(&SplitName::Validation) {
                return wrong("hold_out", "found `hold_out` beside a listed validation split; remove one".to_owned());
            }
        }
        (self.max_length == Some(0)).then(|| ("max_length".to_owned(), "found 0, expected at least 1".to_owned()))
    }

    /// The problem of a field that no item has, as far as it is known before the material is read.
    fn unknown_field(&self, Field { name, equals }: &Field) -> Option<String> {
        let known: Vec<&str> = match &self.read {
            // Tables name their columns themselves.
            Listing::Tables(_) => return None,
            Listing::Lists(_) => vec![ID],
            Listing::Named(named) => named.name.names().chain([FOLDER]).collect(),
        };
        if !known.contains(&name.as_str()) {
            return Some(format!("found the field `{name}`, expected one of {}", known.join(", ")));
        }
        let Listing::Named(named) = &self.read else { return None };
        let folders: Vec<&str> = named.folders.values().flatten().map(|folder| last(folder)).collect();
        let value = equals.as_deref().filter(|value| name == FOLDER && !folders.contains(value))?;
        Some(format!("found the folder `{value}`, expected one of {}", folders.join(", ")))
    }

    /// All paths of the material, each with its key. They are relative to the source's folder; in patterns, the names
    /// in braces stand.
    pub fn paths(&self) -> Vec<(String, &str)> {
        let mut paths = Vec::new();
        match &self.read {
            Listing::Tables(files) | Listing::Lists(files) => {
                let kind = if matches!(self.read, Listing::Tables(_)) { "tables" } else { "lists" };
                let of_split = |split: &SplitName| format!("read.{kind}.{}", split.name());
                paths.extend(files.iter().map(|(split, file)| (of_split(split), file.as_str())));
            }
            Listing::Named(named) => {
                for (split, folders) in &named.folders {
                    let key = |i: usize| format!("read.named.folders.{}[{i}]", split.name());
                    paths.extend(folders.iter().enumerate().map(|(i, folder)| (key(i), folder.as_str())));
                }
            }
        }
        paths.extend(self.unpack.iter().enumerate().map(|(i, file)| (format!("unpack[{i}]"), file.as_str())));
        for (part, content) in &self.parts {
            paths.extend(content.lines.iter().map(|file| (format!("parts.{part}.lines"), file.as_str())));
            paths.extend(content.files.iter().map(|files| (format!("parts.{part}.files"), files.text())));
        }
        paths
    }

    /// The labellings, then the groupings: name and field.
    pub fn lists(&self) -> impl Iterator<Item = (&String, &Field)> {
        self.labels.iter().chain(&self.groups)
    }
}

impl Content {
    fn problem(&self, tables: bool) -> Option<String> {
        let texts = self.kind == Kind::Texts;
        let problem = match (&self.column, &self.lines, &self.form, &self.files) {
            (Some(_), None, None, None) if tables && self.kind != Kind::Sounds => return None,
            (None, Some(_), Some(form), files) if !tables => {
                let has = |name: &str| form.names().any(|known| known == name);
                match (has("id"), texts, files) {
                    (false, _, _) => "`form` has no `{id}`; it says to which item a line belongs",
                    (true, true, None) if has("text") => return None,
                    (true, true, _) => "expected a `form` with `{text}` and no `files`, because its kind is texts",
                    (true, false, Some(files)) if files.names().all(has) => return None,
                    (true, false, _) => "expected `files` with names that `form` has",
                }
            }
            (None, None, None, Some(files)) if !tables && !texts => {
                if files.names().eq(["id"]) {
                    return None;
                }
                "expected `files` with `{id}` alone, because there are no `lines`"
            }
            _ if tables => "expected `column` alone, of texts or pictures, because the items are rows of tables",
            _ => "expected `lines` with their `form`, or `files` of pictures or sounds",
        };
        Some(problem.to_owned())
    }
}
