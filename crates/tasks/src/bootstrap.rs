//! Paired bootstrap over held-out items.

use std::collections::BTreeMap;

use align::rng::{Purpose, Stream, stream};
use rand::RngExt;
use rayon::prelude::*;

use crate::TaskError;
use crate::statistics::Resamples;

/// A figure with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure on the items as they are.
    pub estimate: f64,
    /// Lower end: 2.5% of the resamples deviate further down.
    pub low: f64,
    /// Upper end: 2.5% of the resamples deviate further up.
    pub high: f64,
}

/// What a resample draws from: n items, or the clusters that they come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a> {
    /// Items n.
    pub count: usize,
    /// The cluster of each; without, every item is drawn for itself.
    pub clusters: Option<&'a [i64]>,
}

impl From<usize> for Items<'_> {
    fn from(count: usize) -> Self {
        Self { count, clusters: None }
    }
}

/// Intervals of several figures under the same resamples of n items.
///
/// Where items come in clusters (captions of one picture), whole clusters are drawn: items of one cluster are no
/// independent witnesses. A resample draws n items with replacement and hands their multiplicities to `statistic`, which
/// returns one value per figure, always in the same order. Comparisons are *paired* because every
/// figure sees the same items: a difference of two methods is one more figure, computed inside.
/// The interval is that of the deviations from the resamples' mean, placed around the estimate: an item
/// drawn twice agrees with itself, which moves figures made of pairs of items (ARI, NMI) in every resample
/// by an amount that is no uncertainty. Quantiles interpolate linearly between order statistics. Resample r is drawn from stream r of
/// (`seed`, [`Purpose::Bootstrap`]), so it depends neither on threads nor on how many resamples follow.
///
/// Cost: `resamples` + 1 calls in parallel, and `resamples` values per figure. Source: Efron and
/// Tibshirani 1993, chapter 13.
///
/// # Errors
/// No item, no resample, not one cluster for each item, or a statistic that returns differing numbers of values.
pub fn paired_bootstrap<'a>(
    items: impl Into<Items<'a>>,
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&[u32]) -> Vec<f64> + Sync,
) -> Result<Vec<Interval>, TaskError> {
    let drawn = resample(items, resamples, seed, statistic)?;
    Ok((0..drawn.estimates.len()).map(|figure| drawn.interval(figure)).collect())
}

/// As [`paired_bootstrap`], with what the intervals are made of, for tests and ranks.
///
/// # Errors
/// As [`paired_bootstrap`].
pub fn resample<'a>(
    items: impl Into<Items<'a>>,
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&[u32]) -> Vec<f64> + Sync,
) -> Result<Resamples, TaskError> {
    let Items { count: items, clusters } = items.into();
    let weights = Weights::new(items, clusters, 1)?;
    positive("resamples", resamples)?;
    let estimates = statistic(&vec![1; items]);
    let draws: Vec<Vec<f64>> = (0..resamples)
        .into_par_iter()
        .map_init(
            || vec![0u32; items],
            |counts, r| {
                weights.draw(seed, r, counts);
                statistic(counts)
            },
        )
        .collect();
    if let Some(odd) = draws.iter().find(|values| values.len() != estimates.len()) {
        return Err(TaskError::Shape {
            op: "bootstrap",
            left_name: "the statistic on the items",
            left: format!("{} values", estimates.len()),
            right_name: "the statistic on a resample",
            right: format!("{} values", odd.len()),
        });
    }
    Ok(Resamples { estimates, draws })
}

pub(crate) fn positive(parameter: &'static str, got: usize) -> Result<(), TaskError> {
    match got {
        0 => Err(TaskError::Parameter { task: "bootstrap", parameter, got: "0".into(), want: "at least 1" }),
        _ => Ok(()),
    }
}

/// What is drawn: items, or clusters of them.
pub(crate) struct Weights {
    /// The items of each cluster; without, every item is its own.
    clusters: Option<Vec<Vec<usize>>>,
}

impl Weights {
    /// # Errors
    /// No item, no seed; not one cluster for each item.
    pub(crate) fn new(items: usize, clusters: Option<&[i64]>, seeds: usize) -> Result<Self, TaskError> {
        positive("items", items)?;
        positive("seeds", seeds)?;
        let Some(of_items) = clusters else { return Ok(Self { clusters: None }) };
        if of_items.len() != items {
            return Err(TaskError::Shape {
                op: "bootstrap",
                left_name: "items",
                left: items.to_string(),
                right_name: "their clusters",
                right: of_items.len().to_string(),
            });
        }
        let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        of_items.iter().enumerate().for_each(|(item, cluster)| members.entry(*cluster).or_default().push(item));
        Ok(Self { clusters: Some(members.into_values().collect()) })
    }

    /// How often resample `r` has each item.
    pub(crate) fn draw(&self, seed: u64, r: usize, counts: &mut [u32]) {
        let mut rng = resample_stream(seed, r);
        counts.fill(0);
        match &self.clusters {
            None => (0..counts.len()).for_each(|_| counts[rng.random_range(0..counts.len())] += 1),
            Some(clusters) => {
                for _ in 0..clusters.len() {
                    clusters[rng.random_range(0..clusters.len())].iter().for_each(|&item| counts[item] += 1);
                }
            }
        }
    }

    /// How often resample `r` has each of so many seeds.
    pub(crate) fn draw_seeds(&self, seed: u64, r: usize, seeds: usize) -> Vec<u32> {
        if seeds == 1 {
            return vec![1];
        }
        // Another half of the streams than the items'.
        let mut rng = resample_stream(seed, r | 1 << 62);
        let mut counts = vec![0; seeds];
        (0..seeds).for_each(|_| counts[rng.random_range(0..seeds)] += 1);
        counts
    }
}

fn resample_stream(seed: u64, resample: usize) -> Stream {
    let mut rng = stream(seed, Purpose::Bootstrap, None);
    rng.set_stream(resample as u64);
    rng
}

/// Quantile of ascending values, linear between order statistics (type 7); NaN without a value.
pub fn quantile(ascending: &[f64], q: f64) -> f64 {
    if ascending.is_empty() {
        return f64::NAN;
    }
    let position = q.clamp(0.0, 1.0) * (ascending.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    ascending[below] + (position - position.floor()) * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64], weights: &[u32]) -> f64 {
        let sum: f64 = values.iter().zip(weights).map(|(v, &w)| v * f64::from(w)).sum();
        sum / weights.iter().sum::<u32>() as f64
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_theory() {
        let n = 400;
        let values: Vec<f64> = (0..n).map(|i| f64::from(i * 7919 % n) / f64::from(n)).collect();
        let intervals = paired_bootstrap(n as usize, 4000, 3, |w| vec![mean(&values, w)]).expect("valid");
        let standard_error = (1.0f64 / 12.0 / f64::from(n)).sqrt();
        let Interval { estimate, low, high } = intervals[0];
        for (got, want) in [(low, estimate - 1.96 * standard_error), (high, estimate + 1.96 * standard_error)] {
            assert!((got - want).abs() < 0.1 * standard_error, "{got} {want}");
        }
    }

    #[test]
    fn figures_are_paired_and_threads_do_not_show() {
        let values: Vec<f64> = (0..97).map(|i| f64::from(i * 31 % 97)).collect();
        let shifted: Vec<f64> = values.iter().map(|v| v + 2.0).collect();
        let statistic = |w: &[u32]| {
            let (a, b) = (mean(&values, w), mean(&shifted, w));
            vec![a, b, b - a]
        };
        let in_pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| paired_bootstrap(97, 500, 9, statistic).expect("valid"))
        };
        let one = in_pool(1);
        assert_eq!(one, in_pool(5));
        assert!(one[0].high - one[0].low > 5.0);
        assert!((one[2].low - 2.0).abs() < 1e-9 && (one[2].high - 2.0).abs() < 1e-9, "the difference has no spread");
        let other = paired_bootstrap(97, 500, 10, statistic).expect("valid");
        assert_ne!(one, other, "the seed is used");
    }

    #[test]
    fn clusters_are_drawn_whole() {
        // Ten items of each of forty clusters share a value: as good as forty items.
        let values: Vec<f64> = (0..400).map(|i| f64::from((i / 10) * 31 % 40)).collect();
        let clusters: Vec<i64> = (0..400).map(|i| i / 10).collect();
        let width = |items: Items<'_>| {
            let found = paired_bootstrap(items, 2000, 3, |w| vec![mean(&values, w)]).expect("valid");
            found[0].high - found[0].low
        };
        let ratio = width(Items { count: 400, clusters: Some(&clusters) }) / width(400.into());
        assert!((ratio - 10f64.sqrt()).abs() < 0.3, "{ratio}");
        let own: Vec<i64> = (0..400).collect();
        assert_eq!(width(Items { count: 400, clusters: Some(&own) }), width(400.into()), "every item its own cluster");
        assert!(paired_bootstrap(Items { count: 3, clusters: Some(&own) }, 9, 0, |_| vec![]).is_err());
    }

    #[test]
    fn misuse_is_an_error() {
        assert!(paired_bootstrap(0, 10, 0, |_| vec![]).is_err());
        assert!(paired_bootstrap(10, 0, 0, |_| vec![]).is_err());
        let ragged = |w: &[u32]| vec![0.0; if w.iter().all(|&w| w == 1) { 1 } else { 2 }];
        assert!(matches!(paired_bootstrap(10, 5, 0, ragged), Err(TaskError::Shape { .. })));
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[7.0], 0.975), 7.0);
    }
}
