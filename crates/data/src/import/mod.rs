//! From a user's own files to a manifest: nothing of the embeddings is copied.

mod embedded;
mod items;
mod join;
mod latentis;
mod list;
mod member;
mod names;
mod problem;
mod request;
mod split;
mod staged;

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use self::{items::Items, join::Order, staged::Staged};
use crate::{
    DataError, FileProblem, SplitName, Warning,
    manifest::entry::{FileEntry, ManifestEntry, SourceEntry, ViewEntry},
    read::sha256_file,
};

pub use embedded::{Embedded, embedded};
pub use join::LeftOut;
pub use latentis::latentis;
pub use member::{Member, NamedMember};
pub use problem::ImportProblem;
pub use request::{Described, Files, Import, Splitting};

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
    /// Of labellings that were texts, the classes' names by their numbers.
    pub texts: BTreeMap<String, Vec<String>>,
    /// Of groupings that were texts, the groups' names by their numbers.
    pub group_texts: BTreeMap<String, Vec<String>>,
    /// Rows that are in no other file, where files are joined by ids.
    pub left_out: Vec<LeftOut>,
    /// What is odd about the data.
    pub warnings: Vec<Warning>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<String> = self.rows.iter().map(|(split, rows)| format!("{} {rows}", split.name())).collect();
        write!(f, "{}: {}", self.manifest.display(), rows.join(", "))?;
        self.items.as_ref().map_or(Ok(()), |items| write!(f, " ({})", items.display()))
    }
}

/// Checks shapes, draws the split, loads all of it as a run would and then writes the manifest with the files'
/// checksums. What was there before stays until it is replaced by something sound.
///
/// # Errors
/// A file that cannot be read, views with different numbers of rows, labels that are not one for each row, a name given
/// twice, shares that do not sum to 1, all that [`load`](crate::load) refuses, a manifest that is there already and not to
/// be overwritten, or that is itself one of the files that are read.
pub fn import(import: &Import) -> Result<Imported, DataError> {
    let items = items_of(&import.manifest);
    for file in [&import.manifest, &items] {
        if import.splitting.members().any(|member| same_file(&member.file, file)) {
            return Err(DataError::file(file, FileProblem::IsInput));
        }
        if file.exists() && !import.force {
            return Err(DataError::file(file, FileProblem::Exists));
        }
    }
    names::check(&import.splitting)?;
    match &import.splitting {
        Splitting::Given(splits) => {
            let mut items = Items::default();
            let (mut rows, mut left_out) = (BTreeMap::new(), Vec::new());
            for (&split, files) in splits {
                let order = Order::of(files)?;
                items.add(split, files, &order, None)?;
                rows.insert(split, order.count());
                left_out.extend(order.left_out());
            }
            let files: Vec<(SplitName, &Files)> = splits.iter().map(|(&split, files)| (split, files)).collect();
            finish(import, items, (rows, left_out), views_by_split(import, &files)?)
        }
        Splitting::Shares { files, shares, seed } => {
            let order = Order::of(files)?;
            let mut items = Items::default();
            let groups = items.group_of(files, &order)?;
            let drawn = split::draw(order.count(), groups.as_deref(), shares, *seed, &import.manifest)?;
            for (&split, rows) in &drawn {
                items.add(split, files, &order, Some(rows))?;
            }
            let rows = drawn.iter().map(|(&split, rows)| (split, rows.len())).collect();
            finish(import, items, (rows, order.left_out()), whole_views(import, files)?)
        }
    }
}

/// Files that hold all items, each with its checksum.
fn whole_views(import: &Import, files: &Files) -> Result<Vec<ViewEntry>, DataError> {
    let view = |view: &NamedMember| {
        let source = SourceEntry {
            file: Some(seen_from(&import.manifest, &view.member.file)),
            sha256: Some(sha256_file(&view.member.file)?),
            tensor: view.member.tensor.clone(),
            ..SourceEntry::default()
        };
        Ok(import.view(view, source))
    };
    files.views.iter().map(view).collect()
}

/// Files of one split each; every split has the same views, which has been checked.
fn views_by_split(import: &Import, splits: &[(SplitName, &Files)]) -> Result<Vec<ViewEntry>, DataError> {
    let Some((_, first)) = splits.first() else { return Ok(Vec::new()) };
    let mut views = Vec::new();
    for view in &first.views {
        let mut files = BTreeMap::new();
        for (split, of_split) in splits {
            for part in of_split.views.iter().filter(|part| part.name == view.name) {
                let file = seen_from(&import.manifest, &part.member.file);
                let sha256 = sha256_file(&part.member.file)?;
                files.insert(*split, FileEntry { file, sha256, tensor: part.member.tensor.clone() });
            }
        }
        let source = SourceEntry { files, ..SourceEntry::default() };
        views.push(import.view(view, source));
    }
    Ok(views)
}

/// Where labels, groups, ids and row numbers go.
fn items_of(manifest: &Path) -> PathBuf {
    manifest.with_extension("items.safetensors")
}

/// Writes the items under another name, loads what the manifest says, and puts both in their places.
fn finish(
    import: &Import,
    items: Items,
    (rows, left_out): (BTreeMap<SplitName, usize>, Vec<LeftOut>),
    mut views: Vec<ViewEntry>,
) -> Result<Imported, DataError> {
    let order = [SplitName::Train, SplitName::Validation, SplitName::Test];
    let splits: Vec<SplitName> = order.into_iter().filter(|split| rows.contains_key(split)).collect();
    let file = items_of(&import.manifest);
    let staged = Staged::beside(&file);
    let written = items.write(staged.path())?;
    let named = seen_from(&import.manifest, &file);
    let mut entries = items.entries(&named, written.as_deref(), &splits);
    views.iter_mut().for_each(|view| view.rows = entries.view_rows.remove(&view.name));
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
    let warnings = staged.publish(&import.manifest, &entry, &named, written.as_ref().map(|_| file.as_path()))?;
    let [texts, group_texts] = items.texts();
    let items_file = written.map(|_| file);
    Ok(Imported { manifest: import.manifest.clone(), items: items_file, rows, texts, group_texts, left_out, warnings })
}

/// Whether two paths lead to one file that is there.
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// A file as the manifest names it: relative where it lies at or below the manifest's folder, else from the root.
pub(crate) fn seen_from(manifest: &Path, file: &Path) -> PathBuf {
    let absolute = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.into());
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, file) = (absolute(folder), absolute(file));
    file.strip_prefix(&folder).map(Path::to_path_buf).unwrap_or(file)
}
