//! The roles of a manifest in memory: pairs of a fit, documents of an index, queries and judgements.

use std::{collections::BTreeMap, fs};

use align::{Corpus, Documents, Judgements, Split};
use files::checksum::sha256;

use super::assemble::{Assembled, Digest, assemble, no_split};
use crate::{
    DataError, FileProblem, Manifest, SetProblem, SplitName,
    judgements::{Names, lines, resolve},
    manifest::roles::{ItemSet, JudgedBy, OwnItems, QuerySet, Roles},
};

/// The items of a data set by their roles.
pub(super) struct Played {
    /// The rows of fits, if they are not those of `train`.
    pub(super) pairs: Option<Split>,
    /// Documents, queries and judgements, if there are queries.
    pub(super) corpus: Option<Corpus>,
}

/// Reads the roles that have files of their own. Their checksums become part of those of the data set.
pub(super) fn load(manifest: &Manifest, assembled: &mut Assembled) -> Result<Played, DataError> {
    let pairs = pairs(manifest, assembled)?;
    let Some(queries) = &manifest.roles.queries else { return Ok(Played { pairs, corpus: None }) };
    let documents = documents(manifest, assembled)?;
    Ok(Played { pairs, corpus: Some(corpus(manifest, queries, documents, assembled)?) })
}

/// The rows of fits, if they are not those of `train` alone.
pub(super) fn pairs(manifest: &Manifest, assembled: &mut Assembled) -> Result<Option<Split>, DataError> {
    let splits = match &manifest.roles.pairs {
        ItemSet::Own(own) => return own_items(manifest, SplitName::Pairs, own, assembled).map(Some),
        ItemSet::Splits(splits) if *splits == [SplitName::Train] => return Ok(None),
        ItemSet::Splits(splits) => splits,
    };
    let parts = splits.iter().map(|split| assembled.splits.get(split).ok_or_else(|| no_split(manifest, *split)));
    let joined = Split::concatenated(&parts.collect::<Result<Vec<_>, _>>()?);
    let names = splits.iter().map(|split| (*split, String::new(), None)).collect();
    assembled.rest.push(Digest { what: "pairs".to_owned(), parts: names });
    joined.map(Some).map_err(|cause| of_manifest(manifest, cause))
}

/// Documents with their ids.
struct Index {
    documents: Documents,
    ids: Option<Vec<i64>>,
}

fn documents(manifest: &Manifest, assembled: &mut Assembled) -> Result<Index, DataError> {
    let splits = match &manifest.roles.documents {
        ItemSet::Own(own) => {
            let split = own_items(manifest, SplitName::Documents, own, assembled)?;
            return Ok(Index { documents: Documents::of(split.views), ids: split.ids });
        }
        ItemSet::Splits(splits) => splits,
    };
    let parts: Vec<&Split> = splits
        .iter()
        .map(|split| assembled.splits.get(split).ok_or_else(|| no_split(manifest, *split)))
        .collect::<Result<_, _>>()?;
    let mut order: Vec<(usize, usize)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, split)| (0..split.views.rows()).map(move |row| (part, row)))
        .collect();
    // Documents of one file keep the order of the file, so that ties and judgements by rows mean its rows.
    if let Some(rows) = &assembled.rows {
        let row_of = |part: usize, row: usize| rows.of(splits[part]).get(row).copied().flatten();
        order.sort_by_key(|&(part, row)| (row_of(part, row), part, row));
    }
    let ids = order.iter().map(|&(part, row)| parts[part].ids.as_ref()?.get(row).copied()).collect();
    let views = parts.iter().map(|split| split.views.clone()).collect();
    let names = splits.iter().map(|split| (*split, String::new(), None)).collect();
    let documents = Documents::of_parts(views, order).map_err(|cause| of_manifest(manifest, cause))?;
    assembled.rest.push(Digest { what: "documents".to_owned(), parts: names });
    Ok(Index { documents, ids })
}

fn corpus(
    manifest: &Manifest,
    queries: &QuerySet,
    index: Index,
    assembled: &mut Assembled,
) -> Result<Corpus, DataError> {
    let split = own_items(manifest, SplitName::Queries, &queries.items, assembled)?;
    let of = &queries.judgements;
    let unreadable = |reason| DataError::file(&of.file, FileProblem::Unreadable { reason }).at(&of.place);
    let bytes = fs::read(&of.file).map_err(unreadable)?;
    let got = sha256(&bytes);
    if let Some(want) = of.sha256.as_ref().filter(|want| **want != got) {
        let problem = FileProblem::Checksum { got, want: want.clone() };
        return Err(DataError::file(&of.file, problem).at(&of.place));
    }
    let names = |ids: Option<&Vec<i64>>, count: usize| match (of.by, ids) {
        (JudgedBy::Ids, Some(ids)) => Names::of(ids),
        _ => Names::Rows(count),
    };
    if of.by == JudgedBy::Ids && index.ids.is_none() {
        return Err(DataError::set(&of.place, SetProblem::DocumentsWithoutIds));
    }
    let lines = lines(&of.file, &String::from_utf8_lossy(&bytes))?;
    let documents = names(index.ids.as_ref(), index.documents.count());
    let judged = resolve(&of.file, &lines, &names(split.ids.as_ref(), split.views.rows()), &documents)?;
    let judgements = Judgements::new(split.views.rows(), index.documents.count(), judged)
        .map_err(|cause| of_manifest(manifest, cause))?;
    let by = match of.by {
        JudgedBy::Rows => "rows",
        JudgedBy::Ids => "ids",
    };
    let parts = vec![(SplitName::Queries, got, Some(by.to_owned()))];
    assembled.rest.push(Digest { what: "judgements".to_owned(), parts });
    Corpus::new(index.documents, split, judgements).map_err(|cause| of_manifest(manifest, cause))
}

/// Items with files of their own, read and checked as a split is.
fn own_items(
    manifest: &Manifest,
    role: SplitName,
    own: &OwnItems,
    assembled: &mut Assembled,
) -> Result<Split, DataError> {
    let as_manifest = Manifest {
        splits: vec![role],
        rows: None,
        views: own.views.clone(),
        labels: Vec::new(),
        ids: own.ids.clone(),
        groups: Vec::new(),
        roles: Roles { queries: None, ..manifest.roles.clone() },
        ..manifest.clone()
    };
    let mut found = assemble(&as_manifest)?;
    let digests: BTreeMap<&str, &Digest> = found.views.iter().map(|(name, digest)| (name.as_str(), digest)).collect();
    for (name, digest) in &mut assembled.views {
        if let Some(own) = digests.get(name.as_str()) {
            digest.parts.extend(own.parts.iter().cloned());
        }
    }
    assembled.rest.extend(found.rest);
    found.splits.remove(&role).ok_or_else(|| no_split(&as_manifest, role))
}

fn of_manifest(manifest: &Manifest, cause: align::AlignError) -> DataError {
    DataError::Align { at: Box::new(manifest.place.clone()), cause: Box::new(cause) }
}
