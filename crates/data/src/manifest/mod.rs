//! Manifests: descriptions of data sets.

pub(crate) mod catalogue;
pub(crate) mod entry;
pub(crate) mod roles;
mod source;
pub(crate) mod splits;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use self::{
    roles::{RawRoles, Roles},
    source::{Checker, RawFile, RawSource},
};
use crate::{
    DataError, Place, SetProblem, SplitName,
    yaml::{self, Located},
};

pub(crate) use self::source::tidy;
pub use self::source::{Named, Part, Source, View};

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
    /// Whether rows are brought to length 1 after they are read, for files of rounded unit rows. Rows of zeros stay zero.
    pub unit_rows: bool,
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
    /// Documents, queries and pairs, for sets that tasks search.
    pub roles: Roles,
    /// The whole file, for messages.
    pub place: Place,
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
    #[serde(default)]
    unit_rows: bool,
    rows: Option<RawSource>,
    views: Vec<RawView>,
    #[serde(default)]
    labels: BTreeMap<String, RawSource>,
    ids: Option<RawSource>,
    #[serde(default)]
    groups: BTreeMap<String, RawSource>,
    roles: Option<RawRoles>,
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
        let judgements = self.roles.queries.iter().map(|queries| &queries.judgements.file);
        for file in judgements.filter(|file| !file.exists()) {
            missing.push(file.clone());
        }
        missing
    }

    /// All sources: rows, views, labels, ids, groups, and those of the roles.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        let views = self.views.iter().flat_map(|v| v.rows.iter().chain([&v.source]));
        let labels = self.labels.iter().map(|l| &l.source);
        self.rows
            .iter()
            .chain(views)
            .chain(labels)
            .chain(&self.ids)
            .chain(self.groups.iter().map(|g| &g.source))
            .chain(self.roles.sources())
    }

    /// All sources, mutable.
    pub(crate) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        let views = self.views.iter_mut().flat_map(|v| v.rows.iter_mut().chain([&mut v.source]));
        let labels = self.labels.iter_mut().map(|l| &mut l.source);
        let groups = self.groups.iter_mut().map(|g| &mut g.source);
        self.rows
            .iter_mut()
            .chain(views)
            .chain(labels)
            .chain(&mut self.ids)
            .chain(groups)
            .chain(self.roles.sources_mut())
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
        let roles = Roles::check(&self, raw.roles, &names);
        let (ids, rows, labels, groups, roles) = match (ids, rows, labels, groups, roles) {
            (Ok(ids), Ok(rows), Ok(labels), Ok(groups), Ok(roles)) if errors.is_empty() => {
                (ids, rows, labels, groups, roles)
            }
            (ids, rows, labels, groups, roles) => {
                errors.extend(ids.err().into_iter().chain(rows.err()).chain(labels.err()).chain(groups.err()));
                errors.extend(roles.err());
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
            unit_rows: raw.unit_rows,
            place: self.file.place(""),
            splits: self.splits,
            rows,
            views,
            ids,
            roles,
        })
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
}
