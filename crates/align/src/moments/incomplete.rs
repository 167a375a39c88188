//! Items that some views miss: what they count, and how many rows a view needs at least.

use crate::AlignError;

/// How much an item counts that some views miss. Without missing rows both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incomplete {
    /// Once in every block, so a block is the sum over the items that both views have.
    PairwiseComplete,
    /// M/|V_i| times, V_i the views that have it: then `tr(Rᵀ G R)/M` is `Σ_i |Σ_{m∈V_i} z_mi R_m|²/|V_i|`, the
    /// quantity that GPA maximises when an item's consensus is the mean over its views.
    MeanOfPresent,
}

crate::names! {
    Incomplete, "weighting of incomplete items" {
        PairwiseComplete = "pairwise_complete",
        MeanOfPresent = "mean_of_present",
    }
}

/// A column's deviation needs two rows, and so do two views to be aligned by: one row fits any rotation.
pub(crate) const FEWEST: usize = 2;

/// # Errors
/// [`AlignError::TooFewPresent`] for a view with less than two rows.
pub(crate) fn enough(name: &str, got: usize) -> Result<(), AlignError> {
    if got >= FEWEST { Ok(()) } else { Err(AlignError::TooFewPresent { name: name.to_string(), got, want: FEWEST }) }
}
