//! From the files of a manifest to its splits in memory.
//!
//! Every file is read once; its checksum and its content come from the same bytes. Files are read in parallel. If there
//! are several errors, the first in the manifest's order is reported, independent of the threads.

use std::collections::BTreeMap;

use align::prep::unit_rows;
use align::{AlignError, Labels, Matrix, Split, Views};
use files::checksum::{Combined, sha256};
use rayon::prelude::*;

use super::problem::SetProblem;
use crate::{
    DataError, FileProblem, Manifest, Place, SplitName, Warning, WarningKind,
    manifest::{Named, Part, Source, View},
    pieces::rows::{self, Rows, Taken},
    read::{self, Floats, Note},
};

/// Content of a source's files in a checksum: neither their paths nor their format.
#[derive(Clone, Debug)]
pub(super) struct Digest {
    pub(super) what: String,
    pub(super) parts: Vec<(SplitName, String, Option<String>)>,
}

impl Digest {
    pub(super) fn add_to(&self, sum: &mut Combined) {
        sum.add(&self.what);
        for (split, sha256, tensor) in &self.parts {
            sum.add(split.name());
            sum.add(sha256);
            sum.add(tensor.as_deref().unwrap_or(""));
        }
    }
}

/// The splits of a manifest in memory.
pub(super) struct Assembled {
    pub(super) splits: BTreeMap<SplitName, Split>,
    pub(super) views: Vec<(String, Digest)>,
    pub(super) rest: Vec<Digest>,
    pub(super) notes: Vec<(Key, Note)>,
    pub(super) left_out: Vec<Warning>,
    /// Row of each item in whole files, if the manifest has row numbers.
    pub(super) rows: Option<Rows>,
}

/// Error of a split that a manifest does not have.
pub(super) fn no_split(manifest: &Manifest, split: SplitName) -> DataError {
    let view = manifest.views.first().map(|view| view.name.clone()).unwrap_or_default();
    DataError::set(&manifest.place, SetProblem::EmptySplit { view, split: split.name() })
}

/// Reads and checks the files of all splits that the manifest names.
pub(super) fn assemble(manifest: &Manifest) -> Result<Assembled, DataError> {
    let Contents { mut matrices, mut integers, sums, rows, notes, left_out } = read_files(manifest)?;
    check_views(manifest, &matrices)?;
    let lists = Lists::of(manifest);
    let n = |split| matrices.get(&(0, split)).map_or(0, Matrix::rows);
    for (i, (what, source)) in (manifest.views.len()..).zip(&lists.0) {
        for &split in &manifest.splits {
            let values = integers.get(&(i, split)).map_or(&[][..], Vec::as_slice);
            if values.len() != n(split) {
                let (got, want) = (values.len(), n(split));
                return Err(DataError::set(&source.place, SetProblem::Length { split: Some(split.name()), got, want }));
            }
            if what == "ids"
                && let Some((first, second)) = repeated(values)
            {
                let problem = SetProblem::DuplicateId { id: values[second], first, second, split: split.name() };
                return Err(DataError::set(&source.place, problem));
            }
        }
    }

    let digests = digests(manifest, &lists, &sums, &rows);
    let mut split = |split| -> Result<Split, DataError> {
        let views = manifest.views.iter().enumerate();
        let mut rows_of = |i: usize| {
            let rows = matrices.remove(&(i, split))?;
            Some(if manifest.unit_rows { unit_rows(&rows) } else { rows })
        };
        let views = views.filter_map(|(i, view)| Some((view.name.clone(), rows_of(i)?)));
        let views = Views::new(views).and_then(|views| super::missing::marked(views, &rows, split));
        let views = views.and_then(|views| with_source_rows(views, &rows, split));
        let views =
            views.map_err(|cause| DataError::Align { at: Box::new(manifest.place.clone()), cause: Box::new(cause) })?;
        super::missing::check(manifest, split, &views)?;
        let mut position = manifest.views.len()..;
        let mut next = || position.next().and_then(|i| integers.remove(&(i, split))).unwrap_or_default();
        let mut named = |list: &[Named]| list.iter().map(|l| Labels { name: l.name.clone(), values: next() }).collect();
        let (labels, groups) = (named(&manifest.labels), named(&manifest.groups));
        let ids = manifest.ids.as_ref().map(|_| next());
        Ok(Split { views, labels, groups, ids })
    };
    // The order in which errors are reported.
    let splits = [SplitName::Train, SplitName::Validation, SplitName::Test];
    let order = splits.into_iter().chain([SplitName::Documents, SplitName::Queries, SplitName::Pairs]);
    let names = order.filter(|name| manifest.splits.contains(name));
    let splits = names.map(|name| Ok((name, split(name)?))).collect::<Result<_, DataError>>()?;
    let (views, rest) = digests;
    let views = manifest.views.iter().map(|v| v.name.clone()).zip(views).collect();
    Ok(Assembled { splits, views, rest, notes, left_out, rows: rows.shared })
}

/// The views with the row in its file of each item, for views that have row numbers of their own.
fn with_source_rows(views: Views, taken: &Taken, split: SplitName) -> Result<Views, AlignError> {
    let own = taken.views.iter().enumerate().filter_map(|(position, rows)| Some((position, rows.as_ref()?)));
    own.into_iter().try_fold(views, |views, (position, rows)| views.with_source_rows(position, rows.of(split)))
}

/// The sources of integers with their names in messages, in the order in which [`load`] uses them again.
struct Lists<'a>(Vec<(String, &'a Source)>);

impl<'a> Lists<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let named = |kind, list: &'a [Named]| list.iter().map(move |l| (format!("{kind} `{}`", l.name), &l.source));
        let lists = named("labelling", &manifest.labels).chain(named("grouping", &manifest.groups));
        Self(lists.chain(manifest.ids.iter().map(|ids| ("ids".to_owned(), ids))).collect())
    }
}

/// Position of a source (views, then [`Lists`]) and split.
pub(super) type Key = (usize, SplitName);

/// Content of the files.
struct Contents {
    matrices: BTreeMap<Key, Matrix>,
    integers: BTreeMap<Key, Vec<i64>>,
    sums: BTreeMap<Key, String>,
    /// The row numbers.
    rows: Taken,
    /// Rows of views that are no items.
    left_out: Vec<Warning>,
    /// Warnings from reading the views.
    notes: Vec<(Key, Note)>,
}

/// Request for one tensor of a file.
struct Request<'a> {
    key: Key,
    part: &'a Part,
    place: &'a Place,
    /// Requested rows of the tensor; `None` for all.
    rows: Option<&'a [Option<usize>]>,
}

enum Values {
    /// The matrix with its warnings, and the number of rows of the whole tensor.
    Floats(Matrix, Vec<Note>, usize),
    Integers(Vec<i64>),
}

fn read_files(manifest: &Manifest) -> Result<Contents, DataError> {
    let lists = Lists::of(manifest);
    let rows = Taken::read(manifest)?;
    let sources = manifest.views.iter().map(|v| &v.source).chain(lists.0.iter().map(|(_, source)| *source));
    let mut files: Vec<Vec<Request<'_>>> = Vec::new();
    for (i, source) in sources.enumerate() {
        for (&split, part) in &source.parts {
            let rows = rows.of(i, source, split);
            let request = Request { key: (i, split), part, place: &source.place, rows };
            match files.iter_mut().find(|f| f.first().is_some_and(|r| r.part.file == part.file)) {
                Some(file) => file.push(request),
                None => files.push(vec![request]),
            }
        }
    }
    let views = manifest.views.len();
    let read: Vec<_> = files.par_iter().map(|requests| read_file(requests, views)).collect();

    let mut totals: BTreeMap<Key, usize> = BTreeMap::new();
    let mut contents = Contents {
        matrices: BTreeMap::new(),
        integers: BTreeMap::new(),
        sums: BTreeMap::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
        rows: Taken { shared: None, views: Vec::new() },
    };
    for file in read {
        for (key, sum, values) in file? {
            contents.sums.insert(key, sum);
            match values {
                Values::Floats(matrix, notes, total) => {
                    totals.insert(key, total);
                    contents.matrices.insert(key, matrix);
                    contents.notes.extend(notes.into_iter().map(|note| (key, note)));
                }
                Values::Integers(list) => drop(contents.integers.insert(key, list)),
            }
        }
    }
    for (i, (view, rows)) in manifest.views.iter().zip(&rows.views).enumerate() {
        contents.left_out.extend(rows.as_ref().and_then(|rows| left_out(i, view, rows, &totals)));
    }
    contents.rows = rows;
    Ok(contents)
}

/// Rows of a view's file that no split uses, if all splits use rows of the same file.
fn left_out(i: usize, view: &View, rows: &Rows, totals: &BTreeMap<Key, usize>) -> Option<Warning> {
    let mut parts = view.source.parts.values();
    let first = parts.next()?;
    let total = *totals.get(&(i, SplitName::Train))?;
    if !parts.all(|part| part == first) {
        return None;
    }
    let mut taken = vec![false; total];
    rows.0.values().flatten().flatten().for_each(|&row| taken[row] = true);
    let mut out = (0..total).filter(|&row| !taken[row]);
    let (view, first) = (Some(view.name.clone()), out.next()?);
    let (kind, split) = (WarningKind::RowsLeftOut, SplitName::Train);
    Some(Warning { kind, split, view, labelling: None, count: 1 + out.count(), total, example: first as i64 })
}

/// Reads all requested tensors of one file; sources below `views` are matrices.
fn read_file(requests: &[Request<'_>], views: usize) -> Result<Vec<(Key, String, Values)>, DataError> {
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let path = &first.part.file;
    let bytes = read::bytes(path).map_err(|e| e.listed(first.place))?;
    let got = sha256(&bytes);
    let one = |request: &Request<'_>| {
        let Part { sha256, tensor, .. } = request.part;
        if let Some(want) = sha256.as_ref().filter(|want| **want != got) {
            return Err(DataError::file(path, FileProblem::Checksum { got: got.clone(), want: want.clone() }));
        }
        let values = match request.key.0 < views {
            true => {
                let floats = Floats::of(path, &bytes, tensor.as_deref())?;
                let matrix = match request.rows {
                    None => floats.read(0..floats.rows()),
                    Some(rows) => {
                        rows::check(rows, floats.rows(), request.place)?;
                        floats.gather(&rows::present(rows)).map(|values| rows::in_places(values, rows))
                    }
                };
                // A file that all splits share gets its warnings once.
                let first = request.rows.is_none() || request.key.1 == SplitName::Train;
                let notes = if first { floats.notes().to_vec() } else { Vec::new() };
                Values::Floats(matrix.map_err(|problem| DataError::file(path, problem))?, notes, floats.rows())
            }
            false => {
                let values = read::integers(path, &bytes, tensor.as_deref())?;
                Values::Integers(match request.rows {
                    None => values,
                    Some(rows) => {
                        rows::check(rows, values.len(), request.place)?;
                        rows.iter().flatten().map(|&row| values[row]).collect()
                    }
                })
            }
        };
        Ok((request.key, got.clone(), values))
    };
    requests.iter().map(|request| one(request).map_err(|e| e.at(request.place))).collect()
}

/// Checks that the views of a split have the same number of rows, that a view has the same width in all splits, and that
/// neither is zero.
fn check_views(manifest: &Manifest, matrices: &BTreeMap<Key, Matrix>) -> Result<(), DataError> {
    for (i, view) in manifest.views.iter().enumerate() {
        let at = &view.source.place;
        let name = || view.name.clone();
        let mut width: Option<(SplitName, usize)> = None;
        for &split in &manifest.splits {
            let (Some(matrix), Some(first)) = (matrices.get(&(i, split)), matrices.get(&(0, split))) else { continue };
            let (rows, cols) = (matrix.rows(), matrix.cols());
            if rows != first.rows() {
                let first_view = &manifest.views[0];
                return Err(DataError::set(
                    at,
                    SetProblem::Rows {
                        view: name(),
                        split: Some(split.name()),
                        got: rows,
                        first: first_view.name.clone(),
                        first_line: first_view.source.place.line_col.map(|(line, _)| line),
                        want: first.rows(),
                    },
                ));
            }
            if rows == 0 {
                return Err(DataError::set(at, SetProblem::EmptySplit { view: name(), split: split.name() }));
            }
            if cols == 0 {
                return Err(DataError::set(at, SetProblem::NoColumns { view: name(), split: split.name() }));
            }
            let (first, want) = *width.get_or_insert((split, cols));
            if cols != want {
                let (split, first) = (split.name(), first.name());
                return Err(DataError::set(at, SetProblem::Width { view: name(), split, got: cols, first, want }));
            }
        }
    }
    Ok(())
}

/// Rows of the first value that occurs again.
pub(super) fn repeated(values: &[i64]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&row| (values[row], row));
    let twice = order.windows(2).filter(|pair| values[pair[0]] == values[pair[1]]);
    twice.map(|pair| (pair[0], pair[1])).min_by_key(|&(_, second)| second)
}

fn digests(
    manifest: &Manifest,
    lists: &Lists<'_>,
    sums: &BTreeMap<Key, String>,
    rows: &Taken,
) -> (Vec<Digest>, Vec<Digest>) {
    let of_rows = |rows: &Rows| -> Vec<(SplitName, String, Option<String>)> {
        rows.0.iter().map(|(&split, values)| (split, rows::checksum(values), None)).collect()
    };
    let digest = |i: usize, what: &str, source: &Source| Digest {
        what: what.to_owned(),
        parts: source
            .parts
            .iter()
            .map(|(&split, part)| (split, sums.get(&(i, split)).cloned().unwrap_or_default(), part.tensor.clone()))
            .collect(),
    };
    let view = |(i, view): (usize, &View)| {
        let mut digest = digest(i, &view.name, &view.source);
        digest.parts.extend(rows.views[i].iter().flat_map(of_rows));
        digest
    };
    let views = manifest.views.iter().enumerate().map(view).collect();
    let rest = (manifest.views.len()..).zip(&lists.0).map(|(i, (what, source))| digest(i, what, source));
    let unit = manifest.unit_rows.then(|| Digest { what: "unit rows".to_owned(), parts: Vec::new() });
    let shared = rows.shared.as_ref().map(|rows| Digest { what: "rows".to_owned(), parts: of_rows(rows) });
    (views, rest.chain(shared).chain(unit).collect())
}
