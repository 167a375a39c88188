//! Errors of tasks.

use align::AlignError;
use thiserror::Error;

/// Every error of this crate. Each names the task or the operation, what was found, what was expected and, if there is
/// one, the remedy. "Not applicable" is no error: it is a [`Score`](crate::Score) without a value.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// A parameter is outside its domain.
    #[error("{task}: `{parameter}` is {got}, expected {want}")]
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
    /// An error in a task's own words.
    #[error("{task}: {message}")]
    Own {
        /// The task.
        task: &'static str,
        /// The message: what was found, what was expected, what to do.
        message: String,
    },
    /// A name that no task has.
    #[error("no task `{name}`; the tasks are {known}")]
    UnknownTask {
        /// The name.
        name: String,
        /// The known names, comma-separated.
        known: String,
    },
    /// A name that cannot be registered.
    #[error("no task can be called `{name}`: {problem}")]
    TaskName {
        /// The name.
        name: String,
        /// The rule that the name breaks.
        problem: align::named::NameProblem,
    },
    /// A former name of a task.
    #[error(transparent)]
    RenamedTask(align::named::Renamed),
    /// Data without labels for a task that needs them.
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
    /// A labelling that the data do not have.
    #[error("{task}: no labelling `{name}`; the labellings here are {known}")]
    UnknownLabels {
        /// The task.
        task: &'static str,
        /// The name asked for.
        name: String,
        /// The known names, comma-separated.
        known: String,
    },
    /// A task that needs groups was given data without any.
    #[error(
        "{task} needs groups, the evaluated split has none; add a grouping to the data's manifest, or take the items themselves"
    )]
    NoGroups {
        /// The task.
        task: &'static str,
    },
    /// No grouping of this name.
    #[error("{task}: no grouping `{name}`; the groupings here are {known}")]
    UnknownGroups {
        /// The task.
        task: &'static str,
        /// The requested name.
        name: String,
        /// The known names, comma-separated.
        known: String,
    },
    /// A labelling that does not match the rows.
    #[error("`{name}` has {got} values, the evaluated split has {want} rows")]
    LabelLength {
        /// The labelling or grouping.
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
    #[error("k-means: k = {k} for {n} points; expected 1 <= k <= {n}")]
    ClusterCount {
        /// Requested number of clusters.
        k: usize,
        /// Number of points.
        n: usize,
    },
    /// Two arguments whose shapes must match.
    #[error("{op}: {left_name} is {left}, {right_name} is {right}; they must match")]
    Shape {
        /// The operation.
        op: &'static str,
        /// Name of the first argument.
        left_name: &'static str,
        /// Its shape or length.
        left: String,
        /// Name of the second argument.
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
    /// A matrix argument with a value that is not finite.
    #[error(
        "{op}: the {name} hold {value} at row {row}, column {col}; expected finite numbers whose squares are finite"
    )]
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
    /// Numbers whose squares vanish.
    #[error(
        "{op}: the largest of the {name} is {largest:e} in magnitude, so that squared distances are below the range of f32; \
         multiply them by a constant"
    )]
    TooSmall {
        /// The operation.
        op: &'static str,
        /// Which of its arguments.
        name: &'static str,
        /// The largest magnitude.
        largest: f32,
    },
    /// An error of the `linfa` backend of k-means.
    #[error("k-means with backend `linfa` failed; `backend: lloyd` takes any finite data")]
    Linfa(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An error of the fitted method.
    #[error(transparent)]
    Align(#[from] AlignError),
}
