//! Preparation of data in a grid file: pairing and widths.

use serde::{Deserialize, Serialize};

/// Correspondence of the rows of different views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pairing {
    /// Row i is the same item in every view.
    #[default]
    Rows,
    /// Row i is the same class in every view and never the same item: the re-identification protocol.
    ByClass(ByClass),
}

/// Assignment of items to views under [`Pairing::ByClass`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByClass {
    /// Name of the labelling. Default: the first labelling of the data.
    pub label: Option<String>,
    /// Seed of the assignment.
    pub seed: u64,
}

/// Treatment of the views' widths before a fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Widths {
    /// No change: methods pad.
    #[default]
    AsTheyAre,
    /// Wider views are reduced to the narrowest by a PCA fitted on their training rows.
    Pca,
}
