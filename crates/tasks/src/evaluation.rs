//! The trait of a task, and the type that holds any task.

use std::fmt;
use std::sync::Arc;

use align::named::{self, ParameterDoc, Parameters};
use serde::{Serialize, Serializer};

use crate::TaskError;
use crate::incomplete::{self, ItemScope};
use crate::scores::score::{Scores, TaskInput};

/// Task that evaluates a fitted method on held-out items, implemented by its parameters.
///
/// Only `name` and `score` are required. A type that also has `PartialEq` and `serde::Serialize` becomes a [`Task`];
/// with `Default` and `serde::Deserialize` it can be registered ([`Task::register`]).
///
/// Callers use [`Task::score`]. It checks the parameters and the data first, so implementations can rely on these
/// checks.
pub trait Evaluation: fmt::Debug + Send + Sync + 'static {
    /// Name in grid files and records: lower-case letters, digits and `_`. It does not depend on the parameters.
    fn name(&self) -> &'static str;

    /// Name in tables and figures.
    fn title(&self) -> &'static str {
        self.name()
    }

    /// Description in one line.
    fn summary(&self) -> &'static str {
        ""
    }

    /// Its parameters with their defaults, in the order of their fields, for lists.
    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        &[]
    }

    /// Version of the numbers, raised when the values of the same input change; part of the cell id.
    fn version(&self) -> u32 {
        1
    }

    /// Whether the task compares with labels.
    fn needs_labels(&self) -> bool {
        false
    }

    /// Whether validation rows choose among classifiers.
    fn needs_validation(&self) -> bool {
        false
    }

    /// Name of the labelling; without one the task uses the first.
    fn label(&self) -> Option<&str> {
        None
    }

    /// The held-out items that it is given where some views miss some of them.
    fn item_scope(&self) -> ItemScope {
        ItemScope::AllViews
    }

    /// Whether it compares with groups.
    fn needs_groups(&self) -> bool {
        false
    }

    /// The grouping that its parameters name; without one it takes the first.
    fn grouping(&self) -> Option<&str> {
        None
    }

    /// Whether it holds projected training rows of all views beside those of the test split. The forecast of a cell's
    /// memory counts them.
    fn projects_training_rows(&self) -> bool {
        false
    }

    /// Checks the parameters alone, before any data are read.
    ///
    /// # Errors
    /// [`TaskError::Parameter`], or [`TaskError::Own`] with a message of your own.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// Evaluates a fitted method. A metric that does not apply is a score without a value, with the reason.
    ///
    /// # Errors
    /// Labels that are missing or do not fit, values that are not finite, errors of the fitted method.
    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError>;
}

/// Any task with its parameters. In a grid file: `clustering: {restarts: 10}`, or a bare `clustering` for the defaults.
///
/// [`Task::from`] makes one from parameters, [`Task::from_name`] from a name. Two tasks are equal if their names and
/// parameters are equal.
#[derive(Clone)]
pub struct Task(Arc<dyn Held>);

/// An [`Evaluation`] of any type.
trait Held: Evaluation + Parameters {}

impl<P: Evaluation + Parameters> Held for P {}

impl<P: Evaluation + PartialEq + Serialize> From<P> for Task {
    fn from(parameters: P) -> Self {
        Self(Arc::new(parameters))
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of the task.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.0.equals(other.0.as_any())
    }
}

/// `{"clustering": {...}}`.
impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        named::serialize(self.name(), &*self.0, serializer)
    }
}

impl Task {
    /// The parameters, if they have this type.
    pub fn parameters<P: Evaluation>(&self) -> Option<&P> {
        self.0.as_any().downcast_ref()
    }

    /// See [`Evaluation::name`].
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// See [`Evaluation::title`].
    pub fn title(&self) -> &'static str {
        self.0.title()
    }

    /// See [`Evaluation::summary`].
    pub fn summary(&self) -> &'static str {
        self.0.summary()
    }

    /// See [`Evaluation::parameter_docs`].
    pub fn parameter_docs(&self) -> &'static [ParameterDoc] {
        self.0.parameter_docs()
    }

    /// See [`Evaluation::version`].
    pub fn version(&self) -> u32 {
        self.0.version()
    }

    /// See [`Evaluation::needs_labels`].
    pub fn needs_labels(&self) -> bool {
        self.0.needs_labels()
    }

    /// See [`Evaluation::needs_validation`].
    pub fn needs_validation(&self) -> bool {
        self.0.needs_validation()
    }

    /// See [`Evaluation::label`].
    pub fn label(&self) -> Option<&str> {
        self.0.label()
    }

    /// As [`Evaluation::needs_groups`].
    pub fn needs_groups(&self) -> bool {
        self.0.needs_groups()
    }

    /// As [`Evaluation::grouping`].
    pub fn grouping(&self) -> Option<&str> {
        self.0.grouping()
    }

    /// See [`Evaluation::projects_training_rows`].
    pub fn projects_training_rows(&self) -> bool {
        self.0.projects_training_rows()
    }

    /// Checks the parameters alone, before any data are read.
    ///
    /// # Errors
    /// [`TaskError::Parameter`].
    pub fn validate(&self) -> Result<(), TaskError> {
        self.0.validate()
    }

    /// As [`Evaluation::item_scope`].
    pub fn item_scope(&self) -> ItemScope {
        self.0.item_scope()
    }

    /// Evaluates a fitted method. A metric that does not apply is a score without a value, with the reason. Held-out items
    /// that a view misses do not enter the metrics of this view: `n` of a score counts the other items, and a series holds
    /// NaN in place of the missing ones.
    ///
    /// # Errors
    /// Parameters outside their domain, fewer than two held-out items that the views have, labels that are missing or do
    /// not fit, values that are not finite, errors of the fitted method.
    pub fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        self.validate()?;
        incomplete::score(self.name(), self.item_scope(), input, |input| self.0.score(input))
    }
}
