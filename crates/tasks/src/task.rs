//! The one place where a task is registered.
//!
//! To add a task: its file with parameters and `score`, a variant here, then follow the compiler.

use serde::{Deserialize, Serialize};

use crate::clustering::{self, ClusteringParams};
use crate::retrieval::{self, RetrievalParams};
use crate::{Scores, TaskError, TaskInput};

/// A task with its parameters, as a grid file writes it: `{clustering: {restarts: 10}}`. A bare name
/// means the defaults; [`Task::from_name`] reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Every held-out item of one view looked up among those of another.
    Retrieval(RetrievalParams),
    /// K-means of each view's held-out items, against their labels.
    Clustering(ClusteringParams),
}

impl Task {
    /// Names as in a grid file.
    pub const NAMES: [&'static str; 2] = ["retrieval", "clustering"];

    /// The task with this name and its default parameters.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Retrieval(RetrievalParams::default()), Self::Clustering(ClusteringParams::default())]
            .into_iter()
            .find(|task| task.name() == name)
    }

    /// Name as in a grid file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retrieval(_) => "retrieval",
            Self::Clustering(_) => "clustering",
        }
    }

    /// Part of a cell's identity: raised whenever the numbers of an unchanged input move.
    pub fn version(&self) -> u32 {
        match self {
            Self::Retrieval(_) => 1,
            Self::Clustering(_) => 1,
        }
    }

    /// Whether it compares with labels.
    pub fn needs_labels(&self) -> bool {
        match self {
            Self::Retrieval(_) => false,
            Self::Clustering(_) => true,
        }
    }

    /// The labelling it is told to use; without one it takes the first.
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Retrieval(_) => None,
            Self::Clustering(params) => params.label.as_deref(),
        }
    }

    /// One line on what it measures.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Retrieval(_) => "each held-out item of one view looked up in another: Rank-k, MRR",
            Self::Clustering(_) => "k-means of each view's held-out items against their labels: ARI, NMI",
        }
    }

    /// Checks the parameters alone, before any data are read.
    ///
    /// # Errors
    /// [`TaskError::Parameter`].
    pub fn validate(&self) -> Result<(), TaskError> {
        match self {
            Self::Retrieval(RetrievalParams {}) => Ok(()),
            Self::Clustering(params) => params.validate(),
        }
    }

    /// Judges a fitted method. What does not apply to it is a score without a value, with the reason.
    ///
    /// # Errors
    /// Parameters outside their domain, labels that are missing or do not fit, values that are not
    /// finite, whatever the fitted method refuses.
    pub fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        self.validate()?;
        match self {
            Self::Retrieval(RetrievalParams {}) => retrieval::score(input),
            Self::Clustering(params) => clustering::score(params, input),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_the_defaults_and_back_through_serde() {
        for name in Task::NAMES {
            let task = Task::from_name(name).expect("registered");
            assert_eq!((task.name(), task.version()), (name, 1));
            task.validate().expect("defaults are valid");
            let text = serde_json::to_string(&task).expect("serialises");
            assert_eq!(serde_json::from_str::<Task>(&text).expect("reads"), task);
        }
        assert_eq!(Task::from_name("cluster"), None);
    }

    #[test]
    fn unknown_keys_are_errors() {
        for text in [r#"{"retrieval": {"k": 5}}"#, r#"{"clustering": {"restart": 5}}"#] {
            let error = serde_json::from_str::<Task>(text).unwrap_err().to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
    }
}
