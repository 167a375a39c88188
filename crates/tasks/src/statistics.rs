//! From resamples to statements: intervals, tests, ranks, and how many of them may be chance.

use align::rng::{Purpose, stream};
use rand::RngExt;
use rayon::prelude::*;

use crate::TaskError;
use crate::bootstrap::{Interval, Weights, positive, quantile};

/// Figures of the items as they are, and of every resample of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Resamples {
    pub(crate) estimates: Vec<f64>,
    /// One value per figure for every resample.
    pub(crate) draws: Vec<Vec<f64>>,
}

/// A difference, or another quantity whose being zero is the question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// With its 95% interval.
    pub interval: Interval,
    /// Two-sided: the share of resamples whose deviation from their mean is as large as the estimate, the estimate
    /// itself counted as one of them.
    pub p: f64,
    /// Standard deviation over resamples.
    pub standard_error: f64,
}

impl Contrast {
    /// The difference that a test at 5% would find in four of five repetitions: `(z₀.₉₇₅ + z₀.₈)·SE = 2.80·SE`.
    pub fn detectable(&self) -> f64 {
        (1.959_963_985 + 0.841_621_234) * self.standard_error
    }
}

impl Resamples {
    /// The figures on the items as they are.
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }

    /// A figure with its interval.
    pub fn interval(&self, figure: usize) -> Interval {
        self.contrast(|values| values[figure]).interval
    }

    /// A function of the figures, such as the difference of two, with interval and p.
    pub fn contrast(&self, of: impl Fn(&[f64]) -> f64) -> Contrast {
        let estimate = of(&self.estimates);
        let values: Vec<f64> = self.draws.iter().map(|draw| of(draw)).collect();
        let count = values.len() as f64;
        let centre = values.iter().sum::<f64>() / count;
        let mut deviations: Vec<f64> = values.iter().map(|value| value - centre).collect();
        deviations.sort_unstable_by(f64::total_cmp);
        // A difference that is zero on every resample says nothing against its being zero.
        let as_large = deviations.iter().filter(|d| d.abs() >= estimate.abs()).count();
        let variance = deviations.iter().map(|d| d * d).sum::<f64>() / (count - 1.0).max(1.0);
        Contrast {
            interval: Interval {
                estimate,
                low: estimate + quantile(&deviations, 0.025),
                high: estimate + quantile(&deviations, 0.975),
            },
            p: (1 + as_large) as f64 / (count + 1.0),
            standard_error: variance.sqrt(),
        }
    }

    /// Which places each of some figures takes among them, 1 the best: 2.5% and 97.5% quantiles over resamples, widened to
    /// whole places.
    pub fn places(&self, figures: &[usize], higher_is_better: bool) -> Vec<(usize, usize)> {
        let better = |a: f64, b: f64| if higher_is_better { a > b } else { a < b };
        let mut taken: Vec<Vec<f64>> = vec![Vec::with_capacity(self.draws.len()); figures.len()];
        for draw in &self.draws {
            for (at, &figure) in figures.iter().enumerate() {
                let ahead = figures.iter().filter(|&&other| better(draw[other], draw[figure])).count();
                taken[at].push(1.0 + ahead as f64);
            }
        }
        let range = |mut places: Vec<f64>| {
            places.sort_unstable_by(f64::total_cmp);
            (quantile(&places, 0.025).floor() as usize, quantile(&places, 0.975).ceil() as usize)
        };
        taken.into_iter().map(range).collect()
    }
}

/// Figures that are means over items, possibly over several seeds of a fit: everything but ARI and NMI.
///
/// `values[figure][seed][item]`. A resample draws items, or whole clusters of them, and of each figure as many seeds as it
/// has: the interval then covers both where other items and where other seeds would have led. Figures with the same number
/// of seeds share the draw of seeds. 10,000 resamples of 15 figures of 3,000 items take about a second.
///
/// # Errors
/// No figure, item or seed; figures of different items.
pub fn resample_means(
    values: &[Vec<Vec<f64>>],
    clusters: Option<&[i64]>,
    resamples: usize,
    seed: u64,
) -> Result<Resamples, TaskError> {
    let items = values.first().and_then(|figure| figure.first()).map_or(0, Vec::len);
    if let Some(odd) = values.iter().flatten().find(|series| series.len() != items) {
        return Err(TaskError::Shape {
            op: "means of items",
            left_name: "the first figure",
            left: format!("{items} items"),
            right_name: "another",
            right: format!("{} items", odd.len()),
        });
    }
    let seeds = values.iter().map(Vec::len).max().unwrap_or(0);
    let weights = Weights::new(items, clusters, seeds)?;
    positive("resamples", resamples)?;
    let mean = |items: &[u32], seeds: &dyn Fn(usize) -> Vec<u32>| -> Vec<f64> {
        let total: f64 = items.iter().map(|&w| f64::from(w)).sum();
        let of_figure = |figure: &Vec<Vec<f64>>| {
            let counts = seeds(figure.len());
            let (mut sum, mut count) = (0.0, 0.0);
            for (series, &times) in figure.iter().zip(&counts).filter(|(_, times)| **times > 0) {
                let of_seed: f64 = series.iter().zip(items).map(|(value, &w)| value * f64::from(w)).sum();
                sum += f64::from(times) * of_seed / total;
                count += f64::from(times);
            }
            sum / count
        };
        values.iter().map(of_figure).collect()
    };
    let estimates = mean(&vec![1; items], &|seeds| vec![1; seeds]);
    let draws = (0..resamples)
        .into_par_iter()
        .map_init(
            || vec![0u32; items],
            |counts, r| {
                weights.draw(seed, r, counts);
                mean(counts, &|seeds| weights.draw_seeds(seed, r, seeds))
            },
        )
        .collect();
    Ok(Resamples { estimates, draws })
}

/// Two-sided p of a mean difference of pairs by flipping signs: under the null each difference is as likely the other way
/// around. Sampled, the data themselves counted as one of the flips; exact in the limit, whatever the distribution.
///
/// # Errors
/// No difference, no flip.
pub fn sign_flip(differences: &[f64], flips: usize, seed: u64) -> Result<f64, TaskError> {
    for (parameter, got) in [("differences", differences.len()), ("flips", flips)] {
        if got == 0 {
            let (task, got, want) = ("sign flips", "0".to_string(), "at least 1");
            return Err(TaskError::Parameter { task, parameter, got, want });
        }
    }
    let observed = differences.iter().sum::<f64>().abs();
    let as_large = (0..flips)
        .into_par_iter()
        .filter(|&r| {
            let mut rng = stream(seed, Purpose::Bootstrap, Some(0));
            rng.set_stream(r as u64);
            let flipped: f64 = differences.iter().map(|d| if rng.random::<bool>() { *d } else { -d }).sum();
            flipped.abs() >= observed * (1.0 - 1e-12)
        })
        .count();
    Ok((1 + as_large) as f64 / (flips + 1) as f64)
}

/// Holm's step-down adjustment: the chance of any false finding among these tests is at most the level that an adjusted p
/// is held against. Source: Holm, Scandinavian Journal of Statistics 6 (1979).
pub fn holm(p: &[f64]) -> Vec<f64> {
    adjusted(p, |m, rank| (m - rank) as f64, true)
}

/// Benjamini and Hochberg's step-up adjustment: the expected share of false ones among the findings is at most the level
/// that an adjusted p is held against. Source: JRSS B 57 (1995).
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    adjusted(p, |m, rank| m as f64 / (rank + 1) as f64, false)
}

/// p times a factor of its rank (from 0, the smallest first), made monotone: upwards from the smallest or downwards from
/// the largest.
fn adjusted(p: &[f64], factor: impl Fn(usize, usize) -> f64, from_smallest: bool) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut out = vec![0.0; p.len()];
    let scaled = |rank: usize| (p[order[rank]] * factor(p.len(), rank)).min(1.0);
    if from_smallest {
        let mut least = 0.0f64;
        for rank in 0..p.len() {
            least = least.max(scaled(rank));
            out[order[rank]] = least;
        }
    } else {
        let mut most = 1.0f64;
        for rank in (0..p.len()).rev() {
            most = most.min(scaled(rank));
            out[order[rank]] = most;
        }
    }
    out
}
