//! Sources of a manifest: views and lists with their files and tensors.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use serde::Deserialize;

use crate::{DataError, Place, SplitName, read::Format, yaml::Located};

/// One encoder's embeddings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct View {
    /// The view's name.
    pub name: String,
    /// Encoder of the view.
    pub encoder: Option<String>,
    /// Licence of the view, if it differs from the manifest's.
    pub licence: Option<String>,
    /// Row numbers of the items of each split in the view's files, in their order, if the manifest's
    /// [`rows`](crate::Manifest::rows) do not apply: for views whose files list the items in different orders. A row may stand
    /// for several items.
    pub rows: Option<Source>,
    /// Its files.
    pub source: Source,
}

/// A labelling or a grouping.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Named {
    /// Name of the list, such as `intent`.
    pub name: String,
    /// Its files.
    pub source: Source,
}

/// Files with the values of each split.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Source {
    /// One entry for each of the manifest's splits.
    pub parts: BTreeMap<SplitName, Part>,
    /// Whether each part is a whole tensor of which the split takes its [`rows`](crate::Manifest::rows).
    pub by_rows: bool,
    /// Place of the source in the manifest.
    pub place: Place,
}

/// One tensor of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Path of the file, including the manifest's folder.
    pub file: PathBuf,
    /// SHA-256 of the file, verified if it is given.
    pub sha256: Option<String>,
    /// Name of the tensor; `None` for the only tensor of the file.
    pub tensor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a source (file and tensors or tensor, or files)")]
pub(super) struct RawSource {
    pub(super) file: Option<PathBuf>,
    pub(super) sha256: Option<String>,
    pub(super) tensor: Option<String>,
    pub(super) tensors: Option<BTreeMap<SplitName, String>>,
    pub(super) files: Option<BTreeMap<SplitName, RawFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file (file, sha256, tensor)")]
pub(super) struct RawFile {
    pub(super) file: PathBuf,
    pub(super) sha256: Option<String>,
    pub(super) tensor: Option<String>,
}

/// The checks that no type can express.
pub(super) struct Checker {
    pub(super) splits: Vec<SplitName>,
    /// Whether the manifest has row numbers for whole files.
    pub(super) has_rows: bool,
    pub(super) file: Located<()>,
}

impl Checker {
    /// Row numbers, given by split.
    pub(super) fn rows(&self, key: &str, raw: RawSource) -> Result<Source, DataError> {
        let rows = self.source(key, raw, true)?;
        if rows.by_rows {
            let message = "row numbers are given by split: `tensors: {train: ..., test: ...}` or `files: {...}`";
            return Err(self.file.error(key, message));
        }
        Ok(rows)
    }

    /// A source; `has_rows` tells whether row numbers assign the items of a whole file to splits.
    pub(super) fn source(&self, key: &str, raw: RawSource, has_rows: bool) -> Result<Source, DataError> {
        let place = self.file.place(key);
        let whole = raw.tensors.is_none() && has_rows;
        let parts = match (raw.file, raw.files) {
            (Some(_), Some(_)) => {
                let message =
                    "found both `file` and `files`, expected `file` (one for all splits) or `files` (one per split)";
                return Err(self.file.error(key, message));
            }
            (None, None) => {
                let message =
                    "found neither `file` nor `files`, expected `file` (one for all splits) or `files` (one per split)";
                return Err(self.file.error(key, message));
            }
            (Some(file), None) if whole => {
                let parts = self.whole_file(key, &file, raw.sha256, raw.tensor)?;
                return Ok(Source { parts, by_rows: true, place });
            }
            (file, files) => {
                if raw.tensor.is_some() {
                    let message = "found `tensor`, one array for all splits, in a manifest without `rows`; expected `tensors: {train: ..., test: ...}`, or `rows` with the rows of each split";
                    return Err(self.file.error(&format!("{key}.tensor"), message));
                }
                match (file, files) {
                    (Some(file), _) => self.one_file(key, file, raw.sha256, raw.tensors)?,
                    (None, files) => {
                        for (name, given) in [("sha256", raw.sha256.is_some()), ("tensors", raw.tensors.is_some())] {
                            if given {
                                let message =
                                    format!("`{name}` belongs to `file`; with `files`, every split has its own");
                                return Err(self.file.error(&format!("{key}.{name}"), message));
                            }
                        }
                        self.file_per_split(key, files.unwrap_or_default())?
                    }
                }
            }
        };
        Ok(Source { parts, by_rows: false, place })
    }

    /// One tensor for all splits; the manifest's rows assign its items to splits.
    fn whole_file(
        &self,
        key: &str,
        file: &Path,
        sha256: Option<String>,
        tensor: Option<String>,
    ) -> Result<BTreeMap<SplitName, Part>, DataError> {
        let file = self.resolve(&format!("{key}.file"), file)?;
        let part = Part { file, sha256: self.sum(&format!("{key}.sha256"), sha256)?, tensor };
        self.no_name(&format!("{key}.tensor"), &part)?;
        Ok(self.splits.iter().map(|&split| (split, part.clone())).collect())
    }

    /// Refuses the name of a tensor for an npy file, whose array has no name.
    pub(super) fn no_name(&self, key: &str, part: &Part) -> Result<(), DataError> {
        if part.tensor.is_some() && Format::of(&part.file).is_ok_and(|format| !format.has_names()) {
            let message = "an npy file holds one array without a name; remove `tensor`";
            return Err(self.file.error(key, message));
        }
        Ok(())
    }

    fn one_file(
        &self,
        key: &str,
        file: PathBuf,
        sha256: Option<String>,
        tensors: Option<BTreeMap<SplitName, String>>,
    ) -> Result<BTreeMap<SplitName, Part>, DataError> {
        let file = self.resolve(&format!("{key}.file"), &file)?;
        let sha256 = self.sum(&format!("{key}.sha256"), sha256)?;
        if Format::of(&file).is_ok_and(|format| !format.has_names()) {
            let message = "an npy file holds one array, so it cannot hold several splits; expected `files: {train: {file: ...}, test: {file: ...}}`";
            return Err(self.file.error(&format!("{key}.file"), message));
        }
        let Some(tensors) = tensors else {
            let message = "`tensors` is missing; it says which tensor of the file is which split: `tensors: {train: ..., test: ...}` (or give the manifest `rows`)";
            return Err(self.file.error(key, message));
        };
        self.cover(&format!("{key}.tensors"), tensors.keys())?;
        let part = |(split, tensor)| (split, Part { file: file.clone(), sha256: sha256.clone(), tensor: Some(tensor) });
        Ok(tensors.into_iter().map(part).collect())
    }

    fn file_per_split(
        &self,
        key: &str,
        files: BTreeMap<SplitName, RawFile>,
    ) -> Result<BTreeMap<SplitName, Part>, DataError> {
        self.cover(&format!("{key}.files"), files.keys())?;
        files
            .into_iter()
            .map(|(split, raw)| {
                let key = format!("{key}.files.{}", split.name());
                let file = self.resolve(&format!("{key}.file"), &raw.file)?;
                let sha256 = self.sum(&format!("{key}.sha256"), raw.sha256)?;
                let part = Part { file, sha256, tensor: raw.tensor };
                self.no_name(&format!("{key}.tensor"), &part)?;
                Ok((split, part))
            })
            .collect()
    }

    /// Checks that exactly the splits of the manifest are given: a missing one is a gap, an unknown one has no effect.
    fn cover<'a>(&self, key: &str, given: impl Iterator<Item = &'a SplitName>) -> Result<(), DataError> {
        let given: Vec<SplitName> = given.copied().collect();
        if let Some(missing) = self.splits.iter().find(|s| !given.contains(s)) {
            return Err(self.file.error(key, format!("split `{}` of `splits` is missing here", missing.name())));
        }
        if let Some(extra) = given.iter().find(|s| !self.splits.contains(s)) {
            let message = format!("split `{0}` is not among `splits`; add it there or remove it here", extra.name());
            return Err(self.file.error(&format!("{key}.{}", extra.name()), message));
        }
        Ok(())
    }

    /// The path from the working directory, after a check of its format.
    pub(super) fn resolve(&self, key: &str, file: &Path) -> Result<PathBuf, DataError> {
        let folder = self.file.path().parent().unwrap_or(Path::new(""));
        let file = tidy(&folder.join(file));
        Format::of(&file).map_err(|error| error.listed(&self.file.place(key)))?;
        Ok(file)
    }

    pub(super) fn sum(&self, key: &str, sum: Option<String>) -> Result<Option<String>, DataError> {
        let Some(sum) = sum else { return Ok(None) };
        if sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Some(sum.to_lowercase()));
        }
        let message = format!("`{sum}` is not a SHA-256; expected 64 hexadecimal digits, or null");
        Err(self.file.error(key, message))
    }
}

/// Shortens `a/../b` to `b`, if the folder before `..` is not a link, so that the file stays the same.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        let leaves_folder = matches!(tidy.components().next_back(), Some(Component::Normal(_))) && !tidy.is_symlink();
        match part {
            Component::CurDir => {}
            Component::ParentDir if leaves_folder => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}
