//! Items that views miss: their marks in the views of a split, and the limits of missing items.

use align::{AlignError, Views};

use crate::{
    DataError, Manifest, SetProblem, SplitName,
    pieces::rows::{self, Taken},
};

/// Minimal number of training items that two views need in common: one item fits any rotation.
const FEWEST: usize = 2;

/// The views with marks at the items that they miss.
pub(super) fn marked(views: Views, taken: &Taken, split: SplitName) -> Result<Views, AlignError> {
    let missing = |position: usize| rows::missing(taken.views[position].as_ref()?.of(split));
    (0..views.len()).try_fold(views, |views, position| match missing(position) {
        None => Ok(views),
        Some(missing) => views.with_missing(position, &missing),
    })
}

/// # Errors
/// A view that misses everything; in train, views that no chain of common items joins.
pub(super) fn check(manifest: &Manifest, split: SplitName, views: &Views) -> Result<(), DataError> {
    let rows = views.rows();
    for (view, source) in views.iter().zip(&manifest.views) {
        if view.observed_rows() == 0 {
            let problem = SetProblem::AllMissing { view: view.name().to_owned(), split: split.name(), rows };
            return Err(DataError::set(&source.source.place, problem));
        }
    }
    if split != SplitName::Train || views.complete() {
        return Ok(());
    }
    let count = views.len();
    let shared = |a: usize, b: usize| (0..rows).filter(|&row| views.nth(a).has(row) && views.nth(b).has(row)).count();
    let (mut joined, mut apart) = (vec![0], (1..count).collect::<Vec<usize>>());
    while let Some(at) = apart.iter().position(|&b| joined.iter().any(|&a| shared(a, b) >= FEWEST)) {
        joined.push(apart.remove(at));
    }
    if apart.is_empty() {
        return Ok(());
    }
    joined.sort_unstable();
    let got = joined.iter().flat_map(|&a| apart.iter().map(move |&b| (a, b))).map(|(a, b)| shared(a, b)).max();
    let names = |of: &[usize]| of.iter().map(|&view| views.nth(view).name().to_owned()).collect();
    let (first, second) = (names(&joined), names(&apart));
    let problem = SetProblem::Apart { first, second, got: got.unwrap_or(0), want: FEWEST, rows };
    Err(DataError::set(&manifest.place, problem))
}
