//! Names of the parts of a data set.

use serde::{Deserialize, Serialize};

/// Part of a data set's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitName {
    /// Rows on which methods are fitted.
    Train,
    /// Rows on which methods are evaluated.
    Test,
    /// Rows for the choice of parameters.
    Validation,
    /// Documents with files of their own (the role of a manifest, not one of its splits).
    #[serde(skip_deserializing)]
    Documents,
    /// Queries (a role).
    #[serde(skip_deserializing)]
    Queries,
    /// Pairs with files of their own (a role).
    #[serde(skip_deserializing)]
    Pairs,
}

align::names! {
    SplitName, "split" {
        Train = "train",
        Test = "test",
        Validation = "validation",
        Documents = "documents",
        Queries = "queries",
        Pairs = "pairs",
    }
}
