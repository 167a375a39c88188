//! Content of sufficient statistics, for files.

use super::{Precision, SufficientStatistics};
use crate::moments::incomplete::Incomplete;
use crate::{AlignError, Matrix};

/// Content of [`SufficientStatistics`] of M views with P columns in all; x~ = (x − shift)/scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Names of the views.
    pub names: Vec<String>,
    /// Widths of the views; their sum is P.
    pub widths: Vec<usize>,
    /// Weight of an item that some views miss.
    pub incomplete: Incomplete,
    /// Arithmetic in which further rows are multiplied.
    pub precision: Precision,
    /// Number of items.
    pub rows: usize,
    /// Number of items that two views share, M × M; on the diagonal, the number of items of a view.
    pub shared: Vec<usize>,
    /// Reference point of each column.
    pub shift: Vec<f64>,
    /// Unit of each column.
    pub scale: Vec<f64>,
    /// `Σ x~` of each column.
    pub first: Vec<f64>,
    /// `Σ x~²` of each column.
    pub second: Vec<f64>,
    /// `Σ w x~ x~ᵀ`, P × P; only the lower triangle is used.
    pub gram: Matrix<f64>,
    /// `Σ w x~` over the items that a view has, P × M.
    pub along: Matrix<f64>,
    /// `Σ w` over the items that two views share, M × M.
    pub weight: Matrix<f64>,
}

impl SufficientStatistics {
    /// The content of the sums.
    pub fn parts(&self) -> Parts {
        Parts {
            names: self.names.clone(),
            widths: (0..self.views()).map(|m| self.width(m)).collect(),
            incomplete: self.incomplete,
            precision: self.precision,
            rows: self.rows,
            shared: self.shared.clone(),
            shift: self.shift.clone(),
            scale: self.scale.clone(),
            first: self.first.clone(),
            second: self.second.clone(),
            gram: self.gram.clone(),
            along: self.along.clone(),
            weight: self.weight.clone(),
        }
    }

    /// Restores the sums.
    ///
    /// # Errors
    /// [`AlignError::Parts`] for parts that do not belong together, or values that cannot be sums.
    pub fn from_parts(parts: Parts) -> Result<Self, AlignError> {
        let Parts {
            names,
            widths,
            incomplete,
            precision,
            rows,
            shared,
            shift,
            scale,
            first,
            second,
            gram,
            along,
            weight,
        } = parts;
        let (views, columns) = (names.len(), widths.iter().sum::<usize>());
        let lengths = [
            ("widths", widths.len(), views),
            ("shared", shared.len(), views * views),
            ("shift", shift.len(), columns),
            ("scale", scale.len(), columns),
            ("first", first.len(), columns),
            ("second", second.len(), columns),
            ("gram", gram.as_slice().len(), columns * columns),
            ("along", along.as_slice().len(), columns * views),
            ("weight", weight.as_slice().len(), views * views),
        ];
        if let Some((what, got, want)) = lengths.into_iter().find(|(_, got, want)| got != want) {
            let problem = format!("`{what}` has {got} values, expected {want} for {views} views of {columns} columns");
            return Err(AlignError::Parts { problem });
        }
        let finite = [&shift, &scale, &first, &second].into_iter().map(Vec::as_slice);
        let finite = finite.chain([gram.as_slice(), along.as_slice(), weight.as_slice()]);
        if finite.flatten().any(|value| !value.is_finite()) || scale.iter().any(|scale| *scale <= 0.0) {
            return Err(AlignError::Parts { problem: "a value is not finite, or a unit not above zero".into() });
        }
        if let Some(more) = shared.iter().find(|shared| **shared > rows) {
            return Err(AlignError::Parts { problem: format!("views share {more} of {rows} rows") });
        }
        let mut offsets = vec![0];
        widths.iter().for_each(|width| offsets.push(offsets[offsets.len() - 1] + width));
        let reciprocal = scale.iter().map(|scale| 1.0 / scale).collect();
        Ok(Self {
            names,
            offsets,
            incomplete,
            precision,
            shift,
            scale,
            reciprocal,
            rows,
            shared,
            first,
            second,
            gram,
            along,
            weight,
        })
    }
}
