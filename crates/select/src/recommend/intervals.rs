//! How sure the scores of methods are: intervals, and the share of resamples in which a method is the best.

use tasks::resamples::Interval;
use tasks::statistics::resample_means;
use tasks::{Items, Scale, on_resamples, resample};

use crate::choice::{RESAMPLES, best_of, resampled_means};
use crate::criterion::{Criterion, FoldItems};
use crate::study::{Scored, by_fold};
use crate::{Folds, SelectError};

/// Units that an interval draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoreInterval {
    /// Training items.
    Items,
    /// Whole groups of training items.
    Groups,
    /// Folds, because the metric is no function of values of single items.
    Folds,
}

align::names! { ScoreInterval, "unit" { Items = "items", Groups = "groups", Folds = "folds" } }

/// How sure the score of a method is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// 95% bootstrap interval of the mean score, with the fits as they are, and the units that were drawn.
    pub interval: Option<(Interval, ScoreInterval)>,
    /// Share of paired resamples of the training items in which the method is the best; `None` if a metric is no
    /// function of values of single items, or if half of the resamples draw no item of some fold.
    pub share: Option<f64>,
}

/// The spread of each method's score; `best` are their best candidates. Among equals the first is the best.
pub(super) fn of(
    criterion: &Criterion,
    best: &[Scored],
    folds: &Folds,
    groups: Option<&[i64]>,
    seed: u64,
) -> Result<Vec<Spread>, SelectError> {
    let held_out = folds.all_held_out();
    let items = Items { count: folds.of_items().len(), clusters: groups };
    let by_items = |scored: &Scored| {
        !scored.folds.iter().any(|fold| fold.as_ref().is_ok_and(|score| matches!(score.items, FoldItems::Unknown)))
    };
    let unit = if groups.is_some() { ScoreInterval::Groups } else { ScoreInterval::Items };
    let interval = |scored: &Scored| -> Result<Option<(Interval, ScoreInterval)>, SelectError> {
        if !by_items(scored) {
            let values: Vec<f64> = scored.folds().into_iter().flatten().collect();
            let drawn = resample_means(&[vec![values]], None, Scale::Number, RESAMPLES, seed)?;
            return Ok(drawn.interval(0).map(|interval| (interval, ScoreInterval::Folds)));
        }
        let drawn = match shares(scored, &held_out, items.count) {
            Some(values) => {
                let scale = if criterion.metric.statistic().is_share() { Scale::Share } else { Scale::Number };
                resample_means(&[vec![values]], groups, scale, RESAMPLES, seed)?
            }
            None => {
                let value = |weights: &[u32]| vec![scored.at(criterion.metric, &by_fold(&held_out, weights))];
                resample(items, RESAMPLES, seed, value)?
            }
        };
        Ok(drawn.interval(0).map(|interval| (interval, unit)))
    };
    let wins = match best.iter().all(by_items) {
        false => None,
        true => {
            let winner = |weights: &[u32]| best_of(criterion, &resampled_means(criterion, best, &held_out, weights));
            let winners: Vec<usize> = on_resamples(items, RESAMPLES, seed, winner)?.into_iter().flatten().collect();
            // A fold without any drawn item has no score; that does not happen but in tiny data.
            (winners.len() >= RESAMPLES / 2).then_some(winners)
        }
    };
    let share = |at: usize| {
        let of =
            |winners: &Vec<usize>| winners.iter().filter(|&&winner| winner == at).count() as f64 / winners.len() as f64;
        wins.as_ref().map(of)
    };
    best.iter().enumerate().map(|(at, scored)| Ok(Spread { interval: interval(scored)?, share: share(at) })).collect()
}

/// One value for each item whose mean over all items is the mean over the folds; `None` unless the metric is a mean over
/// items.
fn shares(scored: &Scored, held_out: &[Vec<usize>], items: usize) -> Option<Vec<f64>> {
    let mut all = vec![0.0; items];
    for (fold, outcome) in held_out.iter().zip(&scored.folds) {
        let FoldItems::Means(values) = &outcome.as_ref().ok()?.items else { return None };
        let weight = items as f64 / (held_out.len() * fold.len()) as f64;
        fold.iter().zip(values).for_each(|(&item, value)| all[item] = weight * value);
    }
    Some(all)
}
