//! Which rows of whole files are each split's.

use std::{collections::BTreeMap, path::Path};

use files::{
    Mapped,
    checksum::{Sha256Stream, sha256},
};

use crate::{DataError, FileProblem, Manifest, Place, SetProblem, SplitName, read};

/// The row numbers of each split, from 0.
pub(crate) struct Rows(pub(crate) BTreeMap<SplitName, Vec<usize>>);

impl Rows {
    /// Those of a split.
    pub(crate) fn of(&self, split: SplitName) -> &[usize] {
        self.0.get(&split).map_or(&[], Vec::as_slice)
    }
}

/// The manifest's row numbers, `None` where it has none.
///
/// # Errors
/// A file that cannot be read or has another checksum; a number below zero; a row that is given twice, be it in one
/// split or in two.
pub(crate) fn read(manifest: &Manifest) -> Result<Option<Rows>, DataError> {
    let Some(source) = &manifest.rows else { return Ok(None) };
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
            if let Some(first) = seen.insert(row, split) {
                let problem = SetProblem::RowTwice { row, first: first.name(), second: split.name() };
                return Err(DataError::set(&source.place, problem));
            }
            of_split.push(row);
        }
        rows.insert(split, of_split);
    }
    Ok(Some(Rows(rows)))
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
