//! Errors of a choice.

use align::AlignError;
use tasks::TaskError;
use thiserror::Error;

/// Error of a choice by cross-validation: what was found, what was expected, what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SelectError {
    /// A setting is outside its domain.
    #[error("`{parameter}` is {got}, expected {want}")]
    Parameter {
        /// The setting.
        parameter: &'static str,
        /// The value found.
        got: String,
        /// The domain.
        want: &'static str,
    },
    /// Fewer items or groups than folds.
    #[error("found {got} {what}, expected at least {folds}, one for each fold; lower `folds`")]
    TooFewUnits {
        /// Items, or groups of them.
        what: &'static str,
        /// Their number.
        got: usize,
        /// Number of folds.
        folds: usize,
    },
    /// A list of another length than the number of items.
    #[error("found {got} {what}, expected {want}, one for each training item")]
    Length {
        /// The list.
        what: &'static str,
        /// Its length.
        got: usize,
        /// Number of items.
        want: usize,
    },
    /// A candidate that no method can be made of.
    #[error("candidate {values}: {problem}")]
    Candidate {
        /// Its parameters.
        values: String,
        /// The problem.
        problem: String,
    },
    /// A metric that the task does not compute.
    #[error(
        "the task `{task}` computes no `{metric}`; it computes {known}; set `by` to one of these, or choose another `task`"
    )]
    NoMetric {
        /// The task.
        task: &'static str,
        /// The metric.
        metric: &'static str,
        /// The metrics of the task.
        known: String,
    },
    /// No candidate has a score on every fold.
    #[error(
        "none of {candidates} candidates has a score on every fold, so none can be chosen; the first problem: {problem}"
    )]
    NoneScored {
        /// Number of candidates.
        candidates: usize,
        /// The first problem.
        problem: String,
    },
    /// No method applies to the items, or none that applies has a score.
    #[error("no method can be recommended, because none has a score on every fold: {reasons}")]
    NoMethod {
        /// The methods with their reasons.
        reasons: String,
    },
    /// Error of a fit.
    #[error(transparent)]
    Align(#[from] AlignError),
    /// Error of a task.
    #[error(transparent)]
    Task(#[from] TaskError),
}

impl SelectError {
    /// The error of a method's fit.
    pub(crate) fn of_fit(self, method: &str) -> AlignError {
        match self {
            Self::Align(error) => error,
            other => AlignError::Own { method: method.into(), message: other.to_string() },
        }
    }
}
