//! What the training of a corrector asks of its rows, wherever they are.

use std::borrow::Cow;

use crate::corrector::{Batch, Draw, NormalizedRows};
use crate::{AlignError, Matrix};

/// Unit universe rows of views that vary, and the consensus directions of their items.
pub(super) trait Examples {
    /// Number of views.
    fn views(&self) -> usize;

    /// Name of a view.
    fn name(&self, view: usize) -> &str;

    /// Width D of the universe.
    fn width(&self) -> usize;

    /// Number of items that at least two views have.
    fn items(&self) -> usize;

    /// Whether a view has an item.
    fn has(&self, view: usize, item: u32) -> bool;

    /// Shows the batch of a step.
    fn batch(&self, view: usize, drawn: &Draw, see: &mut dyn FnMut(&Batch<'_>)) -> Result<(), AlignError>;

    /// A view's rows of these items and their targets, in this order.
    fn select(&self, view: usize, items: &[u32]) -> Result<(NormalizedRows, Matrix), AlignError>;

    /// The members of `items` that a view has.
    fn of_view<'a>(&self, view: usize, items: &'a [u32]) -> Result<Cow<'a, [u32]>, AlignError> {
        if items.iter().all(|&item| self.has(view, item)) {
            return Ok(Cow::Borrowed(items));
        }
        let own: Vec<u32> = items.iter().copied().filter(|&item| self.has(view, item)).collect();
        if own.is_empty() {
            return Err(AlignError::TooFewPresent { name: self.name(view).to_owned(), got: 0, want: 1 });
        }
        Ok(Cow::Owned(own))
    }

    /// [`Examples::of_view`] for every view.
    fn by_view<'a>(&self, items: &'a [u32]) -> Result<Vec<Cow<'a, [u32]>>, AlignError> {
        (0..self.views()).map(|view| self.of_view(view, items)).collect()
    }
}
