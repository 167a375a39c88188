//! Manifests: descriptions of data sets.

pub(crate) mod catalogue;
pub(crate) mod entry;
pub(crate) mod splits;

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    DataError, Place, SetProblem, SplitName,
    read::Format,
    yaml::{self, Located},
};

/// A data set on disk: its views, labels, ids and groups, and their origin.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifest {
    /// Name of the data set in grids.
    pub name: String,
    /// Description in a few words.
    pub title: String,
    /// Licence of the data set; a view's own licence takes precedence.
    pub licence: String,
    /// Origin of texts, pictures and encoders.
    pub source: String,
    /// Sentence that is shown if these data stand in for another set.
    pub summary: Option<String>,
    /// The splits, in the manifest's order.
    pub splits: Vec<SplitName>,
    /// Row numbers of each split in whole files, if the files are not split themselves.
    pub rows: Option<Source>,
    /// The views, in the manifest's order.
    pub views: Vec<View>,
    /// Labellings in the manifest's order.
    pub labels: Vec<Named>,
    /// Unique ids of the items.
    pub ids: Option<Source>,
    /// Groups of items that belong together, in the manifest's order.
    pub groups: Vec<Named>,
    /// The whole file, for messages.
    pub place: Place,
}

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
    /// [`rows`](Manifest::rows) do not apply: for views whose files list the items in different orders. A row may stand
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
    /// Whether each part is a whole tensor of which the split takes its [`rows`](Manifest::rows).
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
#[serde(deny_unknown_fields, expecting = "a manifest (name, title, licence, source, splits, views, ...)")]
struct RawManifest {
    name: String,
    title: String,
    licence: String,
    source: String,
    summary: Option<String>,
    splits: Vec<SplitName>,
    rows: Option<RawSource>,
    views: Vec<RawView>,
    #[serde(default)]
    labels: BTreeMap<String, RawSource>,
    ids: Option<RawSource>,
    #[serde(default)]
    groups: BTreeMap<String, RawSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a view (name, encoder, licence, rows, file and tensors or tensor, or files)")]
struct RawView {
    name: String,
    encoder: Option<String>,
    licence: Option<String>,
    rows: Option<RawSource>,
    file: Option<PathBuf>,
    sha256: Option<String>,
    tensor: Option<String>,
    tensors: Option<BTreeMap<SplitName, String>>,
    files: Option<BTreeMap<SplitName, RawFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a source (file and tensors or tensor, or files)")]
struct RawSource {
    file: Option<PathBuf>,
    sha256: Option<String>,
    tensor: Option<String>,
    tensors: Option<BTreeMap<SplitName, String>>,
    files: Option<BTreeMap<SplitName, RawFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file (file, sha256, tensor)")]
struct RawFile {
    file: PathBuf,
    sha256: Option<String>,
    tensor: Option<String>,
}

impl Manifest {
    /// Reads and checks a manifest; its files are not opened.
    ///
    /// # Errors
    /// The errors of [`yaml::read`], and: `train` or `test` missing among the splits, a split given twice, fewer than
    /// two views, a view name given twice, neither or both of `file` and `files`, a split without a file or tensor, a
    /// tensor or file for an unknown split, an invalid `sha256`, an unknown format.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        Self::check(yaml::read(path)?, None)
    }

    /// Like [`Manifest::read`], from a text; `path` gives the folder and is used in messages.
    ///
    /// # Errors
    /// The errors of [`Manifest::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, DataError> {
        Self::check(yaml::parse(path, text, |_| ())?, None)
    }

    /// Like [`Manifest::read`], for a manifest that must have this name.
    pub(crate) fn read_named(path: &Path, name: &str) -> Result<Self, DataError> {
        Self::check(yaml::read(path)?, Some(name))
    }

    /// The files of the manifest that do not exist, in its order, each once. A data set with a missing file has not
    /// been downloaded; a stand-in may take its place.
    pub fn missing_files(&self) -> Vec<PathBuf> {
        let mut missing: Vec<PathBuf> = Vec::new();
        for source in self.sources() {
            for part in source.parts.values() {
                if !part.file.exists() && !missing.contains(&part.file) {
                    missing.push(part.file.clone());
                }
            }
        }
        missing
    }

    /// All sources: rows, views, labels, ids, groups.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        let views = self.views.iter().flat_map(|v| v.rows.iter().chain([&v.source]));
        let labels = self.labels.iter().map(|l| &l.source);
        self.rows.iter().chain(views).chain(labels).chain(&self.ids).chain(self.groups.iter().map(|g| &g.source))
    }

    /// All sources, mutable.
    pub(crate) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        let views = self.views.iter_mut().flat_map(|v| v.rows.iter_mut().chain([&mut v.source]));
        let labels = self.labels.iter_mut().map(|l| &mut l.source);
        let groups = self.groups.iter_mut().map(|g| &mut g.source);
        self.rows.iter_mut().chain(views).chain(labels).chain(&mut self.ids).chain(groups)
    }

    fn check(file: Located<RawManifest>, name: Option<&str>) -> Result<Self, DataError> {
        let (raw, file) = file.into_parts();
        if let Some(name) = name.filter(|name| *name != raw.name) {
            let message = format!(
                "`{}`, but the file is `{name}.yaml`; a manifest in the catalogue bears its file's name",
                raw.name
            );
            return Err(file.error("name", message));
        }
        Checker { splits: raw.splits.clone(), has_rows: raw.rows.is_some(), file }.run(raw)
    }
}

/// The checks that no type can express.
struct Checker {
    splits: Vec<SplitName>,
    /// Whether the manifest has row numbers for whole files.
    has_rows: bool,
    file: Located<()>,
}

impl Checker {
    fn run(self, raw: RawManifest) -> Result<Manifest, DataError> {
        self.check_splits()?;

        let mut errors: Vec<DataError> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut views: Vec<View> = Vec::new();
        for (i, view) in raw.views.into_iter().enumerate() {
            let key = format!("views[{i}]");
            if let Some(first) = names.iter().position(|name| *name == view.name) {
                let message = format!(
                    "view `{}` is given twice, first as views[{first}]; every view needs its own name",
                    view.name
                );
                errors.push(self.file.error(&format!("{key}.name"), message));
            }
            names.push(view.name.clone());
            let RawView { name, encoder, licence, rows, file, sha256, tensor, tensors, files } = view;
            let source = RawSource { file, sha256, tensor, tensors, files };
            let source = self.source(&key, source, self.has_rows || rows.is_some());
            let rows = rows.map(|rows| self.rows(&format!("{key}.rows"), rows)).transpose();
            match (source, rows) {
                (Ok(source), Ok(rows)) => views.push(View { name, encoder, licence, rows, source }),
                (source, rows) => errors.extend(source.err().into_iter().chain(rows.err())),
            }
        }
        if names.len() < 2 {
            errors.push(DataError::set(&self.file.place("views"), SetProblem::TooFewViews { got: names.len() }));
        }
        let ids = raw.ids.map(|ids| self.source("ids", ids, self.has_rows)).transpose();
        let rows = raw.rows.map(|rows| self.rows("rows", rows)).transpose();
        let (labels, groups) = (self.named("labels", raw.labels), self.named("groups", raw.groups));
        let (ids, rows, labels, groups) = match (ids, rows, labels, groups) {
            (Ok(ids), Ok(rows), Ok(labels), Ok(groups)) if errors.is_empty() => (ids, rows, labels, groups),
            (ids, rows, labels, groups) => {
                errors.extend(ids.err().into_iter().chain(rows.err()).chain(labels.err()).chain(groups.err()));
                return Err(DataError::several(errors));
            }
        };
        Ok(Manifest {
            labels,
            groups,
            name: raw.name,
            title: raw.title,
            licence: raw.licence,
            source: raw.source,
            summary: raw.summary,
            place: self.file.place(""),
            splits: self.splits,
            rows,
            views,
            ids,
        })
    }

    /// Row numbers, given by split.
    fn rows(&self, key: &str, raw: RawSource) -> Result<Source, DataError> {
        let rows = self.source(key, raw, true)?;
        if rows.by_rows {
            let message = "row numbers are given by split: `tensors: {train: ..., test: ...}` or `files: {...}`";
            return Err(self.file.error(key, message));
        }
        Ok(rows)
    }

    fn check_splits(&self) -> Result<(), DataError> {
        for (i, split) in self.splits.iter().enumerate() {
            if self.splits[..i].contains(split) {
                let message = format!("`{}` is given twice; name every split once", split.name());
                return Err(self.file.error(&format!("splits[{i}]"), message));
            }
        }
        for needed in [SplitName::Train, SplitName::Test] {
            if !self.splits.contains(&needed) {
                let message = format!(
                    "`{}` is missing; a data set needs `train` to fit on and `test` to be judged on",
                    needed.name()
                );
                return Err(self.file.error("splits", message));
            }
        }
        Ok(())
    }

    /// Lists in the manifest's order: maps lose their order while they are read, and the positions in the file restore
    /// it.
    fn named(&self, key: &str, raw: BTreeMap<String, RawSource>) -> Result<Vec<Named>, DataError> {
        let mut raw: Vec<_> = raw.into_iter().collect();
        raw.sort_by_key(|(name, _)| self.file.location(&format!("{key}.{name}")));
        raw.into_iter()
            .map(|(name, source)| {
                Ok(Named { source: self.source(&format!("{key}.{name}"), source, self.has_rows)?, name })
            })
            .collect()
    }

    /// A source; `has_rows` tells whether row numbers assign the items of a whole file to splits.
    fn source(&self, key: &str, raw: RawSource, has_rows: bool) -> Result<Source, DataError> {
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
    fn no_name(&self, key: &str, part: &Part) -> Result<(), DataError> {
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
    fn resolve(&self, key: &str, file: &Path) -> Result<PathBuf, DataError> {
        let folder = self.file.path().parent().unwrap_or(Path::new(""));
        let file = tidy(&folder.join(file));
        Format::of(&file).map_err(|error| error.listed(&self.file.place(key)))?;
        Ok(file)
    }

    fn sum(&self, key: &str, sum: Option<String>) -> Result<Option<String>, DataError> {
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
