//! Every figure of the overview with its interval over held-out items, and whether it can be told from the best.

use anyhow::Result;
use tasks::Interval;
use tasks::statistics::{holm, resample_means};

use crate::claims::evidence::Evidence;
use crate::tables::summary::{Stat, Summary};

/// Resamples behind an interval: two digits of its ends, for every measure of a grid in a second or two.
const RESAMPLES: usize = 1_000;
/// Their seed.
const SEED: u64 = 0;
/// Level of the marks, after Holm's adjustment over the methods that are compared.
pub const LEVEL: f64 = 0.05;

/// How a figure stands to the best of its subset of views, noise and measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
pub fn entries(summary: &Summary<'_>, evidence: &Evidence<'_>) -> Result<Vec<Vec<Option<Entry>>>> {
    let measures = summary.measures();
    let plain = |g: usize| -> Vec<Option<Entry>> {
        let of = |m| Some(Entry { stat: summary.stat(&summary.groups[g], m)?, interval: None, standing: None });
        measures.iter().map(of).collect()
    };
    let mut entries: Vec<Vec<Option<Entry>>> = (0..summary.groups.len()).map(plain).collect();
    for view_set in summary.view_sets() {
        for noise in summary.noises() {
            let here = |&g: &usize| summary.groups[g].view_set == view_set && summary.groups[g].noise == noise;
            let groups: Vec<usize> = (0..summary.groups.len()).filter(here).collect();
            let values = by_item(summary, evidence, &groups)?;
            for (m, measure) in measures.iter().enumerate() {
                let higher = measure.metric.higher_is_better();
                compare(&mut entries, m, higher, &groups, &values)?;
            }
        }
    }
    Ok(entries)
}

/// Of one group and measure: a list for each seed of a value for each item.
type ByItem = Option<Vec<Vec<f64>>>;

/// By group and measure; every file is read once.
fn by_item(summary: &Summary<'_>, evidence: &Evidence<'_>, groups: &[usize]) -> Result<Vec<Vec<ByItem>>> {
    let of_group = |&g: &usize| -> Result<Vec<ByItem>> {
        let group = &summary.groups[g];
        // A failed cell keeps its records, not its scores.
        if summary.of(group).any(|record| record.metric.is_none()) {
            return Ok(vec![None; summary.measures().len()]);
        }
        let scores = evidence.scores(group)?;
        let of = |measure| Ok(evidence.sample_in(&scores, group, measure)?.ok().and_then(|sample| sample.per_item()));
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
    values: &[Vec<ByItem>],
) -> Result<()> {
    let items = |of: &ByItem| of.as_ref().and_then(|seeds| seeds.first()).map_or(0, Vec::len);
    let most = values.iter().map(|of| items(&of[m])).max().unwrap_or(0);
    // What has other items is not paired with the rest.
    let there: Vec<usize> = (0..groups.len()).filter(|&i| most > 0 && items(&values[i][m]) == most).collect();
    if there.is_empty() {
        return Ok(());
    }
    let given: Vec<Vec<Vec<f64>>> = there.iter().filter_map(|&i| values[i][m].clone()).collect();
    let drawn = resample_means(&given, None, RESAMPLES, SEED)?;
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let estimate = |k: usize| sign * drawn.estimates()[k];
    let best = (0..there.len()).fold(0, |best, k| if estimate(k) > estimate(best) { k } else { best });
    let others: Vec<usize> = (0..there.len()).filter(|&k| k != best).collect();
    let p: Vec<f64> = others.iter().map(|&k| drawn.contrast(|v| sign * (v[best] - v[k])).p).collect();
    let adjusted = holm(&p);
    for (k, &at) in there.iter().enumerate() {
        let Some(entry) = entries[groups[at]][m].as_mut() else { continue };
        entry.interval = Some(drawn.interval(k));
        if others.is_empty() {
            continue;
        }
        let behind = others.iter().position(|&other| other == k).map(|at| adjusted[at] < LEVEL);
        entry.standing = Some(match behind {
            None => Standing::Best,
            Some(true) => Standing::Behind,
            Some(false) => Standing::Level,
        });
    }
    Ok(())
}
