//! Views of different lengths whose rows are matched by lists of pairs.

use std::collections::HashSet;
use std::sync::Arc;

use super::Views;
use crate::{AlignError, Matrix};

/// Rows of two views that show the same item, such as the entries of a bilingual dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPairs {
    /// Position of the first view.
    pub first: usize,
    /// Position of the second view.
    pub second: usize,
    /// Row of the first view and row of the second.
    pub rows: Vec<(usize, usize)>,
}

impl RowPairs {
    /// Pairs of rows of the views at positions `first` and `second`.
    pub fn new(first: usize, second: usize, rows: Vec<(usize, usize)>) -> Self {
        Self { first, second, rows }
    }
}

/// What is known about which rows show the same item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Correspondence {
    /// Every item is in every view.
    Complete,
    /// Some views miss some items.
    Partial,
    /// No item is in two views.
    None,
}

impl Views {
    /// Views of any lengths whose rows correspond by lists of pairs.
    ///
    /// Rows that are joined by pairs, directly or through other views, become one item; views that have no row of it miss it.
    /// A row without a pair becomes an item of its view alone. Where the pairs join two rows of one view, as five captions of
    /// one picture, every pair becomes an item of its own, so that such rows are repeated. With no pairs at all no item is in two
    /// views ([`Correspondence::None`]).
    ///
    /// Items are in the order of their first row: by view, then by row. Costs memory for N_items × d values of each view.
    ///
    /// ```
    /// use align::{Matrix, RowPairs, Views};
    ///
    /// let en = Matrix::new(3, 1, vec![1.0, 2.0, 3.0])?;
    /// let fr = Matrix::new(2, 1, vec![30.0, 10.0])?;
    /// let views = Views::matched([("en", en), ("fr", fr)], &[RowPairs::new(0, 1, vec![(0, 1), (2, 0)])])?;
    /// assert_eq!(views.rows(), 3); // the second English row has no French one
    /// assert_eq!(views.get("fr")?.as_slice(), [10.0, 0.0, 30.0]);
    /// assert!(!views.space("fr")?.has(1));
    /// # Ok::<(), align::AlignError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Views::new`] but for the lengths; [`AlignError::Position`] for a pair whose view or row does not exist;
    /// [`AlignError::SamePair`] for pairs of a view with itself.
    pub fn matched<N: Into<Arc<str>>>(
        views: impl IntoIterator<Item = (N, Matrix)>,
        pairs: &[RowPairs],
    ) -> Result<Self, AlignError> {
        let views: Vec<(Arc<str>, Matrix)> = views.into_iter().map(|(name, values)| (name.into(), values)).collect();
        let starts: Vec<usize> = std::iter::once(0)
            .chain(views.iter().scan(0, |sum, (_, values)| {
                *sum += values.rows();
                Some(*sum)
            }))
            .collect();
        let rows = starts[views.len()];
        let node = |view: usize, row: usize| {
            let values =
                &views.get(view).ok_or(AlignError::Position { what: "view", got: view, count: views.len() })?.1;
            if row < values.rows() {
                Ok(starts[view] + row)
            } else {
                Err(AlignError::Position { what: "row", got: row, count: values.rows() })
            }
        };
        let mut links = Vec::new();
        for RowPairs { first, second, rows } in pairs {
            if first == second {
                return Err(AlignError::SamePair { view: *first });
            }
            for &(a, b) in rows {
                links.push([(*first, node(*first, a)?), (*second, node(*second, b)?)]);
            }
        }
        let items = items(&starts, rows, &links);
        let mut matched = Vec::with_capacity(views.len());
        let mut missing = Vec::with_capacity(views.len());
        for (view, (name, values)) in views.into_iter().enumerate() {
            super::check_finite(&name, &values)?;
            let of_view: Vec<Option<usize>> = items.iter().map(|item| item[view]).collect();
            let mut taken = Matrix::zeros(items.len(), values.cols());
            for (row, source) in of_view.iter().enumerate() {
                if let Some(source) = source {
                    taken.row_mut(row).copy_from_slice(values.row(source - starts[view]));
                }
            }
            missing.push(of_view.iter().map(Option::is_none).collect::<Vec<_>>());
            matched.push((name, taken));
        }
        let mut matched = Self::new(matched)?;
        for (view, missing) in missing.iter().enumerate() {
            if missing.contains(&true) {
                matched = matched.with_missing(view, missing)?;
            }
        }
        Ok(matched)
    }

    /// What is known about which rows show the same item.
    pub fn correspondence(&self) -> Correspondence {
        if self.complete() {
            Correspondence::Complete
        } else if (0..self.rows()).any(|row| self.views_of(row) > 1) {
            Correspondence::Partial
        } else {
            Correspondence::None
        }
    }
}

/// For each item and view its row among the rows of all views one after the other.
fn items(starts: &[usize], rows: usize, links: &[[(usize, usize); 2]]) -> Vec<Vec<Option<usize>>> {
    let views = starts.len() - 1;
    let view_of = |row: usize| starts.partition_point(|&start| start <= row) - 1;
    // Union-find over all rows; the root of a set is its first row.
    let mut parents: Vec<usize> = (0..rows).collect();
    for [(_, a), (_, b)] in links {
        let (a, b) = (root(&mut parents, *a), root(&mut parents, *b));
        parents[a.max(b)] = a.min(b);
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); rows];
    let mut repeated = vec![false; rows];
    for row in 0..rows {
        let root = root(&mut parents, row);
        // Rows come in the order of the views, so another row of the same view would be the last one.
        repeated[root] |= members[root].last().is_some_and(|&last| view_of(last) == view_of(row));
        members[root].push(row);
    }
    let mut pairs: Vec<Vec<[(usize, usize); 2]>> = vec![Vec::new(); rows];
    let mut seen = HashSet::new();
    for link in links {
        let root = root(&mut parents, link[0].1);
        if repeated[root] && seen.insert(link) {
            pairs[root].push(*link);
        }
    }
    let mut items = Vec::new();
    for root in 0..rows {
        if !repeated[root] && !members[root].is_empty() {
            let mut item = vec![None; views];
            members[root].iter().for_each(|&row| item[view_of(row)] = Some(row));
            items.push(item);
        }
        for [(first, a), (second, b)] in &pairs[root] {
            let mut item = vec![None; views];
            (item[*first], item[*second]) = (Some(*a), Some(*b));
            items.push(item);
        }
    }
    items
}

fn root(parents: &mut [usize], mut row: usize) -> usize {
    while parents[row] != row {
        parents[row] = parents[parents[row]];
        row = parents[row];
    }
    row
}
