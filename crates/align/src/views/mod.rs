//! Named views of the same items.

pub mod corpus;
pub mod dataset;
mod pairs;
pub mod synthetic;

use std::borrow::Cow;
use std::sync::Arc;

pub use pairs::{Correspondence, RowPairs};

use crate::{AlignError, Matrix};

/// One encoder's N × d matrix and its name. Cloning is cheap: the values are shared.
#[derive(Clone, Debug)]
pub struct View {
    name: Arc<str>,
    values: Arc<Matrix>,
    /// Rows that the encoder has; `None` if it has all.
    present: Option<Arc<[bool]>>,
    /// Row of the view's file that each item has; `None` if every item has a row of its own.
    sources: Option<Arc<[Option<usize>]>>,
}

impl View {
    /// The view's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The embeddings, N × d. Rows that are missing hold zeros.
    pub fn values(&self) -> &Matrix {
        &self.values
    }

    /// Whether the view has item `row`.
    pub fn has(&self, row: usize) -> bool {
        self.present.as_ref().is_none_or(|present| present[row])
    }

    /// Row of the view's file that each item has, where one row can stand for several items, as a picture does for its
    /// captions; no row for an item that the view misses. `None` if every item has a row of its own.
    pub fn source_rows(&self) -> Option<&[Option<usize>]> {
        self.sources.as_deref()
    }

    /// Number of items that the view has.
    pub fn observed_rows(&self) -> usize {
        self.present.as_ref().map_or(self.values.rows(), |present| present.iter().filter(|&&has| has).count())
    }

    /// The rows of the items that the view has, in order; column statistics use these.
    pub fn observed(&self) -> Cow<'_, Matrix> {
        match &self.present {
            None => Cow::Borrowed(&self.values),
            Some(_) => {
                let rows: Vec<usize> = (0..self.values.rows()).filter(|&row| self.has(row)).collect();
                Cow::Owned(self.values.select_rows(&rows))
            }
        }
    }

    /// The members of `items` (one value per item) for the items that the view has, in order.
    pub fn observed_of<'a, T: Copy>(&self, items: &'a [T]) -> Cow<'a, [T]> {
        match &self.present {
            None => Cow::Borrowed(items),
            Some(present) => {
                Cow::Owned(items.iter().zip(present.iter()).filter(|(_, has)| **has).map(|(item, _)| *item).collect())
            }
        }
    }

    /// The rows with these indices.
    fn select_rows(&self, rows: &[usize]) -> Self {
        let present = self.present.as_ref().map(|present| rows.iter().map(|&row| present[row]).collect());
        let sources = self.sources.as_ref().map(|sources| rows.iter().map(|&row| sources[row]).collect());
        Self { name: self.name.clone(), values: Arc::new(self.values.select_rows(rows)), present, sources }
    }
}

/// Views whose row i is the same item: at least one, uniquely named, equally long, finite.
///
/// A value of this type has passed those checks, so methods and tasks do not repeat them.
#[derive(Clone, Debug)]
pub struct Views(Vec<View>);

impl Views {
    /// Checks and takes the views, in the order given; the position of a view keys its random draws. A matrix that is an
    /// `Arc<Matrix>` is shared, not copied.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use align::{Matrix, Views};
    ///
    /// let en = Arc::new(Matrix::new(2, 2, vec![0.1, 0.2, 0.3, 0.4])?);
    /// let views = Views::new([("en", en.clone())])?;
    /// assert!(std::ptr::eq(views.get("en")?, &*en));
    /// # Ok::<(), align::AlignError>(())
    /// ```
    ///
    /// # Errors
    /// Duplicate names, an empty view, different row counts, a value that is not finite, no view at all.
    pub fn new<N: Into<Arc<str>>, M: Into<Arc<Matrix>>>(
        views: impl IntoIterator<Item = (N, M)>,
    ) -> Result<Self, AlignError> {
        let views: Vec<View> = views.into_iter().map(|(name, values)| space(name, values)).collect();
        let Some(first) = views.first() else {
            return Err(AlignError::TooFewViews { method: "a set of views", got: 0, want: 1, only: None });
        };
        for (i, space) in views.iter().enumerate() {
            if views[..i].iter().any(|s| s.name == space.name) {
                return Err(AlignError::DuplicateView { name: space.name.to_string() });
            }
            let (rows, cols) = (space.values.rows(), space.values.cols());
            if rows == 0 || cols == 0 {
                return Err(AlignError::EmptyView { name: space.name.to_string(), rows, cols });
            }
            if rows != first.values.rows() {
                return Err(AlignError::RowMismatch {
                    name: space.name.to_string(),
                    got: rows,
                    first: first.name.to_string(),
                    want: first.values.rows(),
                });
            }
            check_finite(&space.name, &space.values)?;
        }
        Ok(Self(views))
    }

    /// Number of views M.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Always false: a set of views has at least one view.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of items N.
    pub fn rows(&self) -> usize {
        self.0[0].values.rows()
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(View::name)
    }

    /// Widths d_m in order.
    pub fn widths(&self) -> Vec<usize> {
        self.0.iter().map(|s| s.values.cols()).collect()
    }

    /// The views in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &View> {
        self.0.iter()
    }

    /// The view at a position.
    ///
    /// # Panics
    /// If the position is not below [`Views::len`], as with a slice; [`Views::space`] takes a name and returns an
    /// error.
    pub fn nth(&self, position: usize) -> &View {
        &self.0[position]
    }

    /// The values of the view at a position.
    ///
    /// # Panics
    /// Under the conditions of [`Views::nth`]; [`Views::get`] takes a name.
    pub fn at(&self, position: usize) -> &Matrix {
        &self.0[position].values
    }

    /// A view's position.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn position(&self, name: &str) -> Result<usize, AlignError> {
        position(self.names(), name)
    }

    /// A view by name.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn space(&self, name: &str) -> Result<&View, AlignError> {
        Ok(&self.0[self.position(name)?])
    }

    /// A view's values by name.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn get(&self, name: &str) -> Result<&Matrix, AlignError> {
        Ok(self.at(self.position(name)?))
    }

    /// The named views, in the given order. The values are shared.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`], [`AlignError::DuplicateView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        let mut picked: Vec<View> = Vec::with_capacity(names.len());
        for name in names {
            let space = &self.0[self.position(name.as_ref())?];
            if picked.iter().any(|s| s.name == space.name) {
                return Err(AlignError::DuplicateView { name: space.name.to_string() });
            }
            picked.push(space.clone());
        }
        if picked.is_empty() {
            return Err(AlignError::TooFewViews { method: "a set of views", got: 0, want: 1, only: None });
        }
        Ok(Self(picked))
    }

    /// The rows with these indices, for every view.
    ///
    /// # Panics
    /// If an index is not below [`Views::rows`], as with a slice.
    pub fn select_rows(&self, indices: &[usize]) -> Self {
        Self(self.0.iter().map(|space| space.select_rows(indices)).collect())
    }

    /// Replaces the values of one view; the others are shared. Rows that the view misses stay missing.
    ///
    /// # Errors
    /// [`AlignError::Position`], [`AlignError::RowMismatch`], [`AlignError::NotFinite`].
    pub fn with_values(&self, position: usize, values: Matrix) -> Result<Self, AlignError> {
        self.check_position(position)?;
        self.check_rows(position, values.rows())?;
        check_finite(&self.0[position].name, &values)?;
        let mut views = self.clone();
        views.0[position].values = Arc::new(values);
        Ok(views.blanked(position))
    }

    /// The same items with view `position` permuted: row `r` of the result is row `row_map[r]`.
    ///
    /// # Errors
    /// [`AlignError::Position`] for a view or a row that is not there, [`AlignError::RowMismatch`] if there is not
    /// one entry for each row.
    pub fn with_row_map(&self, position: usize, row_map: &[usize]) -> Result<Self, AlignError> {
        self.check_position(position)?;
        self.check_rows(position, row_map.len())?;
        if let Some(&got) = row_map.iter().find(|&&row| row >= self.rows()) {
            return Err(AlignError::Position { what: "row", got, count: self.rows() });
        }
        let mut views = self.clone();
        views.0[position] = self.0[position].select_rows(row_map);
        Ok(views)
    }

    fn check_position(&self, got: usize) -> Result<(), AlignError> {
        if got < self.len() { Ok(()) } else { Err(AlignError::Position { what: "view", got, count: self.len() }) }
    }

    fn check_rows(&self, position: usize, got: usize) -> Result<(), AlignError> {
        if got == self.rows() {
            return Ok(());
        }
        let (name, first) = (self.0[position].name.to_string(), self.0[0].name.to_string());
        Err(AlignError::RowMismatch { name, got, first, want: self.rows() })
    }

    /// The same items; view `position` misses the rows with `missing[row]`, in addition to the rows that it already
    /// misses.
    ///
    /// Fits on such views use the rows that exist: column statistics of a view are over its rows; GPA's consensus of an
    /// item is the mean over the views that have it; pairwise Procrustes and GCCA use the rows that both views of a
    /// pair have; GCPA trains on items that at least two views have.
    ///
    /// # Errors
    /// [`AlignError::Position`] for a view that is not there, [`AlignError::RowMismatch`] if there is not one entry per
    /// row.
    pub fn with_missing(&self, position: usize, missing: &[bool]) -> Result<Self, AlignError> {
        self.check_position(position)?;
        self.check_rows(position, missing.len())?;
        let mut views = self.clone();
        let space = &self.0[position];
        views.0[position].present = Some((0..self.rows()).map(|row| space.has(row) && !missing[row]).collect());
        Ok(views.blanked(position))
    }

    /// Returns the same items with a note that item i is row `rows[i]` of the file of view `position`, so that several
    /// items can be one row. Fits use every item; tasks that look items up can use each row once.
    ///
    /// # Errors
    /// [`AlignError::Position`] for a view that is not there, [`AlignError::RowMismatch`] if there is not one entry for
    /// each item.
    pub fn with_source_rows(&self, position: usize, rows: &[Option<usize>]) -> Result<Self, AlignError> {
        self.check_position(position)?;
        self.check_rows(position, rows.len())?;
        let mut views = self.clone();
        views.0[position].sources = Some(rows.into());
        Ok(views)
    }

    /// Views that have all items, without a note of missing ones.
    pub(crate) fn without_missing(mut self) -> Self {
        self.0.iter_mut().for_each(|view| view.present = None);
        self
    }

    /// Sets the rows that view `position` misses to zero, so that no value can depend on their content.
    fn blanked(mut self, position: usize) -> Self {
        let space = &mut self.0[position];
        if let Some(present) = space.present.clone() {
            let values = Arc::make_mut(&mut space.values);
            (0..values.rows()).filter(|&row| !present[row]).for_each(|row| values.row_mut(row).fill(0.0));
        }
        self
    }

    /// Number of views that have item `row`.
    pub fn views_of(&self, row: usize) -> usize {
        self.0.iter().filter(|space| space.has(row)).count()
    }

    /// Whether every view has every item.
    pub fn complete(&self) -> bool {
        self.0.iter().all(|space| space.present.is_none())
    }
}

fn space(name: impl Into<Arc<str>>, values: impl Into<Arc<Matrix>>) -> View {
    View { name: name.into(), values: values.into(), present: None, sources: None }
}

/// # Errors
/// [`AlignError::NotFinite`] at the first such value.
pub(crate) fn check_finite(name: &str, values: &Matrix) -> Result<(), AlignError> {
    match values.first_not_finite() {
        None => Ok(()),
        Some(at) => Err(AlignError::NotFinite {
            name: name.to_string(),
            row: at / values.cols(),
            col: at % values.cols(),
            value: values.as_slice()[at],
        }),
    }
}

/// Position of `name` among `names`.
pub(crate) fn position<'a>(names: impl Iterator<Item = &'a str> + Clone, name: &str) -> Result<usize, AlignError> {
    names.clone().position(|n| n == name).ok_or_else(|| AlignError::UnknownView {
        name: name.to_string(),
        known: names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "),
    })
}
