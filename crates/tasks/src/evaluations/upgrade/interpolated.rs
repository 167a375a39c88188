//! Queries between the mapped query of the new model and the query of the old one.

use align::prep::unit_rows;
use align::{Coordinates, Fitted, Matrix, Views};
use serde::{Deserialize, Serialize};

use super::judged::DEPTH;
use crate::TaskError;
use crate::ranking::arc::slerp;
use crate::ranking::search::Search;

/// Rows of mapped queries.
///
/// In a grid file `query: slerp`, or with its setting `query: {slerp: {t: 0.3}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum QueryRows {
    /// The mapped rows.
    #[default]
    Mapped,
    /// Points on the arc from the mapped row to the row of the old model, for a server that still runs the old model.
    Slerp(ArcToOld),
}

impl QueryRows {
    pub(super) fn is_mapped(&self) -> bool {
        *self == Self::Mapped
    }
}

/// Settings of the interpolation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArcToOld {
    /// Share of the arc: 0 is the mapped row, 1 the row of the old model; `None` for the share that the pairs choose.
    pub t: Option<f64>,
}

/// Largest number of pairs that choose the share.
const PAIRS: usize = 500;
/// Shares that the pairs choose from are multiples of 1 / STEPS.
const STEPS: usize = 10;

/// The rows of the mapped queries at the share `t` of the arc to those of the old model.
pub(super) fn between(mapped: &Matrix, old: &Matrix, t: f64) -> Matrix {
    let mut rows = unit_rows(mapped);
    for i in 0..rows.rows() {
        slerp(rows.row_mut(i), old.row(i).iter().map(|&x| f64::from(x)).collect(), t);
    }
    rows
}

/// The share whose queries find, among the other pairs, the neighbours that the new model itself finds: that with the
/// largest mean overlap of the first ten, the smallest of several.
pub(super) fn chosen(
    fitted: &Fitted,
    train: &Views,
    space: Coordinates,
    (new, old): (usize, usize),
) -> Result<f64, TaskError> {
    let both: Vec<usize> =
        (0..train.rows()).filter(|&row| train.nth(new).has(row) && train.nth(old).has(row)).collect();
    let count = both.len().min(PAIRS);
    let picked: Vec<usize> = (0..count).map(|i| both[i * both.len() / count.max(1)]).collect();
    let names = (train.nth(new).name(), train.nth(old).name());
    let (of_new, of_old) = (train.at(new).select_rows(&picked), train.at(old).select_rows(&picked));
    let (mapped, documents) = match directed(space) {
        true => (fitted.translate(names.0, names.1, &of_new)?, of_old),
        false => (fitted.project(names.0, &of_new)?, fitted.project(names.1, &of_old)?),
    };
    let wanted = others(of_new.clone(), &of_new, DEPTH)?;
    let mut best = (0.0, f64::NEG_INFINITY);
    for step in 0..=STEPS {
        let t = step as f64 / STEPS as f64;
        let found = others(between(&mapped, &documents, t), &documents, DEPTH)?;
        let common = |(found, wanted): (&Vec<usize>, &Vec<usize>)| found.iter().filter(|f| wanted.contains(f)).count();
        let overlap: usize = found.iter().zip(&wanted).map(common).sum();
        if overlap as f64 > best.1 {
            best = (t, overlap as f64);
        }
    }
    Ok(best.0)
}

/// The nearest documents of every query but that of its own row, at most `depth`.
pub(super) fn others(queries: Matrix, documents: &Matrix, depth: usize) -> Result<Vec<Vec<usize>>, TaskError> {
    let mut search = Search::new(queries, depth + 1)?;
    search.add(documents, |_| true)?;
    let of = |(row, hits): (usize, Vec<crate::ranking::search::Hit>)| {
        hits.iter().map(|hit| hit.document).filter(|&document| document != row).take(depth).collect()
    };
    Ok(search.finish().into_iter().enumerate().map(of).collect())
}

/// Whether a space maps documents and queries apart: translations have a direction.
pub(super) fn directed(space: Coordinates) -> bool {
    space == Coordinates::Translated
}
