//! From a user's own files to a manifest: nothing of the embeddings is copied.

mod embedded;
mod items;
mod latentis;
mod split;

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use self::items::Items;
use crate::{
    DataError, SplitName,
    entry::{FileEntry, ManifestEntry, SourceEntry, ViewEntry},
    error::{FileProblem, Place, SetProblem},
    map::Mapped,
    read::Floats,
    rows::sum_of,
    write,
};

pub use embedded::{Embedded, embedded};
pub use latentis::latentis;

/// A part of a file as it is named on a command line: `file`, or `file#tensor` with a tensor, a column, `prefix*` for
/// several columns, or an array of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The file.
    pub file: PathBuf,
    /// Which of what it holds.
    pub tensor: Option<String>,
}

impl Member {
    fn place(&self, key: &str) -> Place {
        Place { file: self.file.clone(), line_col: None, key: key.to_owned() }
    }
}

impl From<PathBuf> for Member {
    /// The file's only tensor.
    fn from(file: PathBuf) -> Self {
        Self { file, tensor: None }
    }
}

impl FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (file, tensor) = text.split_once('#').map_or((text, None), |(file, tensor)| (file, Some(tensor)));
        if file.is_empty() || tensor.is_some_and(str::is_empty) {
            return Err(format!("`{text}` names no file; wanted FILE or FILE#TENSOR"));
        }
        Ok(Self { file: file.into(), tensor: tensor.map(str::to_owned) })
    }
}

/// `NAME=FILE#TENSOR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMember {
    /// The view's or labelling's name.
    pub name: String,
    /// Where its values are.
    pub member: Member,
}

impl FromStr for NamedMember {
    type Err = String;

    /// Without a name, it is the column's, or the file's.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, member) = match text.split_once('=') {
            Some((name, member)) if !name.is_empty() => (Some(name.to_owned()), member.parse::<Member>()?),
            Some(_) => return Err(format!("`{text}` has an empty name; wanted NAME=FILE#TENSOR")),
            None => (None, text.parse::<Member>()?),
        };
        let stem = || member.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.or_else(|| member.tensor.clone()).unwrap_or_else(stem);
        Ok(Self { name, member })
    }
}

/// The files of one split, or of all items before they are split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The views.
    pub views: Vec<NamedMember>,
    /// Labellings: integers, or texts that get a number each.
    pub labels: Vec<NamedMember>,
    /// Groupings of items that belong together, as labellings.
    pub groups: Vec<NamedMember>,
    /// One id for each item.
    pub ids: Option<Member>,
}

/// How items become splits.
#[derive(Clone, Debug, PartialEq)]
pub enum Splitting {
    /// By chance, keyed by the seed: these shares of all items for train and test, or train, validation and test. Items
    /// of a group stay together.
    Shares {
        /// The files, which hold all items.
        files: Files,
        /// Two or three numbers that sum to 1.
        shares: Vec<f64>,
        /// The seed.
        seed: u64,
    },
    /// The files are split already.
    Given(BTreeMap<SplitName, Files>),
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
    /// Where the manifest goes; what belongs to it goes beside it.
    pub manifest: PathBuf,
    /// Overwrite a manifest that is there.
    pub force: bool,
}

impl Import {
    fn view(&self, view: &NamedMember, source: SourceEntry) -> ViewEntry {
        let encoder = self.described.encoders.get(&view.name).cloned();
        ViewEntry { name: view.name.clone(), encoder, source }
    }
}

/// What an import has written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// The manifest.
    pub manifest: PathBuf,
    /// Labels, ids, groups and row numbers, where there are any.
    pub items: Option<PathBuf>,
    /// Items of each split.
    pub rows: BTreeMap<SplitName, usize>,
    /// Names of the classes and groups that were texts, by their numbers.
    pub texts: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<String> = self.rows.iter().map(|(split, rows)| format!("{} {rows}", split.name())).collect();
        write!(f, "{}: {}", self.manifest.display(), rows.join(", "))?;
        self.items.as_ref().map_or(Ok(()), |items| write!(f, " ({})", items.display()))
    }
}

/// Checks shapes, draws the split and writes the manifest with the files' checksums.
///
/// # Errors
/// A file that cannot be read, views with different numbers of rows, labels that are not one for each row, shares that
/// do not sum to 1, a manifest that is there already and not to be overwritten.
pub fn import(import: &Import) -> Result<Imported, DataError> {
    if import.manifest.exists() && !import.force {
        return Err(DataError::file(&import.manifest, FileProblem::Exists));
    }
    match &import.splitting {
        Splitting::Given(splits) => {
            let mut items = Items::default();
            let mut rows = BTreeMap::new();
            for (&split, files) in splits {
                let count = shapes(files)?;
                items.add(split, files, count, None)?;
                rows.insert(split, count);
            }
            let files: Vec<(SplitName, &Files)> = splits.iter().map(|(&split, files)| (split, files)).collect();
            finish(import, items, rows, views_by_split(import, &files)?)
        }
        Splitting::Shares { files, shares, seed } => {
            let count = shapes(files)?;
            let mut items = Items::default();
            let groups = items.group_of(files, count)?;
            let drawn = split::draw(count, groups.as_deref(), shares, *seed, &import.manifest)?;
            for (&split, rows) in &drawn {
                items.add(split, files, count, Some(rows))?;
            }
            let rows = drawn.iter().map(|(&split, rows)| (split, rows.len())).collect();
            finish(import, items, rows, whole_views(import, files)?)
        }
    }
}

/// Rows of all views, which must be the same.
fn shapes(files: &Files) -> Result<usize, DataError> {
    let mut first: Option<(&str, usize)> = None;
    for view in &files.views {
        let map = Mapped::open(&view.member.file)?;
        let floats = Floats::of(&view.member.file, map.bytes(), view.member.tensor.as_deref())?;
        let (name, want) = *first.get_or_insert((&view.name, floats.rows()));
        if floats.rows() != want {
            let (first, got) = (name.to_owned(), floats.rows());
            let problem =
                SetProblem::Rows { view: view.name.clone(), split: "this file", got, first, first_line: None, want };
            return Err(DataError::set(&view.member.place(""), problem));
        }
    }
    let place = files.views.first().map_or_else(|| Place::nowhere("--view"), |view| view.member.place(""));
    match first {
        Some((_, rows)) if files.views.len() >= 2 => Ok(rows),
        _ => Err(DataError::set(&place, SetProblem::TooFewViews { got: files.views.len() })),
    }
}

/// Files that hold all items, each with its checksum.
fn whole_views(import: &Import, files: &Files) -> Result<Vec<ViewEntry>, DataError> {
    let view = |view: &NamedMember| {
        let source = SourceEntry {
            file: Some(seen_from(&import.manifest, &view.member.file)),
            sha256: Some(sum_of(&view.member.file)?),
            tensor: view.member.tensor.clone(),
            ..SourceEntry::default()
        };
        Ok(import.view(view, source))
    };
    files.views.iter().map(view).collect()
}

/// Files of one split each; every split must have the same views.
fn views_by_split(import: &Import, splits: &[(SplitName, &Files)]) -> Result<Vec<ViewEntry>, DataError> {
    let Some((_, first)) = splits.first() else { return Ok(Vec::new()) };
    let mut views = Vec::new();
    for view in &first.views {
        let mut files = BTreeMap::new();
        for (split, of_split) in splits {
            let Some(part) = of_split.views.iter().find(|v| v.name == view.name) else {
                let known = of_split.views.iter().map(|v| v.name.clone()).collect();
                let problem = SetProblem::UnknownView { name: view.name.clone(), nearest: None, known };
                return Err(DataError::set(&Place::nowhere(split.name()), problem));
            };
            let file = seen_from(&import.manifest, &part.member.file);
            let entry = FileEntry { file, sha256: sum_of(&part.member.file)?, tensor: part.member.tensor.clone() };
            files.insert(*split, entry);
        }
        let source = SourceEntry { files, ..SourceEntry::default() };
        views.push(import.view(view, source));
    }
    Ok(views)
}

/// Writes the items and the manifest, the latter last.
fn finish(
    import: &Import,
    items: Items,
    rows: BTreeMap<SplitName, usize>,
    views: Vec<ViewEntry>,
) -> Result<Imported, DataError> {
    let order = [SplitName::Train, SplitName::Validation, SplitName::Test];
    let splits: Vec<SplitName> = order.into_iter().filter(|split| rows.contains_key(split)).collect();
    let file = import.manifest.with_extension("items.safetensors");
    let written = items.write(&file)?;
    let entries = items.entries(&seen_from(&import.manifest, &file), written.as_deref(), &splits);
    let described = &import.described;
    let entry = ManifestEntry {
        name: import.name.clone(),
        title: described.title.clone().unwrap_or_else(|| format!("{}, imported", import.name)),
        licence: described.licence.clone().unwrap_or_else(|| "unknown".to_owned()),
        source: described.source.clone().unwrap_or_else(|| "imported from own files".to_owned()),
        splits,
        rows: entries.rows,
        views,
        labels: entries.labels,
        ids: entries.ids,
        groups: entries.groups,
    };
    write::yaml(&import.manifest, &entry)?;
    let items_file = written.map(|_| file);
    Ok(Imported { manifest: import.manifest.clone(), items: items_file, rows, texts: items.texts() })
}

/// A file as the manifest names it: relative where it lies at or below the manifest's folder, else from the root.
pub(crate) fn seen_from(manifest: &Path, file: &Path) -> PathBuf {
    let absolute = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.into());
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, file) = (absolute(folder), absolute(file));
    file.strip_prefix(&folder).map(Path::to_path_buf).unwrap_or(file)
}
