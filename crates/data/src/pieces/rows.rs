//! Which rows of whole files are each split's.

use std::{collections::BTreeMap, path::Path};

use files::{
    Mapped,
    checksum::{Sha256Stream, sha256},
};

use crate::{
    DataError, FileProblem, Manifest, Place, SetProblem, SplitName,
    manifest::{Source, View},
    read,
};

/// The row numbers of each split, from 0.
pub(crate) struct Rows(pub(crate) BTreeMap<SplitName, Vec<usize>>);

impl Rows {
    /// Those of a split.
    pub(crate) fn of(&self, split: SplitName) -> &[usize] {
        self.0.get(&split).map_or(&[], Vec::as_slice)
    }
}

/// The rows of all sources of a manifest.
pub(crate) struct Taken {
    /// Of those that share the manifest's.
    pub(crate) shared: Option<Rows>,
    /// Of each view that has its own.
    pub(crate) views: Vec<Option<Rows>>,
}

impl Taken {
    /// The rows that a manifest names.
    ///
    /// # Errors
    /// A file that cannot be read or has another checksum; a number below zero; of the manifest's own rows one that is given
    /// twice, be it in one split or in two.
    pub(crate) fn read(manifest: &Manifest) -> Result<Self, DataError> {
        let shared = manifest.rows.as_ref().map(|source| read(source, true)).transpose()?;
        let own = |view: &View| view.rows.as_ref().map(|source| read(source, false)).transpose();
        Ok(Self { shared, views: manifest.views.iter().map(own).collect::<Result<_, _>>()? })
    }

    /// Those that the source at this position takes of its file, views first; `None` for all.
    pub(crate) fn of(&self, position: usize, source: &Source, split: SplitName) -> Option<&[usize]> {
        let own = self.views.get(position).and_then(Option::as_ref);
        own.or_else(|| self.shared.as_ref().filter(|_| source.by_rows)).map(|rows| rows.of(split))
    }
}

/// Row numbers; `once` where no row may be given twice.
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
            of_split.push(row);
        }
        rows.insert(split, of_split);
    }
    Ok(Rows(rows))
}

/// All row numbers must be of the tensor's rows.
pub(crate) fn check(rows: &[usize], have: usize, place: &Place) -> Result<(), DataError> {
    match rows.iter().find(|&&row| row >= have) {
        None => Ok(()),
        Some(&row) => Err(DataError::set(place, SetProblem::RowBeyond { row, have })),
    }
}

/// SHA-256 of row numbers.
pub(crate) fn checksum(rows: &[usize]) -> String {
    let mut sum = Sha256Stream::default();
    rows.iter().for_each(|&row| sum.update(&(row as u64).to_le_bytes()));
    sum.finish()
}

/// A checksum held against the manifest's.
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
