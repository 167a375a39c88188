//! Import of a user's own files: a manifest is written, and embeddings are not copied, except for folders with one file
//! per item.

mod items;
mod join;
mod list;
mod member;
mod names;
mod problem;
mod queries;
mod request;
mod sources;
mod split;
mod staged;
mod strata;

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use self::{
    items::{Columns, Items, QUERY_IDS},
    join::Order,
    queries::{Documents, ORDER, Searched},
    sources::vectors::{Packed, packed},
    split::Drawn,
    staged::Staged,
};
use crate::{
    DataError, FileProblem, Place, SplitName, Warning,
    manifest::entry::{FileEntry, ManifestEntry, SourceEntry, ViewEntry},
    read::sha256_file,
    write::same_file,
};

pub use join::LeftOut;
pub use member::{Member, NamedMember};
pub use problem::ImportProblem;
pub use request::{Described, Files, Import, QueryFiles, Splitting};
pub use sources::beir::{Beir, beir};
pub use sources::embedded::{Embedded, embedded};
pub use sources::latentis::latentis;
pub(crate) use split::{Population, assign};
pub use strata::Strata;

/// Result of an import.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// The manifest.
    pub manifest: PathBuf,
    /// File of labels, ids, groups and row numbers, if there are any.
    pub items: Option<PathBuf>,
    /// Number of items of each split.
    pub rows: BTreeMap<SplitName, usize>,
    /// Names of the classes by their numbers, for labellings that were texts.
    pub texts: BTreeMap<String, Vec<String>>,
    /// Names of the groups by their numbers, for groupings that were texts.
    pub group_texts: BTreeMap<String, Vec<String>>,
    /// Rows that were left out, if files are joined by ids.
    pub left_out: Vec<LeftOut>,
    /// Deviation of the splits from the shares of classes, if they are stratified.
    pub strata: Option<Strata>,
    /// Warnings about the data.
    pub warnings: Vec<Warning>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<String> = self.rows.iter().map(|(split, rows)| format!("{} {rows}", split.name())).collect();
        write!(f, "{}: {}", self.manifest.display(), rows.join(", "))?;
        self.items.as_ref().map_or(Ok(()), |items| write!(f, " ({})", items.display()))
    }
}

/// Checks shapes, draws the split, loads everything like a run, and then writes the manifest with the files' checksums.
/// Existing files stay until correct ones replace them.
///
/// # Errors
/// A file that cannot be read, views with different numbers of rows, labels that are not one per row, a name given
/// twice, shares that do not sum to 1, the errors of [`load`](crate::load), a manifest that exists and may not be
/// overwritten, or that is itself one of the input files.
pub fn import(import: &Import) -> Result<Imported, DataError> {
    check_free(import, &import.manifest)?;
    let packed = prepare(import)?;
    let set = match &packed.import.splitting {
        Splitting::Given(splits) => given(&packed.import, splits)?,
        Splitting::Shares { files, shares, seed, stratify } => {
            let whole = Whole::of(&packed.import, files, stratify.as_deref())?;
            whole.set(&split::draw(whole.population(), shares, *seed, &import.manifest)?)?
        }
    };
    let sound = set.sound(import, &packed.files)?;
    put(packed.files)?;
    sound.put()
}

/// Like [`import`], with one manifest per fold: `mine.fold1.yaml`, `mine.fold2.yaml` and so on for `mine.yaml`. Every
/// item is in test of exactly one fold and in train of all others; shares are not used.
///
/// # Errors
/// The errors of [`import`]; fewer than two folds, or more than there are items or groups; files that are split
/// already.
pub fn import_folds(import: &Import, folds: usize) -> Result<Vec<Imported>, DataError> {
    let named = |fold: usize| {
        let end = format!("fold{fold}");
        let manifest = import.manifest.with_extension(format!("{end}.yaml"));
        Import { name: format!("{}.{end}", import.name), manifest, ..import.clone() }
    };
    let named: Vec<Import> = (1..=folds).map(named).collect();
    named.iter().try_for_each(|named| check_free(import, &named.manifest))?;
    let packed = prepare(import)?;
    let Splitting::Shares { files, seed, stratify, .. } = &packed.import.splitting else {
        return Err(DataError::import(&Place::nowhere("splits"), ImportProblem::FoldsOfSplits));
    };
    let whole = Whole::of(&packed.import, files, stratify.as_deref())?;
    let drawn = split::folds(whole.population(), folds, *seed, &import.manifest)?;
    let sound: Result<Vec<Sound>, DataError> =
        named.iter().zip(&drawn).map(|(named, drawn)| whole.set(drawn)?.sound(named, &packed.files)).collect();
    let sound = sound?;
    put(packed.files)?;
    sound.into_iter().map(Sound::put).collect()
}

/// Checks that neither the manifest nor its items overwrite an existing file.
fn check_free(import: &Import, manifest: &Path) -> Result<(), DataError> {
    for file in [manifest, &items_of(manifest), &judgements_of(manifest)] {
        let of_queries = |queries: &QueryFiles| same_file(&queries.judgements, file);
        let members = || import.splitting.members().any(|member| same_file(&member.file, file));
        if members() || import.queries.as_ref().is_some_and(of_queries) {
            return Err(DataError::file(file, FileProblem::IsInput));
        }
        if file.exists() && !import.force {
            return Err(DataError::file(file, FileProblem::Exists));
        }
    }
    Ok(())
}

/// The request with checked names, and with files in place of folders.
fn prepare(import: &Import) -> Result<Packed, DataError> {
    names::check(&import.splitting)?;
    let packed = packed(import)?;
    names::check(&packed.import.splitting)?;
    Ok(packed)
}

/// Puts packed folders in their places; lists of ids are no longer needed.
fn put(packed: Vec<files::Staged>) -> Result<(), DataError> {
    for file in packed.into_iter().filter(|file| file.path() != file.part()) {
        let path = file.path().to_owned();
        file.publish().map_err(|reason| DataError::unwritable(&path, reason))?;
    }
    Ok(())
}

/// Files that hold all items.
struct Whole<'a> {
    files: &'a Files,
    order: Order,
    columns: Columns,
    groups: Option<Vec<i64>>,
    /// The labelling to stratify by, and its classes.
    strata: Option<(String, Vec<i64>)>,
    views: Vec<ViewEntry>,
}

impl<'a> Whole<'a> {
    fn of(import: &Import, files: &'a Files, stratify: Option<&str>) -> Result<Self, DataError> {
        let order = Order::of(files, import.allow_missing)?;
        let columns = Columns::read(files, &order, order.repeated())?;
        let groups = columns.groups();
        let classes = |name: &str| -> Result<_, DataError> {
            let (labelling, classes) = columns.classes(name, &import.manifest)?;
            Ok((labelling.to_owned(), classes))
        };
        let strata = stratify.map(classes).transpose()?;
        Ok(Self { files, groups, strata, views: whole_views(import, files)?, order, columns })
    }

    fn population(&self) -> Population<'_> {
        let classes = self.strata.as_ref().map(|(_, classes)| classes.as_slice());
        Population { items: self.order.count(), groups: self.groups.as_deref(), classes }
    }

    /// The data set with these splits.
    fn set(&self, drawn: &Drawn) -> Result<Set, DataError> {
        let mut items = Items::default();
        for (&split, rows) in drawn {
            items.add(split, self.files, &self.order, &self.columns, Some(rows));
        }
        let rows = drawn.iter().map(|(&split, rows)| (split, rows.len())).collect();
        let [texts, _] = items.texts();
        let strata = self.strata.as_ref().map(|(labelling, classes)| {
            let text = |class: i64| texts.get(labelling)?.get(usize::try_from(class).ok()?).cloned();
            let name = |class: i64| text(class).unwrap_or_else(|| class.to_string());
            Strata::of(labelling, self.groups.is_some(), classes, drawn, name)
        });
        let documents = self.documents(drawn);
        Ok(Set { items, rows, left_out: self.order.left_out().to_vec(), views: self.views.clone(), strata, documents })
    }

    /// The items in the order of the index: that of the files if they have one, otherwise split after split.
    fn documents(&self, drawn: &Drawn) -> Documents {
        let one_order = self.files.views.iter().all(|view| self.order.rows(&view.name).is_none());
        let order: Vec<usize> = match one_order {
            true => (0..self.order.count()).collect(),
            false => ORDER.iter().filter_map(|split| drawn.get(split)).flatten().copied().collect(),
        };
        let of = |ids: &Vec<String>| order.iter().map(|&item| ids[item].clone()).collect();
        Documents { count: order.len(), ids: self.columns.ids.as_ref().map(of) }
    }
}

/// The data set of files that are split already.
fn given(import: &Import, splits: &BTreeMap<SplitName, Files>) -> Result<Set, DataError> {
    let mut items = Items::default();
    let (mut rows, mut left_out) = (BTreeMap::new(), Vec::new());
    let mut ids: BTreeMap<SplitName, Option<Vec<String>>> = BTreeMap::new();
    let orders: Vec<Order> =
        splits.values().map(|files| Order::of(files, import.allow_missing)).collect::<Result<_, _>>()?;
    // All splits have the same lists, also if ids are repeated in one of them only.
    let repeated = orders.iter().any(Order::repeated);
    for ((&split, files), order) in splits.iter().zip(orders) {
        let columns = Columns::read(files, &order, repeated)?;
        items.add(split, files, &order, &columns, None);
        ids.insert(split, columns.ids);
        rows.insert(split, order.count());
        left_out.extend_from_slice(order.left_out());
    }
    let files: Vec<(SplitName, &Files)> = splits.iter().map(|(&split, files)| (split, files)).collect();
    let in_order = ORDER.iter().filter_map(|split| ids.remove(split));
    let ids = in_order.collect::<Option<Vec<_>>>().map(|ids| ids.concat());
    let documents = Documents { count: rows.values().sum(), ids };
    Ok(Set { items, rows, left_out, views: views_by_split(import, &files)?, strata: None, documents })
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

/// Files of one split each; every split has the same views, which was checked before.
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

/// Path of the file of labels, groups, ids and row numbers.
fn items_of(manifest: &Path) -> PathBuf {
    manifest.with_extension("items.safetensors")
}

/// Path of the judgements.
fn judgements_of(manifest: &Path) -> PathBuf {
    manifest.with_extension("judgements.tsv")
}

/// A data set before it is written.
struct Set {
    items: Items,
    rows: BTreeMap<SplitName, usize>,
    left_out: Vec<LeftOut>,
    views: Vec<ViewEntry>,
    strata: Option<Strata>,
    documents: Documents,
}

/// A data set that was loaded like in a run, before it is moved to its place.
struct Sound {
    staged: Staged,
    judged: Option<Staged>,
    text: String,
    done: Imported,
}

impl Set {
    /// Writes the items under another name and loads the manifest's content; `packed` are files that are not yet in
    /// their places.
    fn sound(mut self, import: &Import, packed: &[files::Staged]) -> Result<Sound, DataError> {
        let order = [SplitName::Train, SplitName::Validation, SplitName::Test];
        let splits: Vec<SplitName> = order.into_iter().filter(|split| self.rows.contains_key(split)).collect();
        let searched = import
            .queries
            .as_ref()
            .map(|queries| Searched::of(import, queries, &self.documents, |file| seen_from(&import.manifest, file)))
            .transpose()?;
        self.items.queries = searched.as_ref().and_then(|searched| searched.ids.clone());
        let file = items_of(&import.manifest);
        let staged = Staged::beside(&file);
        let written = self.items.write(staged.path())?;
        let named = seen_from(&import.manifest, &file);
        let mut entries = self.items.entries(&named, written.as_deref(), &splits);
        self.views.iter_mut().for_each(|view| view.rows = entries.view_rows.remove(&view.name));
        let mut moved = vec![(named, staged.path().to_owned())];
        for file in packed {
            let part = seen_from(&import.manifest, file.part());
            let path = part.with_file_name(file.path().file_name().unwrap_or_default());
            self.views.iter_mut().for_each(|view| view.source.rename(&part, &path));
            moved.push((path, file.part().to_owned()));
        }
        let judgements = judgements_of(&import.manifest);
        let judged = searched.as_ref().map(|_| Staged::beside(&judgements));
        let roles = match (searched, &judged) {
            (Some(searched), Some(judged)) => {
                let part = judged.path();
                fs::write(part, &searched.text).map_err(|reason| DataError::unwritable(part, reason))?;
                let mut roles = searched.roles;
                roles.queries.judgements.file = seen_from(&import.manifest, &judgements);
                roles.queries.ids = self.items.queries.as_ref().and(written.as_ref()).map(|sha256| FileEntry {
                    file: seen_from(&import.manifest, &file),
                    sha256: sha256.clone(),
                    tensor: Some(QUERY_IDS.to_owned()),
                });
                moved.push((roles.queries.judgements.file.clone(), part.to_owned()));
                Some(roles)
            }
            _ => None,
        };
        let described = &import.described;
        let entry = ManifestEntry {
            name: import.name.clone(),
            title: described.title.clone().unwrap_or_else(|| format!("{}, imported", import.name)),
            licence: described.licence.clone().unwrap_or_else(|| "unknown".to_owned()),
            source: described.source.clone().unwrap_or_else(|| "imported from own files".to_owned()),
            splits,
            rows: entries.rows,
            views: self.views,
            labels: entries.labels,
            ids: entries.ids,
            groups: entries.groups,
            roles,
        };
        let (text, warnings) = staged.sound(&import.manifest, &entry, &moved)?;
        let [texts, group_texts] = self.items.texts();
        let done = Imported {
            manifest: import.manifest.clone(),
            items: written.map(|_| file),
            rows: self.rows,
            texts,
            group_texts,
            left_out: self.left_out,
            strata: self.strata,
            warnings,
        };
        Ok(Sound { staged, judged, text, done })
    }
}

impl Sound {
    fn put(self) -> Result<Imported, DataError> {
        if let Some(judged) = self.judged {
            judged.put(&judgements_of(&self.done.manifest))?;
        }
        self.staged.publish(&self.done.manifest, &self.text, self.done.items.as_deref())?;
        Ok(self.done)
    }
}

/// A file's path in the manifest: relative if it is at or below the manifest's folder, else absolute.
pub(crate) fn seen_from(manifest: &Path, file: &Path) -> PathBuf {
    let absolute = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.into());
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, file) = (absolute(folder), absolute(file));
    file.strip_prefix(&folder).map(Path::to_path_buf).unwrap_or(file)
}
