//! The one place where a task is registered.
//!
//! To add a task: its file with parameters and `score`, a variant here, then follow the compiler.

use align::Ignored;
use serde::{Deserialize, Serialize};

use crate::clustering::{self, ClusteringParams};
use crate::consistency::{self, ConsistencyParams};
use crate::cycle::{self, CycleParams};
use crate::drift::{self, DriftParams};
use crate::hubness::{self, HubnessParams};
use crate::probe::{ProbeParams, Protocol};
use crate::reid::{self, ReidParams};
use crate::retrieval::{self, RetrievalParams};
use crate::similarity::{self, SimilarityParams};
use crate::{Scores, TaskError, TaskInput};
use crate::{probing, stitching};

/// A task with its parameters, as a grid file writes it: `{clustering: {restarts: 10}}`. A bare name
/// means the defaults; [`Task::from_name`] reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Every held-out item of one view looked up among those of another.
    Retrieval(RetrievalParams),
    /// K-means of each view's held-out items, against their labels.
    Clustering(ClusteringParams),
    /// Agreement of all views on each held-out item.
    Consistency(ConsistencyParams),
    /// How far a corrector turns held-out items.
    Drift(DriftParams),
    /// A linear classifier trained on one view's vectors, tested on another's.
    Probing(ProbeParams),
    /// A linear classifier on one side of a translation, tested on the other.
    Stitching(ProbeParams),
    /// What is left of a view after a way through all views and back.
    Cycle(CycleParams),
    /// Items of one view that look for items of their class in another.
    Reid(ReidParams),
    /// Whether some items are near far more queries than others.
    Hubness(HubnessParams),
    /// How alike the views are, whatever their coordinates.
    Similarity(SimilarityParams),
}

impl Task {
    /// Names as in a grid file.
    pub const NAMES: [&'static str; 10] = [
        "retrieval",
        "clustering",
        "consistency",
        "drift",
        "probing",
        "stitching",
        "cycle",
        "reid",
        "hubness",
        "similarity",
    ];

    /// The task with this name and its default parameters.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Retrieval(RetrievalParams::default()),
            Self::Clustering(ClusteringParams::default()),
            Self::Consistency(ConsistencyParams {}),
            Self::Drift(DriftParams {}),
            Self::Probing(ProbeParams::default()),
            Self::Stitching(ProbeParams::default()),
            Self::Cycle(CycleParams {}),
            Self::Reid(ReidParams::default()),
            Self::Hubness(HubnessParams::default()),
            Self::Similarity(SimilarityParams::default()),
        ]
        .into_iter()
        .find(|task| task.name() == name)
    }

    /// Name as in a grid file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retrieval(_) => "retrieval",
            Self::Clustering(_) => "clustering",
            Self::Consistency(_) => "consistency",
            Self::Drift(_) => "drift",
            Self::Probing(_) => "probing",
            Self::Stitching(_) => "stitching",
            Self::Cycle(_) => "cycle",
            Self::Reid(_) => "reid",
            Self::Hubness(_) => "hubness",
            Self::Similarity(_) => "similarity",
        }
    }

    /// Part of a cell's identity: raised whenever the numbers of an unchanged input move.
    pub fn version(&self) -> u32 {
        match self {
            Self::Retrieval(_) => 2,
            Self::Clustering(_) => 2,
            Self::Consistency(_) => 1,
            Self::Drift(_) => 1,
            Self::Probing(params) => match params.protocol {
                Protocol::Released => 1,
                Protocol::Converged => 2,
            },
            Self::Stitching(_) => 2,
            Self::Cycle(_) => 1,
            Self::Reid(_) => 2,
            Self::Hubness(_) => 2,
            Self::Similarity(_) => 2,
        }
    }

    /// Whether it compares with labels.
    pub fn needs_labels(&self) -> bool {
        match self {
            Self::Retrieval(_)
            | Self::Consistency(_)
            | Self::Drift(_)
            | Self::Cycle(_)
            | Self::Hubness(_)
            | Self::Similarity(_) => false,
            Self::Clustering(_) | Self::Probing(_) | Self::Stitching(_) | Self::Reid(_) => true,
        }
    }

    /// Whether it chooses among classifiers by validation rows.
    pub fn needs_validation(&self) -> bool {
        match self {
            Self::Probing(params) | Self::Stitching(params) => params.protocol == Protocol::Released,
            Self::Retrieval(_)
            | Self::Clustering(_)
            | Self::Consistency(_)
            | Self::Drift(_)
            | Self::Cycle(_)
            | Self::Hubness(_)
            | Self::Similarity(_)
            | Self::Reid(_) => false,
        }
    }

    /// The labelling it is told to use; without one it takes the first.
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Retrieval(_)
            | Self::Consistency(_)
            | Self::Drift(_)
            | Self::Cycle(_)
            | Self::Hubness(_)
            | Self::Similarity(_) => None,
            Self::Probing(params) | Self::Stitching(params) => params.label.as_deref(),
            Self::Reid(params) => params.label.as_deref(),
            Self::Clustering(params) => params.label.as_deref(),
        }
    }

    /// One line on what it measures.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Retrieval(_) => "each held-out item of one view looked up in another: Rank-k, MRR",
            Self::Clustering(_) => "k-means of each view's held-out items against their labels: ARI, NMI",
            Self::Consistency(_) => "how well all views agree on each held-out item: gamma, delta_pos",
            Self::Drift(_) => "how far a corrector turns each held-out item: mean, median, 95% quantile",
            Self::Probing(_) => "a linear classifier trained on one view's vectors, tested on another's: accuracy",
            Self::Stitching(_) => "a linear classifier across a translation, in either direction: accuracy",
            Self::Cycle(_) => "1 - cos after a cycle through all views, linear and through the corrector",
            Self::Reid(_) => "retrieval by class between views that hold disjoint items: mAP, CMC",
            Self::Hubness(_) => "whether some items are near far more queries than others: skewness, anti-hubs",
            Self::Similarity(_) => {
                "how alike two views are: CKA, mutual kNN, RSA, SVCCA, Procrustes, each against chance and its ceiling"
            }
        }
    }

    /// Checks the parameters alone, before any data are read.
    ///
    /// # Errors
    /// [`TaskError::Parameter`], [`TaskError::Ignored`].
    pub fn validate(&self) -> Result<(), TaskError> {
        self.check_given(|_| false)?;
        match self {
            Self::Consistency(ConsistencyParams {})
            | Self::Drift(DriftParams {})
            | Self::Cycle(CycleParams {})
            | Self::Reid(_) => Ok(()),
            Self::Retrieval(params) => params.validate(),
            Self::Hubness(params) => params.validate(),
            Self::Similarity(params) => params.validate(),
            Self::Probing(params) | Self::Stitching(params) => params.validate(self.name()),
            Self::Clustering(params) => params.validate(),
        }
    }

    /// Refuses parameters that have no effect beside the others: those that are not at their defaults, and those that
    /// `given` says someone has written down, whatever their value.
    ///
    /// # Errors
    /// [`TaskError::Ignored`] names the first such parameter and the setting beside it.
    pub fn check_given(&self, given: impl Fn(&str) -> bool) -> Result<(), TaskError> {
        let ignored = match self {
            Self::Retrieval(params) => params.ignored(),
            Self::Hubness(params) => params.ignored(),
            Self::Probing(params) | Self::Stitching(params) => params.ignored(),
            Self::Clustering(_)
            | Self::Consistency(_)
            | Self::Drift(_)
            | Self::Cycle(_)
            | Self::Reid(_)
            | Self::Similarity(_) => Vec::new(),
        };
        match Ignored::first_set(&ignored, given) {
            Some(ignored) => Err(TaskError::Ignored { task: self.name(), ignored }),
            None => Ok(()),
        }
    }

    /// Judges a fitted method. What does not apply to it is a score without a value, with the reason.
    ///
    /// # Errors
    /// Parameters outside their domain, held-out items that a view misses, labels that are missing or do not fit, values
    /// that are not finite, whatever the fitted method refuses.
    pub fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        self.validate()?;
        let test = &input.test.spaces;
        if let Some(view) = test.iter().find(|view| view.observed_rows() < test.rows()) {
            let (task, rows) = (self.name(), test.rows());
            let (view, missing) = (view.name().to_string(), rows - view.observed_rows());
            return Err(TaskError::MissingRows { task, view, missing, rows });
        }
        match self {
            Self::Retrieval(params) => retrieval::score(params, input),
            Self::Hubness(params) => hubness::score(params, input),
            Self::Similarity(params) => similarity::score(params, input),
            Self::Clustering(params) => clustering::score(params, input),
            Self::Consistency(ConsistencyParams {}) => consistency::score(input),
            Self::Drift(DriftParams {}) => drift::score(input),
            Self::Probing(params) => probing::score(params, input),
            Self::Stitching(params) => stitching::score(params, input),
            Self::Cycle(CycleParams {}) => cycle::score(input),
            Self::Reid(params) => reid::score(params, input),
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
            assert_eq!(task.name(), name);
            task.validate().expect("defaults are valid");
            let text = serde_json::to_string(&task).expect("serialises");
            assert_eq!(serde_json::from_str::<Task>(&text).expect("reads"), task);
        }
        assert_eq!(Task::from_name("cluster"), None);
        let versions = Task::NAMES.map(|name| Task::from_name(name).map_or(0, |task| task.version()));
        assert_eq!(versions, [2, 2, 1, 1, 2, 2, 1, 2, 2, 2], "raised where numbers move, never lowered");
        let released = ProbeParams { protocol: Protocol::Released, ..ProbeParams::default() };
        assert_eq!(Task::Probing(released).version(), 1);
    }

    #[test]
    fn unknown_keys_are_errors() {
        for text in [r#"{"retrieval": {"kk": 5}}"#, r#"{"clustering": {"restart": 5}}"#] {
            let error = serde_json::from_str::<Task>(text).unwrap_err().to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
    }
}
