//! The scores of methods, and the recommendation among them.

use serde_json::Value;

use super::curve::Curve;
use super::intervals::Spread;
use crate::candidates::Candidate;
use crate::criterion::Criterion;
use crate::study::Scored;

/// A recommendation with the scores behind it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recommendation {
    /// The task and the metric of the scores.
    pub criterion: Criterion,
    /// Number of training items.
    pub items: usize,
    /// Number of groups that stay together in a fold; `None` if the items have no groups.
    pub groups: Option<usize>,
    /// Number of folds.
    pub folds: usize,
    /// The methods that have a score, the best first.
    pub methods: Vec<MethodScore>,
    /// The methods that have none, with the reason.
    pub not_tried: Vec<NotTried>,
    /// Index of the recommended method in `methods`.
    pub recommended: usize,
    /// Scores of the recommended candidate on parts of the training items.
    pub curve: Curve,
    /// Seconds of the whole computation. They differ between runs; nothing depends on them.
    pub seconds: f64,
}

/// The best candidate of a method.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MethodScore {
    /// The candidate.
    pub candidate: Candidate,
    /// Number of candidates.
    pub candidates: usize,
    /// Number of combinations that the budget leaves out.
    pub left_out: usize,
    /// Score of each fold.
    pub folds: Vec<f64>,
    /// Mean score over the folds.
    pub mean: f64,
    /// Standard error of the mean over the folds.
    pub standard_error: f64,
    /// Interval of the mean, and the share of resamples in which the method is the best.
    pub spread: Spread,
    /// Whether the mean is at most one standard error of the best method below the best method.
    pub as_good: bool,
    /// Mean number of parameters of the fits.
    pub parameters: f64,
    /// Forecast work of one fit ([`align::Aligner::cost`]).
    pub cost: f64,
    /// Seconds of the fits and scores of all candidates.
    pub seconds: f64,
}

impl MethodScore {
    pub(super) fn new(
        candidate: Candidate,
        scored: &Scored,
        (candidates, left_out): (usize, usize),
        cost: f64,
        seconds: f64,
    ) -> Self {
        Self {
            candidate,
            candidates,
            left_out,
            folds: scored.folds().into_iter().flatten().collect(),
            mean: scored.mean().unwrap_or(f64::NAN),
            standard_error: scored.standard_error().unwrap_or(f64::NAN),
            spread: Spread::default(),
            as_good: false,
            parameters: scored.parameters,
            cost,
            seconds,
        }
    }

    /// The parameters that differ between the candidates, such as `rank 48, ridge 0.3`; `defaults` if none differs.
    pub fn parameters_text(&self) -> String {
        let plain = |value: &Value| match value {
            // The values of a grid file in which the method decides.
            Value::Null => "by default".to_string(),
            Value::String(name) => name.clone(),
            other => other.to_string(),
        };
        let told: Vec<String> =
            self.candidate.values.iter().map(|(path, value)| format!("{path} {}", plain(value))).collect();
        if told.is_empty() { "defaults".into() } else { told.join(", ") }
    }
}

/// A method without a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTried {
    /// Name of the method.
    pub method: &'static str,
    /// The reason.
    pub reason: String,
}

impl Recommendation {
    /// The best method.
    pub fn best(&self) -> &MethodScore {
        &self.methods[0]
    }

    /// The recommended method.
    pub fn chosen(&self) -> &MethodScore {
        &self.methods[self.recommended]
    }

    /// Number of methods that are as good as the best within one standard error, the best included.
    pub fn as_good(&self) -> usize {
        self.methods.iter().filter(|it| it.as_good).count()
    }
}

/// Index of the cheapest of some methods; among equals the one with the fewest parameters, then the best mean.
pub(super) fn cheapest(criterion: &Criterion, scores: &[MethodScore], near: &[usize]) -> usize {
    let before = |a: &MethodScore, b: &MethodScore| {
        let by_cost = a.cost.total_cmp(&b.cost).then(a.parameters.total_cmp(&b.parameters));
        by_cost.then(criterion.better(b.mean, a.mean).cmp(&criterion.better(a.mean, b.mean)))
    };
    near.iter().copied().min_by(|&a, &b| before(&scores[a], &scores[b])).unwrap_or(0)
}

/// The best first; equals keep their order.
pub(super) fn sort(criterion: &Criterion, scores: &mut [MethodScore]) {
    scores.sort_by(|a, b| criterion.better(b.mean, a.mean).cmp(&criterion.better(a.mean, b.mean)));
}
