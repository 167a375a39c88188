//! Rows that are read some at a time.

use crate::{AlignError, Views};

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
