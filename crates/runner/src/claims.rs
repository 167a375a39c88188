//! Verdicts on the paper's claims: paired bootstrap over held-out items, from stored scores alone.

use anyhow::{Context, Result};
use serde::Serialize;
use tasks::metrics::{weighted_hits_at, weighted_mean_reciprocal_rank};
use tasks::{CrossTable, Interval, Metric, Quantity, paired_bootstrap};

use crate::paper::Claim;
use crate::record::Record;
use crate::store::{Store, StoredSeries};
use crate::summary::{Summary, metric_title};

/// Resamples behind an interval.
const RESAMPLES: usize = 1000;
/// Seed of the resamples: verdicts are reproducible.
const SEED: u64 = 0;

/// How a claim fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every interval lies above zero.
    Holds,
    /// Every mean difference is above zero, not every interval.
    HoldsOnTheMeanOnly,
    /// A mean difference is zero or below.
    DoesNotHold,
    /// The grid has not what it takes.
    NotTestable,
}

impl Outcome {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::HoldsOnTheMeanOnly => "holds on the mean only",
            Self::DoesNotHold => "does not hold",
            Self::NotTestable => "not testable on these data",
        }
    }
}

/// A claim, how it fares, and the differences that say so.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The claim.
    pub claim: Claim,
    /// How it fares.
    pub outcome: Outcome,
    /// Difference to each rival with its 95% interval.
    pub differences: Vec<(String, Interval)>,
    /// Why it cannot be tested.
    pub reason: Option<String>,
}

impl Verdict {
    fn not_testable(claim: &Claim, reason: String) -> Self {
        Self { claim: claim.clone(), outcome: Outcome::NotTestable, differences: Vec::new(), reason: Some(reason) }
    }

    /// One paragraph.
    pub fn sentence(&self) -> String {
        let metric = Metric::from_name(&self.claim.metric).map_or(self.claim.metric.as_str(), |m| metric_title(m));
        let differences: Vec<String> = self
            .differences
            .iter()
            .map(|(rival, i)| format!("over {} {:+.3} [{:+.3}, {:+.3}]", title(rival), i.estimate, i.low, i.high))
            .collect();
        let why = match &self.reason {
            Some(reason) => reason.clone(),
            None => format!("{metric} {}; 95% intervals, paired bootstrap over test items", differences.join(", ")),
        };
        format!("{} {}: {}. {why}", self.claim.id, self.outcome.words(), self.claim.text)
    }
}

fn title(method: &str) -> &str {
    align::Method::from_name(method).map_or(method, |m| m.title())
}

/// Tests every claim on the clean cells of the first subset of views.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn judge(claims: &[Claim], records: &[Record], store: &Store) -> Result<Vec<Verdict>> {
    let summary = Summary::new(records);
    claims.iter().map(|claim| judge_one(claim, &summary, store)).collect()
}

fn judge_one(claim: &Claim, summary: &Summary<'_>, store: &Store) -> Result<Verdict> {
    let Some(metric) = Metric::from_name(&claim.metric) else {
        return Ok(Verdict::not_testable(claim, format!("no metric `{}`", claim.metric)));
    };
    let mut sides = Vec::new();
    for name in std::iter::once(&claim.method).chain(&claim.over) {
        match side(name, metric, summary, store)? {
            Ok(side) => sides.push(side),
            Err(reason) => return Ok(Verdict::not_testable(claim, reason)),
        }
    }
    let items = sides[0].items;
    if let Some(odd) = sides.iter().find(|side| side.items != items) {
        let reason = format!("{} has {} held-out items, {} has {items}", odd.method, odd.items, claim.method);
        return Ok(Verdict::not_testable(claim, reason));
    }
    let intervals = paired_bootstrap(items, RESAMPLES, SEED, |weights| {
        let means: Vec<f64> = sides.iter().map(|side| side.mean(metric, weights)).collect();
        means[1..].iter().map(|rival| means[0] - rival).collect()
    })?;
    let above = |i: &Interval| {
        if metric.higher_is_better() { (i.estimate > 0.0, i.low > 0.0) } else { (i.estimate < 0.0, i.high < 0.0) }
    };
    let outcome = match (intervals.iter().all(|i| above(i).0), intervals.iter().all(|i| above(i).1)) {
        (true, true) => Outcome::Holds,
        (true, false) => Outcome::HoldsOnTheMeanOnly,
        (false, _) => Outcome::DoesNotHold,
    };
    let differences = claim.over.iter().cloned().zip(intervals).collect();
    Ok(Verdict { claim: claim.clone(), outcome, differences, reason: None })
}

/// One method's stored scores, ready to be weighted.
struct Side {
    method: String,
    items: usize,
    figures: Vec<Figure>,
}

/// What one figure (of a view and draw, or of a pair) is computed from.
enum Figure {
    Clusters(CrossTable),
    Ranks(Vec<f32>),
}

/// The scores of a method's clean cells in its headline space, or why there are none.
fn side(method: &str, metric: Metric, summary: &Summary<'_>, store: &Store) -> Result<Result<Side, String>> {
    let clean = |g: &&crate::summary::Group| g.method == method && g.noise == "none";
    let Some(group) = summary.groups.iter().find(clean) else {
        return Ok(Err(format!("the grid has no clean cell of `{method}`")));
    };
    let Some(measure) = summary.measures_of(metric).next() else {
        return Ok(Err(format!("the grid has no task that measures {}", metric.name())));
    };
    let Some(space) = summary.headline(group, measure) else {
        let reason = summary.reason(group, measure).unwrap_or_else(|| "not computed".into());
        return Ok(Err(format!("no {} of `{method}`: {reason}", metric.name())));
    };
    let mut cells: Vec<&str> = summary.of(group).map(|r| r.cell.as_str()).collect();
    cells.dedup();
    let mut figures = Vec::new();
    for cell in cells {
        let series = store.series(cell)?;
        let of_task = |s: &&StoredSeries| s.task == measure.task && s.task_params == measure.task_params;
        let of = |quantity: Quantity| {
            series.iter().filter(of_task).map(|s| &s.series).filter(move |s| s.quantity == quantity)
        };
        match metric {
            Metric::Ari | Metric::Nmi => {
                let labels = of(Quantity::Label).next().with_context(|| format!("cell {cell} has no stored labels"))?;
                for clusters in of(Quantity::Cluster).filter(|s| s.space == space) {
                    figures.push(Figure::Clusters(CrossTable::from_series(&clusters.values, &labels.values)?));
                }
            }
            Metric::Rank1Optimistic => {
                figures.extend(
                    of(Quantity::RankOptimistic).filter(|s| s.space == space).map(|s| Figure::Ranks(s.values.clone())),
                );
            }
            Metric::Rank1 | Metric::Rank5 | Metric::Rank10 | Metric::Mrr => {
                figures
                    .extend(of(Quantity::Rank).filter(|s| s.space == space).map(|s| Figure::Ranks(s.values.clone())));
            }
        }
    }
    let items = figures.first().map_or(0, |figure| match figure {
        Figure::Clusters(table) => table.items(),
        Figure::Ranks(ranks) => ranks.len(),
    });
    if items == 0 {
        return Ok(Err(format!("no stored scores of `{method}`")));
    }
    Ok(Ok(Side { method: method.to_string(), items, figures }))
}

impl Side {
    /// Mean over views and draws, or over pairs, with item i counted `weights[i]` times.
    fn mean(&self, metric: Metric, weights: &[u32]) -> f64 {
        let figure = |figure: &Figure| match (figure, metric) {
            (Figure::Clusters(table), Metric::Ari) => table.weighted_agreement(weights).map(|a| a.ari),
            (Figure::Clusters(table), _) => table.weighted_agreement(weights).map(|a| a.nmi),
            (Figure::Ranks(ranks), Metric::Rank5) => weighted_hits_at(ranks, 5, weights),
            (Figure::Ranks(ranks), Metric::Rank10) => weighted_hits_at(ranks, 10, weights),
            (Figure::Ranks(ranks), Metric::Mrr) => weighted_mean_reciprocal_rank(ranks, weights),
            (Figure::Ranks(ranks), _) => weighted_hits_at(ranks, 1, weights),
        };
        // Lengths were checked when the sides were compared; a figure that still refuses counts as missing.
        let values: Vec<f64> = self.figures.iter().filter_map(|f| figure(f).ok()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }
}
