//! What the parts of a data set are called.

use serde::{Deserialize, Serialize};

/// A part of a data set's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitName {
    /// The rows a method may see.
    Train,
    /// The rows it is judged on.
    Test,
    /// Rows for choosing parameters.
    Validation,
}

align::names! {
    SplitName, "split" {
        Train = "train",
        Test = "test",
        Validation = "validation",
    }
}
