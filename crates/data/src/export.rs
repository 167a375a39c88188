//! A data set in another format.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use align::Split;

use crate::{
    DataError, Manifest, SplitName,
    entry::{FileEntry, ManifestEntry, SourceEntry, ViewEntry, by_name},
    load,
    write::{self, Tensor},
};

/// The formats that embeddings can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One file for a view, a tensor for each split.
    Safetensors,
    /// One file for a view and split.
    Npy,
    /// One file for a view and split, with the column `vector`.
    Parquet,
}

/// Writes every view, f32, and what is known of the items to `folder`, with a manifest of the same name; returns its
/// path.
///
/// # Errors
/// All that [`load`] refuses; a folder that cannot be written.
pub fn export(manifest: &Manifest, folder: &Path, format: ExportFormat) -> Result<PathBuf, DataError> {
    let loaded = load(manifest)?;
    let splits = loaded.splits();
    let mut views = Vec::new();
    for (position, view) in manifest.views.iter().enumerate() {
        let stem = file_name(&view.name);
        let source = match format {
            ExportFormat::Safetensors => {
                let file = PathBuf::from(format!("{stem}.safetensors"));
                let tensor = |(split, data): &(SplitName, &Split)| {
                    Tensor::matrix(split.name().to_owned(), data.spaces.at(position))
                };
                let tensors: Vec<Tensor> = splits.iter().map(tensor).collect();
                let sha256 = write::safetensors(&folder.join(&file), &tensors)?;
                SourceEntry::by_split(file, Some(sha256), &manifest.splits, |split| split.name().to_owned())
            }
            ExportFormat::Npy | ExportFormat::Parquet => {
                let mut files = BTreeMap::new();
                for &(split, data) in &splits {
                    let values = data.spaces.at(position);
                    let (extension, tensor) = match format {
                        ExportFormat::Npy => ("npy", None),
                        _ => ("parquet", Some("vector".to_owned())),
                    };
                    let file = PathBuf::from(format!("{stem}.{}.{extension}", split.name()));
                    let sha256 = write::matrix(folder.join(&file), values)?;
                    files.insert(split, FileEntry { file, sha256, tensor });
                }
                SourceEntry { files, ..SourceEntry::default() }
            }
        };
        views.push(ViewEntry { name: view.name.clone(), encoder: view.encoder.clone(), source });
    }
    let mut tensors = Vec::new();
    for (split, data) in &splits {
        for list in data.labels.iter().chain(&data.groups) {
            tensors.push(Tensor::integers(format!("{}.{}", split.name(), list.name), &list.values));
        }
        if let Some(ids) = &data.ids {
            tensors.push(Tensor::integers(format!("{}.ids", split.name()), ids));
        }
    }
    let items = PathBuf::from("items.safetensors");
    let sha256 = match tensors.as_slice() {
        [] => None,
        tensors => Some(write::safetensors(&folder.join(&items), tensors)?),
    };
    let source = |name: &str| {
        let tensor = |split: SplitName| format!("{}.{name}", split.name());
        SourceEntry::by_split(items.clone(), sha256.clone(), &manifest.splits, tensor)
    };
    let entry = ManifestEntry {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        licence: manifest.licence.clone(),
        source: manifest.source.clone(),
        splits: manifest.splits.clone(),
        rows: None,
        views,
        labels: by_name(manifest.labels.iter().map(|l| l.name.as_str()), source),
        ids: manifest.ids.as_ref().map(|_| source("ids")),
        groups: by_name(manifest.groups.iter().map(|g| g.name.as_str()), source),
    };
    let path = folder.join(format!("{}.yaml", manifest.name));
    write::yaml(&path, &entry)?;
    Ok(path)
}

/// A view's name as a file's: whatever could lead to another folder becomes a dash.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(plain).collect::<String>().trim_start_matches('.').to_owned()
}
