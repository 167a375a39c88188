//! The answer to the question of an upgrade.

use std::path::PathBuf;

use data::Manifest;
use select::{MethodScore, Recommendation};
use tasks::upgrade::Decision;

use super::confidence::Confidence;
use super::cost::Cost;
use super::judge::Judged;
use super::pairs::PairCurve;
use super::request::UpgradeRequest;

/// The answer, with everything behind it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Upgraded {
    /// The data set.
    pub manifest: Manifest,
    /// The question.
    pub request: UpgradeRequest,
    /// Numbers of documents, of queries, and of pairs that both models have.
    pub counts: Counts,
    /// Warnings about the pairs and the fit.
    pub warnings: Vec<String>,
    /// The choice of the map by cross-validation on the pairs.
    pub recommendation: Recommendation,
    /// Wall seconds of the fit of the map.
    pub fit_seconds: f64,
    /// The strategies on the queries.
    pub judged: Judged,
    /// The decision.
    pub decision: Decision,
    /// The map by number of pairs.
    pub curve: PairCurve,
    /// Confidences of the mapped queries by name, or the reason why there is none.
    pub confidence: Vec<(&'static str, Result<Confidence, String>)>,
    /// The cost of embedding the documents again.
    pub cost: Cost,
    /// The map's file.
    pub map: PathBuf,
    /// The files that were written.
    pub files: Vec<PathBuf>,
}

/// Numbers of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Documents.
    pub documents: usize,
    /// Queries.
    pub queries: usize,
    /// Pairs that both models have.
    pub pairs: usize,
}

impl Upgraded {
    /// The map that the pairs chose.
    pub fn chosen(&self) -> &MethodScore {
        self.recommendation.chosen()
    }
}
