//! Requirements of a method, the moments it uses, and the size of a fit.

use super::input::FitInput;
use crate::moments::Incomplete;
use crate::prep::{ConstantColumns, Standardisation};
use crate::{AlignError, Correspondence};

/// Requirements of a method; [`Method::fit`](crate::Method::fit) refuses data that do not meet them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// Minimal number of views.
    pub views: usize,
    /// The items must have labels.
    pub labels: bool,
    /// There must be validation rows.
    pub validation: bool,
    /// Every view must have every item.
    pub complete: bool,
    /// Whether at least two views must share items.
    pub correspondence: bool,
}

impl Default for Needs {
    fn default() -> Self {
        Self { views: 2, labels: false, validation: false, complete: false, correspondence: true }
    }
}

impl Needs {
    /// Requires at least this many views.
    pub fn views(self, views: usize) -> Self {
        Self { views, ..self }
    }

    /// Requires labels of the items.
    pub fn labels(self) -> Self {
        Self { labels: true, ..self }
    }

    /// Requires validation rows.
    pub fn validation(self) -> Self {
        Self { validation: true, ..self }
    }

    /// Requires every item in every view.
    pub fn complete(self) -> Self {
        Self { complete: true, ..self }
    }

    /// No items that two views share: a method that learns from rows whose partners are not known.
    pub fn without_correspondence(self) -> Self {
        Self { correspondence: false, ..self }
    }

    /// # Errors
    /// [`AlignError::TooFewViews`], [`AlignError::Lacks`].
    pub(super) fn check(self, method: &'static str, input: &FitInput<'_>) -> Result<(), AlignError> {
        self.check_views(method, &input.views.names().collect::<Vec<_>>())?;
        let lacks = |what| Err(AlignError::Lacks { method, what });
        if self.labels && input.labels.is_empty() {
            return lacks("labels of the training items");
        }
        if self.validation && input.validation.is_none() {
            return lacks("validation rows");
        }
        if self.complete && !input.complete() {
            return lacks("every item in every view");
        }
        if self.correspondence && input.views.len() > 1 && input.correspondence() == Correspondence::None {
            return lacks("items that at least two views have");
        }
        Ok(())
    }

    /// # Errors
    /// [`AlignError::TooFewViews`].
    pub(crate) fn check_views(self, method: &'static str, names: &[&str]) -> Result<(), AlignError> {
        if names.len() >= self.views {
            return Ok(());
        }
        let only = (names.len() == 1).then(|| names[0].to_string());
        Err(AlignError::TooFewViews { method, got: names.len(), want: self.views, only })
    }
}

/// Moments from which a method is fitted ([`crate::moments`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MomentSpec {
    /// Weight of items that some views miss.
    pub incomplete: Incomplete,
    /// Standardisation of the views.
    pub standardisation: Standardisation,
}

impl MomentSpec {
    /// Moments of views with this standardisation, and this weight of items that some views miss.
    pub fn new(incomplete: Incomplete, standardisation: Standardisation) -> Self {
        Self { incomplete, standardisation }
    }

    /// For methods of a consensus: the consensus of an item is the mean over the views that have it.
    pub fn of_consensus(constant_columns: ConstantColumns) -> Self {
        Self::new(Incomplete::MeanOfPresent, Standardisation::Population(constant_columns))
    }

    /// For methods of pairs of views: a pair uses the items that both views have.
    pub fn of_pairs(standardisation: Standardisation) -> Self {
        Self::new(Incomplete::PairwiseComplete, standardisation)
    }
}

/// Size of a planned fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitSize {
    /// Number of views.
    pub views: usize,
    /// Number of columns of all views together, if known.
    pub columns: Option<usize>,
    /// Number of rows, if known.
    pub rows: Option<usize>,
}

impl FitSize {
    /// A fit of this many views of unknown size.
    pub fn of_views(views: usize) -> Self {
        Self { views, ..Self::default() }
    }
}
