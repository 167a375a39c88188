//! What can go wrong between a fitted method and its scores.

use align::AlignError;
use thiserror::Error;

/// Every error of this crate. Each names the task or the operation, what was found, what was wanted
/// and, where there is one, the remedy. "Not applicable" is no error: it is a
/// [`Score`](crate::Score) without a value.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// A parameter is outside its domain.
    #[error("{task}: `{parameter}` is {got}, wanted {want}")]
    Parameter {
        /// Task or operation.
        task: &'static str,
        /// Parameter name as in a grid file.
        parameter: &'static str,
        /// What was given.
        got: String,
        /// The domain.
        want: &'static str,
    },
    /// A task's own refusal.
    #[error("{task}: {message}")]
    Own {
        /// The task.
        task: &'static str,
        /// What was found, what was wanted.
        message: String,
    },
    /// No task has this name.
    #[error("no task `{name}`; the tasks are {known}")]
    UnknownTask {
        /// The name.
        name: String,
        /// The names there are, comma-separated.
        known: String,
    },
    /// A task cannot be registered under this name.
    #[error("no task can be called `{name}`: {problem}")]
    TaskName {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: align::named::NameProblem,
    },
    /// A name that a task had before.
    #[error(transparent)]
    RenamedTask(align::named::Renamed),
    /// A task that needs labels was given data without any.
    #[error(
        "{task} needs labels, the evaluated split has none; add a labelling to the data's manifest or drop the task"
    )]
    NoLabels {
        /// The task.
        task: &'static str,
    },
    /// A protocol that chooses by validation rows was given none.
    #[error(
        "{task}: `protocol: released` chooses weights by validation rows, and there are none; split some off train, or take `protocol: converged`"
    )]
    NoValidation {
        /// The task.
        task: &'static str,
    },
    /// No labelling of this name.
    #[error("{task}: no labelling `{name}`; the labellings here are {known}")]
    UnknownLabels {
        /// The task.
        task: &'static str,
        /// The name asked for.
        name: String,
        /// The names there are, comma-separated.
        known: String,
    },
    /// A labelling that does not match the rows.
    #[error("labelling `{name}` has {got} values, the evaluated split has {want} rows")]
    LabelLength {
        /// The labelling.
        name: String,
        /// Values found.
        got: usize,
        /// Rows.
        want: usize,
    },
    /// Too few held-out items that a view, or every view of a comparison, has.
    #[error("{task}: {got} of the {rows} held-out items are in {views}; expected at least {want}")]
    TooFewItems {
        /// The task.
        task: &'static str,
        /// The views, comma-separated.
        views: String,
        /// Items that all of them have.
        got: usize,
        /// Items in all.
        rows: usize,
        /// The fewest that can be scored.
        want: usize,
    },
    /// More clusters than points.
    #[error("k-means: k = {k} for {n} points; wanted 1 <= k <= {n}")]
    ClusterCount {
        /// Clusters asked for.
        k: usize,
        /// Points there are.
        n: usize,
    },
    /// Two things that must match in shape do not.
    #[error("{op}: {left_name} is {left}, {right_name} is {right}; they must match")]
    Shape {
        /// The operation.
        op: &'static str,
        /// What the first is.
        left_name: &'static str,
        /// Its shape or length.
        left: String,
        /// What the second is.
        right_name: &'static str,
        /// Its shape or length.
        right: String,
    },
    /// A method returned values that no ranking or clustering can be made of.
    #[error(
        "{space} coordinates of view `{view}` hold {value} at row {row}, column {col}; look for extreme values or constant columns with the data's warnings"
    )]
    NotFinite {
        /// The space.
        space: &'static str,
        /// The view, or `source->target`.
        view: String,
        /// Row of the first such value.
        row: usize,
        /// Its column.
        col: usize,
        /// The value.
        value: f32,
    },
    /// A matrix that a public function was called with holds something that no figure can be made of.
    #[error("{op}: the {name} hold {value} at row {row}, column {col}; wanted finite numbers whose squares are finite")]
    NoNumber {
        /// The operation.
        op: &'static str,
        /// Which of its arguments.
        name: &'static str,
        /// Row of the first such value.
        row: usize,
        /// Its column.
        col: usize,
        /// The value.
        value: f32,
    },
    /// The `linfa` backend of k-means refused.
    #[error("k-means with backend `linfa` failed; `backend: lloyd` takes any finite data")]
    Linfa(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The fitted method refused.
    #[error(transparent)]
    Align(#[from] AlignError),
}
