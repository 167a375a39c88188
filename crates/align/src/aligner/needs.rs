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

/// Size of a planned fit, from which [`Aligner::cost`](crate::Aligner::cost) forecasts its work and
/// [`Aligner::search`](crate::Aligner::search) takes its values. A grid fills all fields; other callers fill those that
/// they know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitSize {
    /// Number of views.
    pub views: usize,
    /// Number of columns of all views together, if known.
    pub columns: Option<usize>,
    /// Number of columns of the narrowest view, if known.
    pub narrowest: Option<usize>,
    /// Number of training rows, if known. A grid gives the rows of the data; a cell fits fewer if the grid pairs rows by
    /// class or splits off validation rows.
    pub rows: Option<usize>,
    /// Number of training rows that every view has, if known.
    pub complete: Option<usize>,
}

impl FitSize {
    /// A fit of this many views of unknown size.
    pub fn of_views(views: usize) -> Self {
        Self { views, ..Self::default() }
    }

    /// A fit of one view for each of these widths.
    pub fn of_widths(widths: &[usize]) -> Self {
        Self {
            columns: Some(widths.iter().sum()),
            narrowest: widths.iter().copied().min(),
            ..Self::of_views(widths.len())
        }
    }

    /// The size with this number of training rows.
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows: Some(rows), ..self }
    }

    /// The size where this number of training rows are in every view.
    pub fn with_complete(self, rows: usize) -> Self {
        Self { complete: Some(rows), ..self }
    }

    /// The size with views that are all as wide as the narrowest, if widths are known.
    pub fn with_matched_widths(self) -> Self {
        Self { columns: self.narrowest.map(|width| width * self.views).or(self.columns), ..self }
    }
}

/// Parameters worth searching, each with its values: the path of the parameter as in a grid's `sweep`, such as
/// `loss.tau`, and the values as a grid file writes them.
pub type SearchSpace = Vec<(&'static str, Vec<serde_json::Value>)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_fit_says_only_what_is_known() {
        let size = FitSize::of_views(3);
        assert_eq!((size.views, size.columns, size.narrowest, size.rows), (3, None, None, None));
        assert_eq!(size.with_matched_widths(), size);
        let size = FitSize::of_widths(&[5, 3, 8]).with_rows(40);
        assert_eq!((size.views, size.columns, size.narrowest, size.rows), (3, Some(16), Some(3), Some(40)));
        let matched = size.with_matched_widths();
        assert_eq!((matched.views, matched.columns, matched.narrowest, matched.rows), (3, Some(9), Some(3), Some(40)));
    }
}
