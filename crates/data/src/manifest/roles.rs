//! Roles of items in a manifest: the documents of an index, the queries that search it, and the pairs of a fit.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::source::{Checker, Part, RawFile, Source, View, tidy};
use crate::{DataError, Place, SplitName, nearest};

/// Roles of items. Without `roles` in the manifest, all splits are documents, `train` is the pairs, and there are no
/// queries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Roles {
    /// The documents of the index.
    pub documents: ItemSet,
    /// The queries and their judgements.
    pub queries: Option<QuerySet>,
    /// The items from which maps are fitted.
    pub pairs: ItemSet,
}

/// Items of a role.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ItemSet {
    /// The items of these splits.
    Splits(Vec<SplitName>),
    /// Items with files of their own.
    Own(OwnItems),
}

/// Items with files of their own, in every view.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnItems {
    /// The views in the order of the manifest; their sources have one part.
    pub views: Vec<View>,
    /// Unique ids of the items.
    pub ids: Option<Source>,
}

/// Queries with their judgements.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QuerySet {
    /// The queries.
    pub items: OwnItems,
    /// The file of judgements.
    pub judgements: JudgementFile,
}

/// A file of judgements: lines of a query, a document and the relevance, or qrels of TREC.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JudgementFile {
    /// Path of the file, including the manifest's folder.
    pub file: PathBuf,
    /// SHA-256 of the file, verified if it is given.
    pub sha256: Option<String>,
    /// The names of queries and documents in the file.
    pub by: JudgedBy,
    /// Place in the manifest.
    pub place: Place,
}

/// Names of queries and documents in a file of judgements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    /// Rows of the queries and of the documents, from 0.
    #[default]
    Rows,
    /// Ids of the queries and of the documents.
    Ids,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "roles (documents, queries, pairs)")]
pub(super) struct RawRoles {
    documents: Option<RawItems>,
    queries: Option<RawQueries>,
    pairs: Option<RawItems>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "items (splits, or views and ids)")]
struct RawItems {
    splits: Option<Vec<SplitName>>,
    views: Option<BTreeMap<String, RawFile>>,
    ids: Option<RawFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "queries (views, ids, judgements)")]
struct RawQueries {
    views: BTreeMap<String, RawFile>,
    ids: Option<RawFile>,
    judgements: RawJudgements,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "judgements (file, sha256, by)")]
struct RawJudgements {
    file: PathBuf,
    sha256: Option<String>,
    #[serde(default)]
    by: JudgedBy,
}

impl Roles {
    /// Sources of items with files of their own.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        let own = [self.documents.own(), self.queries.as_ref().map(|queries| &queries.items), self.pairs.own()];
        own.into_iter().flatten().flat_map(|own| own.views.iter().map(|view| &view.source).chain(&own.ids))
    }

    /// The same sources, mutable.
    pub(super) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        let queries = self.queries.as_mut().map(|queries| &mut queries.items);
        let own = [self.documents.own_mut(), queries, self.pairs.own_mut()];
        own.into_iter().flatten().flat_map(|own| own.views.iter_mut().map(|view| &mut view.source).chain(&mut own.ids))
    }

    /// Checks the roles of a manifest with these views.
    pub(super) fn check(checker: &Checker, raw: Option<RawRoles>, views: &[String]) -> Result<Self, DataError> {
        let order = [SplitName::Train, SplitName::Validation, SplitName::Test];
        let all = || order.into_iter().filter(|split| checker.splits.contains(split)).collect();
        let default =
            Self { documents: ItemSet::Splits(all()), queries: None, pairs: ItemSet::Splits(vec![SplitName::Train]) };
        let Some(raw) = raw else { return Ok(default) };
        let checked = RoleChecker { checker, views };
        let items = |role: SplitName, raw: Option<RawItems>, default: ItemSet| match raw {
            None => Ok(default),
            Some(raw) => checked.items(role, raw),
        };
        let documents = items(SplitName::Documents, raw.documents, default.documents)?;
        let pairs = items(SplitName::Pairs, raw.pairs, default.pairs)?;
        Ok(Self { documents, pairs, queries: raw.queries.map(|queries| checked.queries(queries)).transpose()? })
    }
}

impl ItemSet {
    /// The items, if they have files of their own.
    pub fn own(&self) -> Option<&OwnItems> {
        match self {
            Self::Splits(_) => None,
            Self::Own(own) => Some(own),
        }
    }

    fn own_mut(&mut self) -> Option<&mut OwnItems> {
        match self {
            Self::Splits(_) => None,
            Self::Own(own) => Some(own),
        }
    }
}

struct RoleChecker<'a> {
    checker: &'a Checker,
    views: &'a [String],
}

impl RoleChecker<'_> {
    fn items(&self, role: SplitName, raw: RawItems) -> Result<ItemSet, DataError> {
        let key = format!("roles.{}", role.name());
        let file = &self.checker.file;
        match (raw.splits, raw.views) {
            (Some(splits), None) => {
                if raw.ids.is_some() {
                    let message =
                        "found `ids` beside `splits`; items of splits have the ids of the manifest, remove `ids`";
                    return Err(file.error(&format!("{key}.ids"), message));
                }
                if splits.is_empty() {
                    return Err(file.error(&format!("{key}.splits"), "the list is empty; it needs at least one split"));
                }
                for (i, split) in splits.iter().enumerate() {
                    let problem = match self.checker.splits.contains(split) {
                        false => "is not among `splits`; add it there or remove it here",
                        true if splits[..i].contains(split) => "is given twice; name every split once",
                        true => continue,
                    };
                    let message = format!("split `{}` {problem}", split.name());
                    return Err(file.error(&format!("{key}.splits[{i}]"), message));
                }
                Ok(ItemSet::Splits(splits))
            }
            (None, Some(views)) => Ok(ItemSet::Own(self.own(role, views, raw.ids)?)),
            _ => {
                let message =
                    "expected either `splits` (the items of these splits) or `views` (items with files of their own)";
                Err(file.error(&key, message))
            }
        }
    }

    fn queries(&self, raw: RawQueries) -> Result<QuerySet, DataError> {
        let items = self.own(SplitName::Queries, raw.views, raw.ids)?;
        let RawJudgements { file, sha256, by } = raw.judgements;
        let key = "roles.queries.judgements";
        let folder = self.checker.file.path().parent().unwrap_or(Path::new(""));
        if by == JudgedBy::Ids && items.ids.is_none() {
            let message = "judgements by ids need the ids of the queries: give `ids` to `queries`, or `by: rows`";
            return Err(self.checker.file.error(key, message));
        }
        let judgements = JudgementFile {
            file: tidy(&folder.join(file)),
            sha256: self.checker.sum(&format!("{key}.sha256"), sha256)?,
            by,
            place: self.checker.file.place(key),
        };
        Ok(QuerySet { items, judgements })
    }

    /// Items with a file for every view of the manifest.
    fn own(
        &self,
        role: SplitName,
        mut views: BTreeMap<String, RawFile>,
        ids: Option<RawFile>,
    ) -> Result<OwnItems, DataError> {
        let key = format!("roles.{}", role.name());
        let file = &self.checker.file;
        if let Some(unknown) = views.keys().find(|name| !self.views.contains(name)) {
            let guess = nearest(unknown, self.views.iter().map(String::as_str));
            let guess = guess.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            let message = format!("the manifest has no view `{unknown}`{guess}");
            return Err(file.error(&format!("{key}.views.{unknown}"), message));
        }
        let mut own = Vec::with_capacity(self.views.len());
        for name in self.views {
            let Some(raw) = views.remove(name) else {
                let message =
                    format!("view `{name}` is missing; one encoder embeds every role, so give a file for every view");
                return Err(file.error(&format!("{key}.views"), message));
            };
            let source = self.part(role, &format!("{key}.views.{name}"), raw)?;
            own.push(View { name: name.clone(), encoder: None, licence: None, rows: None, source });
        }
        let ids = ids.map(|ids| self.part(role, &format!("{key}.ids"), ids)).transpose()?;
        Ok(OwnItems { views: own, ids })
    }

    fn part(&self, role: SplitName, key: &str, raw: RawFile) -> Result<Source, DataError> {
        let checker = self.checker;
        let file = checker.resolve(&format!("{key}.file"), &raw.file)?;
        let part = Part { file, sha256: checker.sum(&format!("{key}.sha256"), raw.sha256)?, tensor: raw.tensor };
        checker.no_name(&format!("{key}.tensor"), &part)?;
        Ok(Source { parts: BTreeMap::from([(role, part)]), by_rows: false, place: checker.file.place(key) })
    }
}
