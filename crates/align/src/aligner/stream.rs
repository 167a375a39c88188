//! Fits on rows that are read some at a time.

use super::method::Aligner;
use crate::progress::Watch;
use crate::{AlignError, Fit, Views};

/// Training rows that are read some at a time, wherever they are: a data set larger than memory.
pub trait RowSource: Sync {
    /// Names of the views, in order.
    fn names(&self) -> Vec<String>;

    /// Number of items N.
    fn rows(&self) -> usize;

    /// Whether a view, by its position, has an item.
    fn has(&self, view: usize, item: usize) -> bool {
        let _ = (view, item);
        true
    }

    /// All views of these items, which ascend without repeats.
    ///
    /// # Errors
    /// Rows that cannot be read, or values that are not finite.
    fn read(&self, items: &[usize]) -> Result<Views, AlignError>;
}

/// Rows in memory as a source, for comparison with the rows themselves.
impl RowSource for Views {
    fn names(&self) -> Vec<String> {
        Self::names(self).map(str::to_owned).collect()
    }

    fn rows(&self) -> usize {
        Self::rows(self)
    }

    fn has(&self, view: usize, item: usize) -> bool {
        self.iter().nth(view).is_some_and(|view| view.has(item))
    }

    fn read(&self, items: &[usize]) -> Result<Views, AlignError> {
        Ok(self.select_rows(items))
    }
}

/// Method that completes a fit of its [`base`](Aligner::base) with some rows at a time ([`Method::fit_streamed`]). Its
/// [`Aligner::streamed`] returns itself.
///
/// [`Method::fit_streamed`]: crate::Method::fit_streamed
pub trait StreamAligner: Aligner {
    /// Completes the fit of the base on the same rows.
    ///
    /// # Errors
    /// The errors of [`Aligner::fit_on`]; rows that cannot be read; [`AlignError::Cancelled`].
    fn fit_stream_on(&self, base: &Fit, rows: &dyn RowSource, seed: u64, watch: &Watch) -> Result<Fit, AlignError>;
}
