//! Items that some views miss: their weight, and the minimal number of rows of a view.

use crate::AlignError;

/// Weight of an item that some views miss. Without missing rows both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incomplete {
    /// Weight 1 in every block: a block is the sum over the items that both views have.
    PairwiseComplete,
    /// Weight M/|V_i| with V_i the views that have the item. Then `tr(Rᵀ G R)/M` is `Σ_i |Σ_{m∈V_i} z_mi R_m|²/|V_i|`,
    /// which GPA maximises if an item's consensus is the mean over its views.
    MeanOfPresent,
}

crate::names! {
    Incomplete, "weighting of incomplete items" {
        PairwiseComplete = "pairwise_complete",
        MeanOfPresent = "mean_of_present",
    }
}

/// Minimal number of rows: a standard deviation needs two, and so does the alignment of two views, because one row fits
/// any rotation.
pub(crate) const FEWEST: usize = 2;

/// # Errors
/// [`AlignError::TooFewPresent`] for a view with less than two rows.
pub(crate) fn enough(name: &str, got: usize) -> Result<(), AlignError> {
    if got >= FEWEST { Ok(()) } else { Err(AlignError::TooFewPresent { name: name.to_string(), got, want: FEWEST }) }
}
