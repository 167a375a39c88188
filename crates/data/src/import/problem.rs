//! How what is to be imported fails to fit together.

use std::path::PathBuf;

use thiserror::Error;

/// What is wrong with a request to import.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// Shares of a split that do not make a whole.
    #[error(
        "shares {got:?}; wanted two (train, test) or three (train, validation, test) positive numbers that sum to 1"
    )]
    Shares {
        /// The shares.
        got: Vec<f64>,
    },
    /// Views whose rows are not the same items.
    #[error("row {row} is {got}, in {} it is {want}; row i must be the same item in every view", .first.display())]
    Order {
        /// The first row that differs.
        row: usize,
        /// The item there.
        got: String,
        /// The item there in the first view.
        want: String,
        /// The first view's list of items.
        first: PathBuf,
    },
    /// Two items with one id.
    #[error("id `{id}` stands at row {first} and again at row {second}; ids must be unique")]
    TextIdTwice {
        /// The id.
        id: String,
        /// Its first row, from 0.
        first: usize,
        /// Its second row.
        second: usize,
    },
    /// Two of a kind with one name, of which only one could be kept.
    #[error("{kind} `{name}` is given twice; give each a name of its own: NAME=FILE#PART")]
    NameTwice {
        /// `view`, `labelling` or `grouping`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Files of splits that do not hold the same.
    #[error("{what} given for `{has}` and not for `{lacks}`; give it for every split, or for none")]
    OnlyInSome {
        /// What is, with its verb.
        what: String,
        /// A split that has it.
        has: &'static str,
        /// A split that has not.
        lacks: &'static str,
    },
}
