//! Problems of files that are correct but do not fit together.

use thiserror::Error;

use crate::messages::words::{count, known_names, line, quoted};

/// Problem of the parts of a data set that do not fit together.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SetProblem {
    /// Views with different numbers of rows; row i must be the same item in every view.
    #[error(
        "view `{view}` has {}{}, view `{first}`{} has {want}; row i must be the same item in every view", count(*.got, "row"), in_split(.split), line(.first_line)
    )]
    Rows {
        /// The deviating view.
        view: String,
        /// The split; `None` if a file holds the items of all splits.
        split: Option<&'static str>,
        /// Its rows.
        got: usize,
        /// The first view.
        first: String,
        /// Line of the first view in the manifest, where known.
        first_line: Option<usize>,
        /// The first view's rows.
        want: usize,
    },
    /// A view with different widths in different splits.
    #[error("view `{view}` has {} in `{split}` and {want} in `{first}`; one encoder has one width", count(*.got, "column"))]
    Width {
        /// The view.
        view: String,
        /// The deviating split.
        split: &'static str,
        /// Its columns.
        got: usize,
        /// The first split.
        first: &'static str,
        /// The first split's columns.
        want: usize,
    },
    /// A row number below zero.
    #[error(
        "row {row} in `{split}`; row numbers count from 0, and -1 in a view's own `rows` marks an item that the view misses"
    )]
    NegativeRow {
        /// The number.
        row: i64,
        /// The split.
        split: &'static str,
    },
    /// A row in two places.
    #[error("row {row} is given in `{first}` and again in `{second}`; an item belongs to one split, once")]
    RowTwice {
        /// The row.
        row: usize,
        /// The split that has it first.
        first: &'static str,
        /// The split that has it again.
        second: &'static str,
    },
    /// A row number beyond the end of a file.
    #[error("the manifest's `rows` name row {row}, and the file has {have} rows, counted from 0")]
    RowBeyond {
        /// The row.
        row: usize,
        /// Number of rows.
        have: usize,
    },
    /// A split that the data set does not have.
    #[error("no split `{got}`; the splits here are {}", quoted(.known))]
    NoSplit {
        /// The split asked for.
        got: &'static str,
        /// The splits there are.
        known: Vec<String>,
    },
    /// A split without rows.
    #[error("view `{view}` has no rows in `{split}`; a split needs at least one item")]
    EmptySplit {
        /// The view.
        view: String,
        /// The split.
        split: &'static str,
    },
    /// A view that misses all items of a split.
    #[error("view `{view}` misses all {} of `{split}`; expected at least 1 that it has", count(*.rows, "item"))]
    AllMissing {
        /// The view.
        view: String,
        /// The split.
        split: &'static str,
        /// Its items.
        rows: usize,
    },
    /// Views that have too few training items in common for any fit.
    #[error(
        "of {rows} items of `train` views {} and views {} have at most {got} in common; a fit needs at least {want} in a pair of them", quoted(.first), quoted(.second)
    )]
    Apart {
        /// Views that share items with each other.
        first: Vec<String>,
        /// The other views.
        second: Vec<String>,
        /// The most items that a view of the one and a view of the other have in common.
        got: usize,
        /// How many they would need.
        want: usize,
        /// Items.
        rows: usize,
    },
    /// A view without columns.
    #[error("view `{view}` has no columns in `{split}`; an embedding needs at least one")]
    NoColumns {
        /// The view.
        view: String,
        /// The split.
        split: &'static str,
    },
    /// Labels, ids or groups that do not have one value per item.
    #[error("found {}{}, and the views have {}; expected one value per row", count(*.got, "value"), in_split(.split), count(*.want, "row"))]
    Length {
        /// The split; `None` if a file holds the items of all splits.
        split: Option<&'static str>,
        /// Values found.
        got: usize,
        /// Rows of the views.
        want: usize,
    },
    /// An id that two items of a split have.
    #[error("id {id} stands at row {first} and again at row {second} of `{split}`; ids must be unique within a split")]
    DuplicateId {
        /// The id.
        id: i64,
        /// Its first row, from 0.
        first: usize,
        /// Its second row.
        second: usize,
        /// The split.
        split: &'static str,
    },
    /// A line of judgements with too few or too many columns.
    #[error(
        "found {}, expected 3 (query, document, relevance) or 4 (query, iteration, document, relevance)", count(*.got, "column")
    )]
    JudgementColumns {
        /// Columns found.
        got: usize,
    },
    /// A relevance that is no whole number.
    #[error("found the relevance `{got}`, expected a whole number such as 0, 1 or 2")]
    Relevance {
        /// The text found.
        got: String,
    },
    /// A judgement of a query or a document that is not there.
    #[error("there is no {what} `{name}`, expected {expected}; correct the judgement or add the {what}")]
    UnknownJudged {
        /// `query` or `document`.
        what: &'static str,
        /// Its name in the judgements.
        name: String,
        /// Names that there are.
        expected: String,
    },
    /// A document that a query judges twice.
    #[error(
        "document `{document}` is judged twice for query `{query}`, first in line {first}; remove one of the lines"
    )]
    JudgedTwice {
        /// The query.
        query: String,
        /// The document.
        document: String,
        /// The first line.
        first: usize,
    },
    /// A file of judgements without one.
    #[error("found no judgement; a search needs at least one")]
    NoJudgements,
    /// Judgements by ids of documents that have none.
    #[error("judgements by ids need the ids of the documents; give the manifest `ids`, or judge `by: rows`")]
    DocumentsWithoutIds,
    /// Fewer than two views.
    #[error("found {}, expected at least 2; a single view has nothing to be aligned with", count(*.got, "view"))]
    TooFewViews {
        /// Views given.
        got: usize,
    },
    /// A view that the data set does not have.
    #[error("no view `{name}`{}", known_names("view", .nearest.as_deref(), .known))]
    UnknownView {
        /// The name asked for.
        name: String,
        /// The name there is that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A view that is named twice.
    #[error("view `{name}` is named twice; name it once")]
    RepeatedView {
        /// The view.
        name: String,
    },
}

fn in_split(split: &Option<&'static str>) -> String {
    split.map(|split| format!(" in `{split}`")).unwrap_or_default()
}
