//! The terms in which a grid says what is done to data before a fit.

use serde::{Deserialize, Serialize};

/// Which rows of different views belong together.
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

/// How items are dealt out to views under [`Pairing::ByClass`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByClass {
    /// Name of the labelling; the data's first without one.
    pub label: Option<String>,
    /// Seed of the deal.
    pub seed: u64,
}

/// What is done to the views' widths before a fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Widths {
    /// Nothing: methods pad.
    #[default]
    AsTheyAre,
    /// Wider views are reduced to the narrowest by a PCA fitted on their training rows.
    Pca,
}
