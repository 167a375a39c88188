//! Every figure of the overview with its interval over held-out items, and whether it can be told from the best.

use anyhow::Result;
use tasks::Interval;
use tasks::multiple::step_down;

use crate::samples::{Sample, Samples};
use crate::tables::comparison::by_items;
use crate::tables::summary::Stat;

/// Resamples behind an interval: two digits of its ends, for every measure of a grid in a second or two.
const RESAMPLES: usize = 1_000;
/// Their seed.
const SEED: u64 = 0;
/// Level of the marks, after adjustment over all pairs of the methods that are compared.
pub const LEVEL: f64 = 0.05;

/// How a figure stands to the best of its subset of views, noise and measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is the best.
    Best,
    /// A paired test does not tell it from the best.
    Level,
    /// It is behind.
    Behind,
}

/// One entry of the overview.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Mean and spread over views.
    pub stat: Stat,
    /// 95% over items (and seeds, where there are several); `None` for what is no mean over items.
    pub interval: Option<Interval>,
    /// `None` where there is nothing to be told from.
    pub standing: Option<Standing>,
}

/// By group and measure, in the summary's orders.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn entries(samples: &Samples<'_>) -> Result<Vec<Vec<Option<Entry>>>> {
    let summary = samples.summary();
    let measures = summary.measures();
    let plain = |g: usize| -> Vec<Option<Entry>> {
        let of = |m| Some(Entry { stat: summary.stat(&summary.groups[g], m)?, interval: None, standing: None });
        measures.iter().map(of).collect()
    };
    let mut entries: Vec<Vec<Option<Entry>>> = (0..summary.groups.len()).map(plain).collect();
    for view_set in summary.view_sets() {
        for noise in summary.noises() {
            let here = |&g: &usize| summary.groups[g].view_set == view_set && summary.groups[g].noise == *noise;
            let groups: Vec<usize> = (0..summary.groups.len()).filter(here).collect();
            let by_item = by_item(samples, &groups)?;
            for (m, measure) in measures.iter().enumerate() {
                let higher = measure.metric.higher_is_better();
                compare(&mut entries, m, higher, &groups, &by_item)?;
            }
        }
    }
    Ok(entries)
}

/// Of one group and measure; `None` for a figure that is no mean over items, or is undefined.
type ByItem = Option<Sample>;

/// By group and measure; every file is read once.
fn by_item(samples: &Samples<'_>, groups: &[usize]) -> Result<Vec<Vec<ByItem>>> {
    let summary = samples.summary();
    let of_group = |&g: &usize| -> Result<Vec<ByItem>> {
        let group = &summary.groups[g];
        // A failed cell keeps its records, not its scores.
        if summary.of(group).any(|record| record.metric.is_none()) {
            return Ok(summary.measures().iter().map(|_| None).collect());
        }
        let scores = samples.scores(group)?;
        let mean = |sample: &Sample| sample.units() > 1 && sample.per_item(|_| true).is_some();
        let of = |measure| Ok(samples.sample_in(&scores, group, measure)?.ok().filter(mean));
        summary.measures().iter().map(of).collect()
    };
    groups.iter().map(of_group).collect()
}

/// Adds intervals and standings of one measure.
fn compare(
    entries: &mut [Vec<Option<Entry>>],
    m: usize,
    higher_is_better: bool,
    groups: &[usize],
    samples: &[Vec<ByItem>],
) -> Result<()> {
    let of = |i: usize| samples[i][m].as_ref();
    // What has other items, other groups of them or other pairs of views is not paired with the rest.
    let size = |sample: &&Sample| (sample.items, sample.places().len());
    let Some(most) = (0..groups.len()).filter_map(of).max_by_key(size) else { return Ok(()) };
    let there: Vec<usize> =
        (0..groups.len()).filter(|&i| of(i).is_some_and(|sample| sample.is_paired_with(most))).collect();
    let given: Vec<&Sample> = there.iter().filter_map(|&i| of(i)).collect();
    let drawn = by_items(&given, |_| true, [RESAMPLES; 2], SEED)?;
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let estimate = |k: usize| sign * drawn.estimates()[k];
    let defined = (0..there.len()).filter(|&k| estimate(k).is_finite());
    let Some(best) = defined.reduce(|best, k| if estimate(k) > estimate(best) { k } else { best }) else {
        return Ok(());
    };
    let pairs = step_down(&[&drawn]);
    for (k, &at) in there.iter().enumerate() {
        let Some(entry) = entries[groups[at]][m].as_mut() else { continue };
        entry.interval = drawn.interval(k);
        let to_best = pairs.iter().find(|pair| (pair.first, pair.second) == (best.min(k), best.max(k)));
        entry.standing = match to_best {
            _ if there.len() < 2 => None,
            None => (k == best).then_some(Standing::Best),
            Some(pair) if pair.adjusted < LEVEL => Some(Standing::Behind),
            Some(_) => Some(Standing::Level),
        };
    }
    Ok(())
}
