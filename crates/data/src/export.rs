//! Export of a data set to another format.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use align::Split;

use crate::{
    DataError, FileProblem, Manifest, SplitName, load,
    manifest::entry::{
        FileEntry, GROUPS, IDS, LABELS, ManifestEntry, SourceEntry, VIEW_ROWS, ViewEntry, by_name, tensor,
    },
    pieces::rows::MISSING,
    write::{self, Tensor, plain, same_file},
};

/// Formats for the export of embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One file per view, with one tensor per split.
    Safetensors,
    /// One file per view and split.
    Npy,
    /// One file per view and split, with the column `vector`.
    Parquet,
}

/// Writes every view (f32) and the labels, groups and ids to `folder`, with a manifest of the same name; returns its
/// path. A file that exists stays as it is unless `overwrite` is set.
///
/// # Errors
/// The errors of [`load`]; a folder that cannot be written, or in which a file would be overwritten; in any case a file of the
/// data set itself.
pub fn export(manifest: &Manifest, folder: &Path, format: ExportFormat, overwrite: bool) -> Result<PathBuf, DataError> {
    let loaded = load(manifest)?;
    let splits = loaded.splits();
    let mut names = FileNames::new(manifest, folder, overwrite);
    let items = names.file("items", "safetensors")?;
    let path = names.file(&manifest.name, "yaml")?;
    let mut views = Vec::new();
    let mut incomplete = Vec::new();
    for (position, view) in manifest.views.iter().enumerate() {
        let source = match format {
            ExportFormat::Safetensors => {
                let file = names.file(&view.name, "safetensors")?;
                let tensor = |(split, data): &(SplitName, &Split)| {
                    Tensor::matrix(split.name().to_owned(), &data.views.nth(position).observed())
                };
                let tensors: Vec<Tensor> = splits.iter().map(tensor).collect();
                let sha256 = write::safetensors(&folder.join(&file), &tensors)?;
                SourceEntry::by_split(file, Some(sha256), &manifest.splits, |split| split.name().to_owned())
            }
            ExportFormat::Npy | ExportFormat::Parquet => {
                let mut files = BTreeMap::new();
                for &(split, data) in &splits {
                    let values = data.views.nth(position).observed();
                    let (extension, tensor) = match format {
                        ExportFormat::Npy => ("npy", None),
                        _ => ("parquet", Some("vector".to_owned())),
                    };
                    let file = names.file(&format!("{}.{}", view.name, split.name()), extension)?;
                    let sha256 = write::matrix(folder.join(&file), &values)?;
                    files.insert(split, FileEntry { file, sha256, tensor });
                }
                SourceEntry { files, ..SourceEntry::default() }
            }
        };
        // The file holds the rows that there are; every other item has none.
        let of_split = |split: &Split| split.views.nth(position).observed_rows() < split.views.rows();
        if splits.iter().any(|(_, data)| of_split(data)) {
            incomplete.push(position);
        }
        views.push(ViewEntry { name: view.name.clone(), encoder: view.encoder.clone(), source, rows: None });
    }
    let mut tensors = Vec::new();
    for &position in &incomplete {
        for (split, data) in &splits {
            let view = data.views.nth(position);
            let mut next = 0..;
            let mut row = |item: usize| if view.has(item) { next.next().unwrap_or_default() } else { MISSING };
            let rows: Vec<i64> = (0..data.views.rows()).map(&mut row).collect();
            tensors.push(Tensor::integers(tensor(*split, VIEW_ROWS, view.name()), &rows));
        }
    }
    for (split, data) in &splits {
        for (kind, lists) in [(LABELS, &data.labels), (GROUPS, &data.groups)] {
            tensors.extend(lists.iter().map(|list| Tensor::integers(tensor(*split, kind, &list.name), &list.values)));
        }
        tensors.extend(data.ids.iter().map(|ids| Tensor::integers(tensor(*split, IDS, ""), ids)));
    }
    let sha256 = match tensors.as_slice() {
        [] => None,
        tensors => Some(write::safetensors(&folder.join(&items), tensors)?),
    };
    let source = |kind: &str, name: &str| {
        let tensor = |split: SplitName| tensor(split, kind, name);
        SourceEntry::by_split(items.clone(), sha256.clone(), &manifest.splits, tensor)
    };
    for &position in &incomplete {
        views[position].rows = Some(source(VIEW_ROWS, &views[position].name));
    }
    let entry = ManifestEntry {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        licence: manifest.licence.clone(),
        source: manifest.source.clone(),
        splits: manifest.splits.clone(),
        rows: None,
        views,
        labels: by_name(manifest.labels.iter().map(|l| l.name.as_str()), |name| source(LABELS, name)),
        ids: manifest.ids.as_ref().map(|_| source(IDS, "")),
        groups: by_name(manifest.groups.iter().map(|g| g.name.as_str()), |name| source(GROUPS, name)),
        roles: None,
    };
    let path = folder.join(path);
    write::yaml(&path, &entry)?;
    Ok(path)
}

/// Names of the output files: distinct even on systems that ignore case, and different from all input files.
struct FileNames<'a> {
    folder: &'a Path,
    overwrite: bool,
    read: Vec<PathBuf>,
    taken: BTreeSet<String>,
}

impl<'a> FileNames<'a> {
    fn new(manifest: &Manifest, folder: &'a Path, overwrite: bool) -> Self {
        let parts = manifest.sources().flat_map(|source| source.parts.values());
        let read = parts.map(|part| part.file.clone()).chain([manifest.place.file.clone()]).collect();
        Self { folder, overwrite, read, taken: BTreeSet::new() }
    }

    /// A free name of this kind.
    fn file(&mut self, name: &str, extension: &str) -> Result<PathBuf, DataError> {
        let stem = plain(name);
        let numbered = (2..).map(|i: usize| format!("{stem}-{i}.{extension}"));
        let mut candidates = std::iter::once(format!("{stem}.{extension}")).chain(numbered);
        let free = candidates.find(|name| self.taken.insert(name.to_lowercase())).unwrap_or_default();
        let path = self.folder.join(&free);
        if self.read.iter().any(|read| same_file(read, &path)) {
            return Err(DataError::file(path, FileProblem::IsInput));
        }
        if !self.overwrite && path.exists() {
            return Err(DataError::file(path, FileProblem::Exists));
        }
        Ok(PathBuf::from(free))
    }
}
