//! The choice among scored candidates, and how sure it is.

use serde::{Deserialize, Serialize};
use tasks::{Items, on_resamples};

use crate::criterion::Criterion;
use crate::study::{Scored, by_fold};
use crate::{Folds, SelectError};

/// Rule of the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// The best mean score over the folds; among equals the first.
    #[default]
    Best,
    /// The candidate with the fewest parameters of those whose mean is at most one standard error of the best below the
    /// best. Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984.
    OneStandardError,
}

align::names! { Rule, "rule" { Best = "best", OneStandardError = "one_standard_error" } }

/// Number of resamples behind the share of a choice.
pub(crate) const RESAMPLES: usize = 1000;

/// Candidates whose mean is at most one standard error of the best below the best, the best first.
///
/// # Errors
/// [`SelectError::NoneScored`].
pub fn as_good_as_best(criterion: &Criterion, scored: &[Scored]) -> Result<Vec<usize>, SelectError> {
    let means = means(scored);
    let Some(best) = best_of(criterion, &means) else {
        let problem = scored.iter().find_map(|scored| scored.problem()).unwrap_or("there is no candidate");
        return Err(SelectError::NoneScored { candidates: scored.len(), problem: problem.into() });
    };
    let margin = scored[best].standard_error().unwrap_or(0.0);
    let mut near = within(criterion, &means, best, margin);
    near.sort_by_key(|&at| at != best);
    Ok(near)
}

/// Index of the chosen candidate.
///
/// # Errors
/// [`SelectError::NoneScored`].
pub fn choose(criterion: &Criterion, rule: Rule, scored: &[Scored]) -> Result<usize, SelectError> {
    let near = as_good_as_best(criterion, scored)?;
    Ok(match rule {
        Rule::Best => near[0],
        Rule::OneStandardError => smallest(criterion, scored, &near),
    })
}

/// Share of paired bootstrap resamples of the training items, or of groups of them, in which the rule chooses the same
/// candidate; `None` if the metric is no function of values of single items, or if half of the resamples draw no item of some
/// fold. The fits stay as they are.
///
/// # Errors
/// Fewer than two items or groups.
pub fn share(
    criterion: &Criterion,
    rule: Rule,
    scored: &[Scored],
    folds: &Folds,
    groups: Option<&[i64]>,
    seed: u64,
) -> Result<Option<f64>, SelectError> {
    let chosen = choose(criterion, rule, scored)?;
    let held_out = folds.all_held_out();
    let items = Items { count: folds.of_items().len(), clusters: groups };
    let margin = scored[best_of(criterion, &means(scored)).unwrap_or(chosen)].standard_error().unwrap_or(0.0);
    let wins = on_resamples(items, RESAMPLES, seed, |weights| {
        let means = resampled_means(criterion, scored, &held_out, weights);
        let best = best_of(criterion, &means)?;
        Some(match rule {
            Rule::Best => best == chosen,
            Rule::OneStandardError => smallest(criterion, scored, &within(criterion, &means, best, margin)) == chosen,
        })
    })?;
    // A fold without any drawn item has no score; that does not happen but in tiny data.
    let counted: Vec<bool> = wins.into_iter().flatten().collect();
    let enough = counted.len() >= RESAMPLES / 2;
    Ok(enough.then(|| counted.iter().filter(|won| **won).count() as f64 / counted.len() as f64))
}

/// Mean scores with item i counted `weights[i]` times; `None` for one that is undefined.
pub(crate) fn resampled_means(
    criterion: &Criterion,
    scored: &[Scored],
    held_out: &[Vec<usize>],
    weights: &[u32],
) -> Vec<Option<f64>> {
    let weights = by_fold(held_out, weights);
    let at = |scored: &Scored| Some(scored.at(criterion.metric, &weights)).filter(|value| value.is_finite());
    scored.iter().map(at).collect()
}

fn means(scored: &[Scored]) -> Vec<Option<f64>> {
    scored.iter().map(Scored::mean).collect()
}

pub(crate) fn best_of(criterion: &Criterion, means: &[Option<f64>]) -> Option<usize> {
    let defined = (0..means.len()).filter_map(|at| Some((at, means[at]?)));
    let better = |best: (usize, f64), next: (usize, f64)| if criterion.better(next.1, best.1) { next } else { best };
    defined.reduce(better).map(|(at, _)| at)
}

/// Candidates whose mean is at most `margin` worse than that of `best`, in order.
fn within(criterion: &Criterion, means: &[Option<f64>], best: usize, margin: f64) -> Vec<usize> {
    let Some(top) = means[best] else { return Vec::new() };
    let near = |value: f64| !criterion.better(top, value) || (top - value).abs() <= margin;
    (0..means.len()).filter(|&at| means[at].is_some_and(near)).collect()
}

/// The candidate with the fewest parameters; among equals the one with the best mean, then the first.
fn smallest(criterion: &Criterion, scored: &[Scored], near: &[usize]) -> usize {
    let mean = |at: usize| scored[at].mean().unwrap_or(f64::NAN);
    let smaller = |a: usize, b: usize| {
        let (of_a, of_b) = (scored[a].parameters, scored[b].parameters);
        if of_b < of_a || (of_b == of_a && criterion.better(mean(b), mean(a))) { b } else { a }
    };
    let mut sorted = near.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().reduce(smaller).unwrap_or(0)
}
