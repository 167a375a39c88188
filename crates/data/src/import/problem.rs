//! Problems of an import whose files do not fit together.

use std::path::PathBuf;

use thiserror::Error;

/// Problem of a request to import.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// Shares of a split that do not sum to 1.
    #[error(
        "found the shares {got:?}, expected two (train, test) or three (train, validation, test) positive numbers that sum to 1"
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
    /// An id that two items have.
    #[error("id `{id}` stands at row {first} and again at row {second}; ids must be unique")]
    TextIdTwice {
        /// The id.
        id: String,
        /// Its first row, from 0.
        first: usize,
        /// Its second row.
        second: usize,
    },
    /// A name that two lists of one kind have.
    #[error("{kind} `{name}` is given twice; give each a name of its own: NAME=FILE#PART")]
    NameTwice {
        /// `view`, `labelling` or `grouping`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Queries of a view that is not imported.
    #[error("queries of `{name}`, and there is no view of this name{}; there are {}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default(), known.join(", "))]
    QueriesOfNothing {
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A view without queries.
    #[error("view `{name}` has no queries; give the queries of every view: --queries {name}=FILE")]
    WithoutQueries {
        /// The view.
        name: String,
    },
    /// A model that embedded only the documents or only the queries.
    #[error(
        "model `{name}` lacks the file `{name}.{lacks}.npy` (or .safetensors, .npz, .parquet, .csv, .h5); embed both the corpus and the queries"
    )]
    HalfEmbedded {
        /// The model.
        name: String,
        /// `corpus` or `queries`.
        lacks: &'static str,
    },
    /// Fewer than two models.
    #[error(
        "found embeddings of {got} models, expected at least 2; a model is two files, `NAME.corpus.npy` and `NAME.queries.npy`, with a row for each line of corpus.jsonl and queries.jsonl"
    )]
    TooFewEmbedded {
        /// Models found.
        got: usize,
    },
    /// A file without ids, so that its rows cannot be joined.
    #[error("{kind} `{name}` has no ids, and other files have; give it ids of its own")]
    WithoutIds {
        /// `view`, `labelling` or `grouping`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Ids of a list that is not imported.
    #[error("ids of `{name}`, and there is no view, labelling or grouping of this name{}; there are {}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default(), known.join(", "))]
    IdsOfNothing {
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A list of ids for all files beside lists for one.
    #[error(
        "ids without a name are of all files, in one order, and `{name}` has ids of its own; give every file its ids"
    )]
    MixedIds {
        /// The file with ids of its own.
        name: String,
    },
    /// An id that two files repeat differently often, so that nothing says which of their rows belong together.
    #[error(
        "id `{id}` stands {} times in `{}` and {} times in `{}`; an id may be repeated in one file, or equally often in several",
        first.1, first.0, second.1, second.0
    )]
    RepeatedDifferently {
        /// The id.
        id: String,
        /// A file, and the number of times that it has the id.
        first: (String, usize),
        /// Another file, likewise.
        second: (String, usize),
    },
    /// Files without a common item.
    #[error("no id is in all files: `{}` begins with `{}`, `{}` with `{}`; check that the ids are of one kind", first.0, first.1, second.0, second.1)]
    NothingInCommon {
        /// A file and its first id.
        first: (String, String),
        /// Another file, likewise.
        second: (String, String),
    },
    /// A folder without vectors.
    #[error("the folder holds no .npy file; expected one for each item, with the item's vector")]
    NoVectors,
    /// Vectors of different widths in a folder.
    #[error("the vector has {got} values, that of {} has {want}; all vectors of a folder need one width", .first.display())]
    VectorWidth {
        /// Its values.
        got: usize,
        /// The first file of the folder.
        first: PathBuf,
        /// The values of its vector.
        want: usize,
    },
    /// Vectors of different types in a folder.
    #[error("the vector is of type {got}, that of {} is {want}; all vectors of a folder need one type", .first.display())]
    VectorType {
        /// Its type.
        got: &'static str,
        /// The first file of the folder.
        first: PathBuf,
        /// The type of its vector.
        want: &'static str,
    },
    /// An impossible number of folds.
    #[error("{got} folds of {units} {what}; expected at least 2 folds, and no more than there are {what}")]
    Folds {
        /// The number of folds.
        got: usize,
        /// Number of items or groups.
        units: usize,
        /// `items` or `groups`.
        what: &'static str,
    },
    /// Folds of files that are split already.
    #[error("the files are split already; folds are made of files that hold all items")]
    FoldsOfSplits,
    /// More splits than groups.
    #[error("{got} groups of items that stay together, and {want} splits need one each; leave out a grouping")]
    TooFewGroups {
        /// How many groups there are.
        got: usize,
        /// How many splits.
        want: usize,
    },
    /// A labelling for the stratification that does not exist.
    #[error("{}", no_strata(.name, .nearest.as_deref(), .known))]
    NoStrata {
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A list that some splits have and others do not.
    #[error("{what} given for `{has}` and not for `{lacks}`; give it for every split, or for none")]
    OnlyInSome {
        /// The list, with its verb.
        what: String,
        /// A split that has it.
        has: &'static str,
        /// A split without it.
        lacks: &'static str,
    },
}

/// The words of [`ImportProblem::NoStrata`].
fn no_strata(name: &str, nearest: Option<&str>, known: &[String]) -> String {
    if known.is_empty() {
        return "there are no labels to stratify by; give some".to_owned();
    }
    let hint = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("no labelling `{name}` to stratify by{hint}; there are {}", known.join(", "))
}
