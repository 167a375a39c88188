//! Named views of the same items.

use std::sync::Arc;

use crate::{AlignError, Matrix};

/// One encoder's N × d matrix and its name. Cloning is cheap: the values are shared.
#[derive(Clone, Debug)]
pub struct Space {
    name: Arc<str>,
    values: Arc<Matrix>,
}

impl Space {
    /// The view's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The embeddings, N × d.
    pub fn values(&self) -> &Matrix {
        &self.values
    }
}

/// Views whose row i is the same item: at least one, uniquely named, equally long, finite.
///
/// A value of this type has passed those checks, so methods and tasks do not repeat them.
#[derive(Clone, Debug)]
pub struct Spaces(Vec<Space>);

impl Spaces {
    /// Checks and takes the views, in the order given; the position of a view keys its random draws.
    ///
    /// # Errors
    /// Duplicate names, an empty view, different row counts, a value that is not finite, no view at all.
    pub fn new(views: impl IntoIterator<Item = (String, Matrix)>) -> Result<Self, AlignError> {
        let spaces: Vec<Space> =
            views.into_iter().map(|(name, values)| Space { name: name.into(), values: Arc::new(values) }).collect();
        let Some(first) = spaces.first() else {
            return Err(AlignError::TooFewViews { method: "a set of spaces", got: 0, want: 1, only: None });
        };
        for (i, space) in spaces.iter().enumerate() {
            if spaces[..i].iter().any(|s| s.name == space.name) {
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
            if let Some(at) = space.values.as_slice().iter().position(|x| !x.is_finite()) {
                return Err(AlignError::NotFinite {
                    name: space.name.to_string(),
                    row: at / cols,
                    col: at % cols,
                    value: space.values.as_slice()[at],
                });
            }
        }
        Ok(Self(spaces))
    }

    /// Number of views M.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a set of spaces has at least one view.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of items N.
    pub fn rows(&self) -> usize {
        self.0[0].values.rows()
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(Space::name)
    }

    /// Widths d_m in order.
    pub fn widths(&self) -> Vec<usize> {
        self.0.iter().map(|s| s.values.cols()).collect()
    }

    /// The views in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Space> {
        self.0.iter()
    }

    /// The view at a position.
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
    pub fn get(&self, name: &str) -> Result<&Matrix, AlignError> {
        Ok(self.at(self.position(name)?))
    }

    /// The named views, in the order named. Shares the values.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`], [`AlignError::DuplicateView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        let mut picked: Vec<Space> = Vec::with_capacity(names.len());
        for name in names {
            let space = &self.0[self.position(name.as_ref())?];
            if picked.iter().any(|s| s.name == space.name) {
                return Err(AlignError::DuplicateView { name: space.name.to_string() });
            }
            picked.push(space.clone());
        }
        if picked.is_empty() {
            return Err(AlignError::TooFewViews { method: "a set of spaces", got: 0, want: 1, only: None });
        }
        Ok(Self(picked))
    }

    /// The rows with these indices, of every view.
    pub fn select_rows(&self, indices: &[usize]) -> Self {
        let pick = |s: &Space| Space { name: s.name.clone(), values: Arc::new(s.values.select_rows(indices)) };
        Self(self.0.iter().map(pick).collect())
    }

    /// One view's values replaced, the others shared; what noise needs.
    pub(crate) fn with_values(&self, position: usize, values: Matrix) -> Self {
        let mut spaces = self.0.clone();
        spaces[position].values = Arc::new(values);
        Self(spaces)
    }

    /// The same items with view `position` permuted: row `r` of the result is row `row_map[r]`.
    pub fn with_row_map(&self, position: usize, row_map: &[usize]) -> Self {
        self.with_values(position, self.at(position).select_rows(row_map))
    }
}

/// Position of `name` among `names`.
pub(crate) fn position<'a>(names: impl Iterator<Item = &'a str> + Clone, name: &str) -> Result<usize, AlignError> {
    names.clone().position(|n| n == name).ok_or_else(|| AlignError::UnknownView {
        name: name.to_string(),
        known: names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "),
    })
}
