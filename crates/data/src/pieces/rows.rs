//! Rows of whole files that belong to each split.

use std::{collections::BTreeMap, path::Path};

use align::Matrix;
use files::{
    Mapped,
    checksum::{Sha256Stream, sha256},
};

use crate::{
    DataError, FileProblem, Manifest, Place, SetProblem, SplitName,
    manifest::{Source, View},
    read,
};

/// The row of each item of each split, from 0; `None` for an item that the view misses.
pub(crate) struct Rows(pub(crate) BTreeMap<SplitName, Vec<Option<usize>>>);

/// The row number of an item that the view misses.
pub(crate) const MISSING: i64 = -1;

impl Rows {
    /// Those of a split.
    pub(crate) fn of(&self, split: SplitName) -> &[Option<usize>] {
        self.0.get(&split).map_or(&[], Vec::as_slice)
    }
}

/// Row numbers of all sources of a manifest.
pub(crate) struct Taken {
    /// Row numbers of the sources that use the manifest's own.
    pub(crate) shared: Option<Rows>,
    /// Row numbers of each view that has its own.
    pub(crate) views: Vec<Option<Rows>>,
}

impl Taken {
    /// Reads the row numbers that a manifest names.
    ///
    /// # Errors
    /// A file that cannot be read or has another checksum; a negative number, except [`MISSING`] in a view's own rows; for
    /// the manifest's own rows a number that occurs twice, in one split or in two.
    pub(crate) fn read(manifest: &Manifest) -> Result<Self, DataError> {
        let shared = manifest.rows.as_ref().map(|source| read(source, true)).transpose()?;
        let own = |view: &View| view.rows.as_ref().map(|source| read(source, false)).transpose();
        Ok(Self { shared, views: manifest.views.iter().map(own).collect::<Result<_, _>>()? })
    }

    /// Row numbers that the source at this position takes from its file, views first; `None` for all rows.
    pub(crate) fn of(&self, position: usize, source: &Source, split: SplitName) -> Option<&[Option<usize>]> {
        let own = self.views.get(position).and_then(Option::as_ref);
        own.or_else(|| self.shared.as_ref().filter(|_| source.by_rows)).map(|rows| rows.of(split))
    }
}

/// Reads row numbers; with `once` no number may occur twice, and none may be missing.
fn read(source: &Source, once: bool) -> Result<Rows, DataError> {
    let mut rows = BTreeMap::new();
    let mut seen: BTreeMap<usize, SplitName> = BTreeMap::new();
    for (&split, part) in &source.parts {
        let numbers = || -> Result<Vec<i64>, DataError> {
            let bytes = read::bytes(&part.file)?;
            if let Some(want) = &part.sha256 {
                same(&part.file, &sha256(&bytes), want)?;
            }
            read::integers(&part.file, &bytes, part.tensor.as_deref())
        };
        let numbers = numbers().map_err(|e| e.at(&source.place))?;
        let mut of_split = Vec::with_capacity(numbers.len());
        for number in numbers {
            if number == MISSING && !once {
                of_split.push(None);
                continue;
            }
            let Ok(row) = usize::try_from(number) else {
                return Err(DataError::set(
                    &source.place,
                    SetProblem::NegativeRow { row: number, split: split.name() },
                ));
            };
            if let Some(first) = seen.insert(row, split).filter(|_| once) {
                let problem = SetProblem::RowTwice { row, first: first.name(), second: split.name() };
                return Err(DataError::set(&source.place, problem));
            }
            of_split.push(Some(row));
        }
        rows.insert(split, of_split);
    }
    Ok(Rows(rows))
}

/// Checks that all row numbers are rows of the tensor.
pub(crate) fn check(rows: &[Option<usize>], have: usize, place: &Place) -> Result<(), DataError> {
    match rows.iter().flatten().find(|&&row| row >= have) {
        None => Ok(()),
        Some(&row) => Err(DataError::set(place, SetProblem::RowBeyond { row, have })),
    }
}

/// The rows of the items that there are.
pub(crate) fn present(rows: &[Option<usize>]) -> Vec<usize> {
    rows.iter().flatten().copied().collect()
}

/// Which items are missing; `None` where all are there.
pub(crate) fn missing(rows: &[Option<usize>]) -> Option<Vec<bool>> {
    rows.contains(&None).then(|| rows.iter().map(Option::is_none).collect())
}

/// The values of the items that there are in the places of all items, with zeros in the rows of the others.
pub(crate) fn in_places(values: Matrix, rows: &[Option<usize>]) -> Matrix {
    if values.rows() == rows.len() {
        return values;
    }
    let mut all = Matrix::zeros(rows.len(), values.cols());
    let places = rows.iter().enumerate().filter(|(_, row)| row.is_some());
    places.zip(0..).for_each(|((place, _), at)| all.row_mut(place).copy_from_slice(values.row(at)));
    all
}

/// SHA-256 of row numbers.
pub(crate) fn checksum(rows: &[Option<usize>]) -> String {
    let mut sum = Sha256Stream::default();
    rows.iter().for_each(|row| sum.update(&row.map_or(u64::MAX, |row| row as u64).to_le_bytes()));
    sum.finish()
}

/// Compares a checksum with that of the manifest.
pub(crate) fn same(file: &Path, got: &str, want: &str) -> Result<(), DataError> {
    if got == want {
        return Ok(());
    }
    Err(DataError::file(file, FileProblem::Checksum { got: got.to_owned(), want: want.to_owned() }))
}

/// SHA-256 of a mapped file, which may be larger than memory.
pub(crate) fn sum(map: &Mapped) -> String {
    const BLOCK: usize = 1 << 24;
    let mut sum = Sha256Stream::default();
    for block in map.bytes().chunks(BLOCK) {
        sum.update(block);
        map.release(block);
    }
    sum.finish()
}
