//! Claims of the paper and their tests.

use serde::{Deserialize, Serialize};
use tasks::Metric;

use grid::figure_spec::{Reduce, mean_only};

/// A claim of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Id, such as `C1`.
    pub id: String,
    /// The claim as text.
    pub text: String,
    /// Published value of the claim, if one is known.
    pub published: Option<String>,
    /// Test of the claimed ordering.
    pub test: Test,
    /// Published values in the claim, which are compared one by one. They have a verdict of their own, because new
    /// embeddings change values more than the order of methods.
    pub value: Option<ValueOf>,
}

/// Published values that a claim states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueOf {
    /// The metric.
    pub metric: Metric,
    /// The method. Default: all published values of the metric.
    pub method: Option<String>,
}

/// Kind of a test, with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Test {
    /// A method is better than others on clean data.
    Better(Better),
    /// A method loses less to noise, or to fewer training rows, than others.
    SmallerDrop(SmallerDrop),
    /// A value rises from one subset of views to the next.
    Rises(Rises),
    /// A value falls from one subset of views to the next.
    Falls(Rises),
    /// Adding a view to a universe is as good as a refit, and better than pairwise maps.
    Extension(Extension),
    /// A value is at most a bound.
    AtMost(AtMost),
    /// The claim cannot be tested with this grid.
    NotTestable(NotTestable),
}

/// Parameters of [`Test::Better`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Better {
    /// The metric.
    pub metric: Metric,
    /// The method said to be better …
    pub method: String,
    /// … than these.
    pub over: Vec<String>,
    /// Reduction of the values of all views or pairs.
    #[serde(default = "mean_only")]
    pub of: Vec<Reduce>,
    /// Subsets of views; an empty list means all subsets of the grid.
    #[serde(default)]
    pub views: Vec<String>,
}

/// Parameters of [`Test::SmallerDrop`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallerDrop {
    /// The metric.
    pub metric: Metric,
    /// The method said to lose less …
    pub method: String,
    /// … than these.
    pub over: Vec<String>,
}

/// Parameters of [`Test::Rises`] and [`Test::Falls`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rises {
    /// The metric.
    pub metric: Metric,
    /// The method.
    pub method: String,
    /// Ordered pairs of views; an empty list means all pairs of each subset.
    #[serde(default)]
    pub pairs: Vec<[String; 2]>,
    /// Subsets of views in order; an empty list means all subsets of the grid.
    #[serde(default)]
    pub views: Vec<String>,
}

/// Parameters of [`Test::Extension`]; values are means over the pairs with the last view of a subset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The metric.
    pub metric: Metric,
    /// The method that adds the view.
    pub added: String,
    /// The method that is fitted again with the view.
    pub refit: String,
    /// The method without a universe.
    pub pairwise: String,
}

/// Parameters of [`Test::AtMost`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtMost {
    /// The metric.
    pub metric: Metric,
    /// The method.
    pub method: String,
    /// The bound on the largest value.
    pub bound: f64,
}

/// Parameters of [`Test::NotTestable`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotTestable {
    /// The reason.
    pub reason: String,
}

impl Test {
    /// The metric of the test.
    pub fn metric(&self) -> Option<Metric> {
        match self {
            Self::Better(t) => Some(t.metric),
            Self::SmallerDrop(t) => Some(t.metric),
            Self::Rises(t) | Self::Falls(t) => Some(t.metric),
            Self::Extension(t) => Some(t.metric),
            Self::AtMost(t) => Some(t.metric),
            Self::NotTestable(_) => None,
        }
    }

    /// The name of the kind in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Better(_) => "better",
            Self::SmallerDrop(_) => "smaller_drop",
            Self::Rises(_) => "rises",
            Self::Falls(_) => "falls",
            Self::Extension(_) => "extension",
            Self::AtMost(_) => "at_most",
            Self::NotTestable(_) => "not_testable",
        }
    }

    /// Names in the test, each with its key.
    pub fn names(&self) -> Vec<(&'static str, Named<'_>)> {
        match self {
            Self::Better(t) => vec![
                ("method", Named::Method(&t.method)),
                ("over", Named::Rivals(&t.over)),
                ("views", Named::Subsets(&t.views)),
            ],
            Self::SmallerDrop(t) => vec![("method", Named::Method(&t.method)), ("over", Named::Rivals(&t.over))],
            Self::Rises(t) | Self::Falls(t) => vec![
                ("method", Named::Method(&t.method)),
                ("views", Named::Subsets(&t.views)),
                ("pairs", Named::Pairs(&t.pairs)),
            ],
            Self::Extension(t) => vec![
                ("added", Named::Method(&t.added)),
                ("refit", Named::Method(&t.refit)),
                ("pairwise", Named::Method(&t.pairwise)),
            ],
            Self::AtMost(t) => vec![("method", Named::Method(&t.method))],
            Self::NotTestable(_) => Vec::new(),
        }
    }
}

/// Names in a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// A method, by its name or its label in tables.
    Method(&'a str),
    /// Methods of the comparison; at least one.
    Rivals(&'a [String]),
    /// Subsets of views.
    Subsets(&'a [String]),
    /// Ordered pairs of views.
    Pairs(&'a [[String; 2]]),
}
