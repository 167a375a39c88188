//! The trait of a task, and the type that holds any of them.

use std::fmt;
use std::sync::Arc;

use align::named::{self, ParameterDoc, Parameters};
use serde::{Serialize, Serializer};

use crate::TaskError;
use crate::incomplete::{self, ItemScope};
use crate::scores::score::{Scores, TaskInput};

/// A task with its parameters: it judges a fitted method on held-out items.
///
/// Implemented by the parameters of a task. `name` and `score` are all that has to be there; with `PartialEq` and
/// `serde::Serialize` beside them the type becomes a [`Task`], with `Default` and `serde::Deserialize` it can be registered
/// ([`Task::register`]).
///
/// Whoever judges calls [`Task::score`], which checks the parameters and the data first; what stands here can rely on it.
pub trait Evaluation: fmt::Debug + Send + Sync + 'static {
    /// Its name in grid files and records: lower-case letters, digits and `_`. The same for all parameters.
    fn name(&self) -> &'static str;

    /// Its name in tables and figures.
    fn title(&self) -> &'static str {
        self.name()
    }

    /// One line on what it measures.
    fn summary(&self) -> &'static str {
        ""
    }

    /// Its parameters with their defaults, in the order of their fields, for lists.
    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        &[]
    }

    /// Raised whenever the numbers of an unchanged input move; part of a cell's identity.
    fn version(&self) -> u32 {
        1
    }

    /// Whether it compares with labels.
    fn needs_labels(&self) -> bool {
        false
    }

    /// Whether it chooses among classifiers by validation rows.
    fn needs_validation(&self) -> bool {
        false
    }

    /// The labelling it is told to use; without one it takes the first.
    fn label(&self) -> Option<&str> {
        None
    }

    /// The held-out items that it is given where some views miss some of them.
    fn item_scope(&self) -> ItemScope {
        ItemScope::AllViews
    }

    /// Checks the parameters alone, before any data are read.
    ///
    /// # Errors
    /// [`TaskError::Parameter`], or [`TaskError::Own`] with a message of one's own.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// Judges a fitted method. What does not apply to it is a score without a value, with the reason.
    ///
    /// # Errors
    /// Labels that are missing or do not fit, values that are not finite, whatever the fitted method refuses.
    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError>;
}

/// Any task with its parameters. In a grid file `clustering: {restarts: 10}`, or a bare `clustering` for the defaults.
///
/// Made of parameters by [`Task::from`], of a name by [`Task::from_name`]. Two are equal where name and parameters are.
#[derive(Clone)]
pub struct Task(Arc<dyn Held>);

/// An [`Evaluation`] whose type is not known.
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

/// Its name.
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
    /// The parameters, where they are of this type.
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

    /// Judges a fitted method. What does not apply to it is a score without a value, with the reason. Held-out items that a
    /// view misses take no part in what is measured of this view: `n` of a score counts the others, and a series holds NaN
    /// in their places.
    ///
    /// # Errors
    /// Parameters outside their domain, fewer than two held-out items that the views have, labels that are missing or do not
    /// fit, values that are not finite, whatever the fitted method refuses.
    pub fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        self.validate()?;
        incomplete::score(self.name(), self.item_scope(), input, |input| self.0.score(input))
    }
}
