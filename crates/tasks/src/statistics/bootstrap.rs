//! Paired bootstrap over held-out items.

use std::collections::BTreeMap;

use align::parallel::prelude::*;
use align::rng::{Purpose, Stream, stream};
use rand::RngExt;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use crate::TaskError;
use crate::statistics::resamples::{Draw, Interval, Resamples};

/// The draw of seeds, one substream per resample.
const RESAMPLED_SEEDS: Purpose = Purpose::new(43);
/// The draw of items.
const RESAMPLED_ITEMS: Purpose = Purpose::new(8);

/// Units of a resample: n items, or the clusters of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a> {
    /// Number n of items.
    pub count: usize,
    /// Cluster of each item. Default: items are drawn one by one.
    pub clusters: Option<&'a [i64]>,
}

impl From<usize> for Items<'_> {
    fn from(count: usize) -> Self {
        Self { count, clusters: None }
    }
}

/// A seed that is left out: number `seed` of the figures that have `of` seeds.
///
/// Figures with the same number of seeds share them, so that a comparison is also paired over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Omitted {
    /// Number of seeds of the affected figures; all other figures use all of their seeds.
    pub of: usize,
    /// The seed that is left out, from 0.
    pub seed: usize,
}

/// 95% intervals of several figures under the same resamples of n items; `None` for a figure that is undefined on the
/// items or on more than one resample in twenty. "Figure" means a value computed from items, such as a metric.
///
/// If items come in clusters (captions of one picture), whole clusters are drawn, because items of one cluster are not
/// independent. A resample draws n items with replacement and passes their multiplicities to `statistic`, which returns
/// one value per figure, always in the same order. Comparisons are *paired* because every figure sees the same items: a
/// difference of two methods is one more figure, computed inside `statistic`.
///
/// The interval is the percentile interval of the resamples' deviations from their mean, placed around the estimate: an
/// item that is drawn twice agrees with itself, which shifts figures of pairs of items (ARI, NMI) in every resample by
/// an amount that is not uncertainty. With G clusters (or items) the deviations are multiplied by √(G/(G−1)) and
/// divided by √(χ²/(G−1)), which makes the quantiles those of Student's t with G − 1 degrees of freedom if a figure is
/// a mean. Quantiles interpolate linearly between order statistics. Resample r is drawn from stream r of (`seed`, items
/// resampled), so it depends neither on threads nor on the number of resamples.
///
/// Cost: `resamples` + 1 calls in parallel, and `resamples` values per figure. Source: Efron and Tibshirani 1993,
/// chapter 13; Student's t for few clusters: Cameron, Gelbach and Miller 2008.
///
/// # Errors
/// No resample, fewer than two items or clusters, not one cluster per item, or a statistic that returns differing
/// numbers of values.
pub fn paired_bootstrap<'a>(
    items: impl Into<Items<'a>>,
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&[u32]) -> Vec<f64> + Sync,
) -> Result<Vec<Option<Interval>>, TaskError> {
    let drawn = resample(items, resamples, seed, statistic)?;
    Ok((0..drawn.estimates().len()).map(|figure| drawn.interval(figure)).collect())
}

/// Like [`paired_bootstrap`], with the deviations themselves, for tests and ranks.
///
/// # Errors
/// The errors of [`paired_bootstrap`].
pub fn resample<'a>(
    items: impl Into<Items<'a>>,
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&[u32]) -> Vec<f64> + Sync,
) -> Result<Resamples, TaskError> {
    resample_with_seeds(items, &[], resamples, seed, statistic, |values, _| values.clone())
}

/// Values of any kind on resamples of n items: `of` is called with the multiplicity of each item, in parallel. Resample r
/// is that of [`paired_bootstrap`].
///
/// # Errors
/// No resample, fewer than two items or clusters, not one cluster per item.
pub fn on_resamples<'a, T: Send>(
    items: impl Into<Items<'a>>,
    resamples: usize,
    seed: u64,
    of: impl Fn(&[u32]) -> T + Sync,
) -> Result<Vec<T>, TaskError> {
    let Items { count: items, clusters } = items.into();
    let units = Units::new(items, clusters)?;
    positive("resamples", resamples)?;
    let draw = |counts: &mut Vec<u32>, r: usize| {
        units.draw(seed, r, counts);
        of(counts)
    };
    Ok((0..resamples).into_par_iter().map_init(|| vec![0u32; items], draw).collect())
}

/// Like [`resample`], for figures that are means over seeds of a fit: intervals cover both other items and other seeds.
///
/// `seeds` are the numbers of seeds of the figures. `evaluate` is called once per resample of items; `statistic`
/// computes the figures from its output, with all seeds or without one of them.
///
/// The deviation by seeds is drawn from Student's t with S − 1 degrees of freedom, scaled by the standard error of the
/// mean over the S seeds (jackknife pseudo-values, which for a mean over seeds are the values of the seeds), minus the
/// part that comes from items and is already in the items' deviation (from three seeds on; with two seeds the intervals
/// are conservative). A bootstrap of S seeds would underestimate the variance by the factor (S−1)/S and would use no t:
/// with three seeds that carry the variance its 95% intervals cover 79%, with two 67%. One seed tells nothing about
/// other seeds.
///
/// # Errors
/// The errors of [`paired_bootstrap`].
pub fn resample_with_seeds<'a, E>(
    items: impl Into<Items<'a>>,
    seeds: &[usize],
    resamples: usize,
    seed: u64,
    evaluate: impl Fn(&[u32]) -> E + Sync,
    statistic: impl Fn(&E, Option<Omitted>) -> Vec<f64> + Sync,
) -> Result<Resamples, TaskError> {
    let Items { count: items, clusters } = items.into();
    let units = Units::new(items, clusters)?;
    positive("resamples", resamples)?;
    let mut of_several: Vec<usize> = seeds.iter().copied().filter(|&of| of > 1).collect();
    of_several.sort_unstable();
    of_several.dedup();
    // The figures and, for each number of seeds, the pseudo-values of every seed.
    let figures = |evaluated: &E| -> Figures {
        let all = statistic(evaluated, None);
        let pseudo = |of: usize| -> Vec<Vec<f64>> {
            let without = |seed| statistic(evaluated, Some(Omitted { of, seed }));
            let value = |(all, without): (&f64, f64)| of as f64 * all - (of - 1) as f64 * without;
            (0..of).map(|seed| all.iter().zip(without(seed)).map(value).collect()).collect()
        };
        let by_seed = of_several.iter().map(|&of| pseudo(of)).collect();
        Figures { all, by_seed }
    };
    let estimates = figures(&evaluate(&vec![1; items]));
    let draws: Vec<Figures> =
        on_resamples(Items { count: items, clusters }, resamples, seed, |counts| figures(&evaluate(counts)))?;
    if let Some(odd) = draws.iter().find(|draw| draw.all.len() != estimates.all.len()) {
        return Err(TaskError::Shape {
            op: "bootstrap",
            left_name: "the statistic on the items",
            left: format!("{} values", estimates.all.len()),
            right_name: "the statistic on a resample",
            right: format!("{} values", odd.all.len()),
        });
    }
    Ok(joined(estimates, &draws, units.count(), seed))
}

/// Figures on one draw of items.
struct Figures {
    all: Vec<f64>,
    /// Pseudo-values by number of seeds, seed and figure.
    by_seed: Vec<Vec<Vec<f64>>>,
}

/// Sum of the deviations by items and by seeds; see [`resample_with_seeds`].
fn joined(estimates: Figures, draws: &[Figures], units: usize, seed: u64) -> Resamples {
    let count = estimates.all.len();
    let centre: Vec<f64> = (0..count).map(|f| finite_mean(draws.iter().map(|draw| draw.all[f]))).collect();
    let widened = (units as f64 / (units - 1) as f64).sqrt();
    let parts: Vec<Vec<Vec<f64>>> = estimates
        .by_seed
        .iter()
        .enumerate()
        .map(|(s, by_seed)| seed_parts(by_seed, draws.iter().map(|draw| draw.by_seed[s].as_slice()), widened))
        .collect();
    let one = |r: usize| -> Draw {
        let mut rng = stream(seed, RESAMPLED_SEEDS, None);
        rng.set_stream(r as u64);
        let scale = student_scale(units - 1, &mut rng);
        let unseen: f64 = StandardNormal.sample(&mut rng);
        let of_items: Vec<f64> =
            draws[r].all.iter().zip(&centre).map(|(value, centre)| widened * (value - centre)).collect();
        let mut draw = Draw {
            wide: of_items.iter().map(|deviation| scale * deviation).collect(),
            plain: of_items,
            unseen: scale * unseen,
        };
        for parts in &parts {
            let weights: Vec<f64> = parts.iter().map(|_| StandardNormal.sample(&mut rng)).collect();
            let scale = student_scale(parts.len() - 1, &mut rng);
            for (part, weight) in parts.iter().zip(&weights) {
                for (f, part) in part.iter().enumerate() {
                    draw.plain[f] += weight * part;
                    draw.wide[f] += scale * weight * part;
                }
            }
        }
        draw
    };
    let draws = (0..draws.len()).into_par_iter().map(one).collect();
    Resamples { estimates: estimates.all, draws, units, shares: None }
}

/// Contribution of each seed to each figure for a standard normal weight: its deviation from the seeds' mean, scaled so
/// that all together have the variance of that mean, minus the variance that items contribute to it.
fn seed_parts<'d>(by_seed: &[Vec<f64>], draws: impl Iterator<Item = &'d [Vec<f64>]>, widened: f64) -> Vec<Vec<f64>> {
    let seeds = by_seed.len() as f64;
    let figures = by_seed.first().map_or(0, Vec::len);
    let from_mean = |values: &[Vec<f64>], f: usize| -> Vec<f64> {
        let mean = values.iter().map(|seed| seed[f]).sum::<f64>() / seeds;
        values.iter().map(|seed| seed[f] - mean).collect()
    };
    let deviations: Vec<Vec<f64>> = (0..figures).map(|f| from_mean(by_seed, f)).collect();
    // Distance by which the items of a resample move the seeds apart.
    let mut moved = vec![(0.0, 0usize); figures];
    for draw in draws {
        for (f, (sum, count)) in moved.iter_mut().enumerate() {
            let apart: f64 = from_mean(draw, f).iter().zip(&deviations[f]).map(|(d, at)| (d - at).powi(2)).sum();
            if apart.is_finite() {
                (*sum, *count) = (*sum + apart, *count + 1);
            }
        }
    }
    let kept = |f: usize| {
        let between: f64 = deviations[f].iter().map(|d| d * d).sum();
        // With two seeds, their one difference may be small by chance. If the items' contribution were subtracted,
        // Student's t would have nothing left to widen.
        let by_items = if by_seed.len() > 2 { widened * widened * moved[f].0 / moved[f].1.max(1) as f64 } else { 0.0 };
        let kept = if between > by_items { ((between - by_items) / between).sqrt() } else { 0.0 };
        kept / (seeds * (seeds - 1.0)).sqrt()
    };
    let kept: Vec<f64> = (0..figures).map(kept).collect();
    (0..by_seed.len()).map(|s| (0..figures).map(|f| kept[f] * deviations[f][s]).collect()).collect()
}

/// √(k / χ²ₖ): a normal deviate times this follows Student's t with k degrees of freedom.
fn student_scale(freedom: usize, rng: &mut Stream) -> f64 {
    let freedom = freedom as f64;
    ChiSquared::new(freedom).map_or(f64::NAN, |chi| (freedom / chi.sample(rng)).sqrt())
}

fn finite_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) =
        values.filter(|value| value.is_finite()).fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    sum / count as f64
}

pub(crate) fn positive(parameter: &'static str, got: usize) -> Result<(), TaskError> {
    at_least(1, parameter, got)
}

fn at_least(least: usize, parameter: &'static str, got: usize) -> Result<(), TaskError> {
    let want = if least == 1 { "at least 1" } else { "at least 2" };
    match got < least {
        true => Err(TaskError::Parameter { task: "bootstrap", parameter, got: got.to_string(), want }),
        false => Ok(()),
    }
}

/// Units of a draw: items, or clusters of items.
pub(crate) struct Units {
    items: usize,
    /// Items of each cluster; `None` if every item is its own unit.
    clusters: Option<Vec<Vec<usize>>>,
}

impl Units {
    /// Units of these items or clusters.
    ///
    /// # Errors
    /// Fewer than two items or clusters, because one unit tells nothing about others; not one cluster per item.
    pub(crate) fn new(items: usize, clusters: Option<&[i64]>) -> Result<Self, TaskError> {
        positive("items", items)?;
        let clusters = match clusters {
            None => None,
            Some(of_items) if of_items.len() != items => {
                return Err(TaskError::Shape {
                    op: "bootstrap",
                    left_name: "items",
                    left: items.to_string(),
                    right_name: "their clusters",
                    right: of_items.len().to_string(),
                });
            }
            Some(of_items) => {
                let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
                of_items.iter().enumerate().for_each(|(item, cluster)| members.entry(*cluster).or_default().push(item));
                Some(members.into_values().collect())
            }
        };
        let units = Self { items, clusters };
        let drawn = if units.clusters.is_some() { "clusters" } else { "items" };
        at_least(2, drawn, units.count())?;
        Ok(units)
    }

    /// Number of units.
    pub(crate) fn count(&self) -> usize {
        self.clusters.as_ref().map_or(self.items, Vec::len)
    }

    /// Contribution of each unit to the mean of the items' values, times the number of units: their mean is the mean of
    /// the items.
    pub(crate) fn shares(&self, values: &[f64]) -> Vec<f64> {
        let Some(clusters) = &self.clusters else { return values.to_vec() };
        let scale = clusters.len() as f64 / self.items as f64;
        clusters.iter().map(|items| scale * items.iter().map(|&item| values[item]).sum::<f64>()).collect()
    }

    /// Multiplicity of each item in resample `r`.
    fn draw(&self, seed: u64, r: usize, counts: &mut [u32]) {
        let mut rng = stream(seed, RESAMPLED_ITEMS, None);
        rng.set_stream(r as u64);
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64], weights: &[u32]) -> f64 {
        let sum: f64 = values.iter().zip(weights).map(|(v, &w)| v * f64::from(w)).sum();
        sum / weights.iter().sum::<u32>() as f64
    }

    fn defined(intervals: Result<Vec<Option<Interval>>, TaskError>) -> Vec<Interval> {
        intervals.expect("valid").into_iter().map(|interval| interval.expect("defined")).collect()
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_theory() {
        let n = 400;
        let values: Vec<f64> = (0..n).map(|i| f64::from(i * 7919 % n) / f64::from(n)).collect();
        let intervals = paired_bootstrap(n as usize, 4000, 3, |w| vec![mean(&values, w)]).expect("valid");
        let standard_error = (1.0f64 / 12.0 / f64::from(n)).sqrt();
        let Interval { estimate, low, high } = intervals[0].expect("defined");
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
            pool.install(|| defined(paired_bootstrap(97, 500, 9, statistic)))
        };
        let one = in_pool(1);
        assert_eq!(one, in_pool(5));
        assert!(one[0].high - one[0].low > 5.0);
        assert!((one[2].low - 2.0).abs() < 1e-9 && (one[2].high - 2.0).abs() < 1e-9, "the difference has no spread");
        let other = defined(paired_bootstrap(97, 500, 10, statistic));
        assert_ne!(one, other, "the seed is used");
    }

    #[test]
    fn clusters_are_drawn_whole() {
        // Ten items of each of forty clusters share a value: as good as forty items.
        let values: Vec<f64> = (0..400).map(|i| f64::from((i / 10) * 31 % 40)).collect();
        let clusters: Vec<i64> = (0..400).map(|i| i / 10).collect();
        let width = |items: Items<'_>| {
            let found = paired_bootstrap(items, 2000, 3, |w| vec![mean(&values, w)]).expect("valid");
            found[0].expect("defined").high - found[0].expect("defined").low
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
        let one = paired_bootstrap(1, 10, 0, |_| vec![1.0]).unwrap_err().to_string();
        assert_eq!(one, "bootstrap: `items` is 1, expected at least 2");
        let grouped = Items { count: 3, clusters: Some(&[7, 7, 7]) };
        assert!(paired_bootstrap(grouped, 10, 0, |_| vec![1.0]).unwrap_err().to_string().contains("`clusters` is 1"));
        assert!(paired_bootstrap(10, 0, 0, |_| vec![]).is_err());
        let ragged = |w: &[u32]| vec![0.0; if w.iter().all(|&w| w == 1) { 1 } else { 2 }];
        assert!(matches!(paired_bootstrap(10, 5, 0, ragged), Err(TaskError::Shape { .. })));
    }

    #[test]
    fn an_undefined_figure_has_no_interval() {
        let halves = |defined: usize| {
            move |w: &[u32]| vec![if w[0] as usize >= defined { f64::NAN } else { mean(&[1.0; 20], w) }, f64::NAN]
        };
        // Item 0 is drawn nine times or more in none of 500 resamples, at least once in two of three.
        let rarely = paired_bootstrap(20, 500, 1, halves(9)).expect("valid");
        assert!(rarely[0].is_some() && rarely[1].is_none(), "{rarely:?}");
        let often = paired_bootstrap(20, 500, 1, halves(2)).expect("valid");
        assert_eq!(often, [None, None]);
    }
}
