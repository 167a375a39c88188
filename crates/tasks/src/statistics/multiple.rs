//! Multiple tests: adjusted p values.

use crate::statistics::resamples::{Draw, Resamples, beyond_rounding};

/// Test of the difference of two figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Index of the table.
    pub table: usize,
    /// The lower index of the two figures.
    pub first: usize,
    /// The higher index.
    pub second: usize,
    /// p of this difference alone.
    pub p: f64,
    /// p adjusted for all pairs of all tables; see [`step_down`].
    pub adjusted: f64,
}

/// All pairs of figures of some tables, with p adjusted by the step-down maximum-t procedure: the probability of any
/// false finding among all pairs is at most the level with which the adjusted p is compared.
///
/// The statistic of a pair is its difference divided by its standard error; for shares, by the standard error under the
/// null (a score test). Pairs are processed from the largest statistic down. The adjusted p of a pair is the share of
/// resamples in which any pair from it on deviates from its own estimate by at least as many standard errors, made
/// monotone. The family contains *all* pairs. Therefore it also covers comparisons with the best figure if the best is
/// read from the same data. (Holm's adjustment of the differences to the observed best counts K − 1 tests, although K(K
/// − 1)/2 were looked at.) Pairs share items, which the resamples take into account. Pairs of an undefined figure are
/// left out.
///
/// Cost: resamples × pairs. Sources: Westfall and Young 1993; Romano and Wolf, Econometrica 73 (2005).
pub fn step_down(tables: &[&Resamples]) -> Vec<Pair> {
    let draws = tables.iter().map(|table| table.draws.len()).min().unwrap_or(0);
    let mut tested: Vec<Tested> = Vec::new();
    for (table, drawn) in tables.iter().enumerate() {
        for first in 0..drawn.estimates.len() {
            for second in first + 1..drawn.estimates.len() {
                let Some(spread) = drawn.spread(|values| beyond_rounding(values[first], values[second])) else {
                    continue;
                };
                // If no item distinguishes the two figures, there is nothing to test.
                let statistic = if spread.estimate == 0.0 {
                    0.0
                } else {
                    spread.estimate.abs() / (spread.under_null * spread.standard_error)
                };
                let pair = Pair { table, first, second, p: spread.p(), adjusted: 1.0 };
                tested.push(Tested { pair, statistic, standard_error: spread.varies.then_some(spread.standard_error) });
            }
        }
    }
    tested.sort_by(|a, b| b.statistic.total_cmp(&a.statistic));
    let as_large = align::parallel::counts(0..draws, tested.len(), |counts, r| {
        let mut most = 0.0f64;
        for (at, tested) in tested.iter().enumerate().rev().filter(|(_, tested)| tested.statistic > 0.0) {
            let deviation = tested.deviation(&tables[tested.pair.table].draws[r]);
            // An undefined resample counts against every finding.
            most = if deviation.is_nan() { f64::INFINITY } else { most.max(deviation) };
            counts[at] += usize::from(most >= tested.statistic);
        }
    });
    let mut least = 0.0f64;
    let pair = |(tested, count): (Tested, usize)| {
        least = least.max((1 + count) as f64 / (draws + 1) as f64);
        Pair { adjusted: if tested.statistic > 0.0 { least } else { 1.0 }, ..tested.pair }
    };
    tested.into_iter().zip(as_large).map(pair).collect()
}

/// A pair with its statistic.
struct Tested {
    pair: Pair,
    statistic: f64,
    /// `None` if all units have the same difference.
    standard_error: Option<f64>,
}

impl Tested {
    /// Deviation of the difference in a resample, in standard errors.
    fn deviation(&self, draw: &Draw) -> f64 {
        match self.standard_error {
            Some(error) => (draw.wide[self.pair.first] - draw.wide[self.pair.second]).abs() / error,
            None => draw.unseen.abs(),
        }
    }
}

/// Holm's step-down adjustment: the probability of any false finding among these tests is at most the level with which
/// an adjusted p is compared. The tests must be chosen before the data are seen; for comparisons with the observed best
/// use [`step_down`]. An undefined p (NaN) stays undefined and counts as no test. Source: Holm, Scandinavian Journal of
/// Statistics 6 (1979).
pub fn holm(p: &[f64]) -> Vec<f64> {
    adjusted(p, |m, rank| (m - rank) as f64, true)
}

/// Benjamini and Hochberg's step-up adjustment: the expected share of false findings among the findings is at most the
/// level with which an adjusted p is compared. An undefined p (NaN) stays undefined and counts as no test. Source: JRSS
/// B 57 (1995).
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    adjusted(p, |m, rank| m as f64 / (rank + 1) as f64, false)
}

/// p times a factor of its rank (from 0, the smallest first), made monotone, upwards from the smallest or downwards
/// from the largest.
fn adjusted(p: &[f64], factor: impl Fn(usize, usize) -> f64, from_smallest: bool) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut out = vec![f64::NAN; p.len()];
    let tests = order.len();
    let scaled = |rank: usize| (p[order[rank]] * factor(tests, rank)).min(1.0);
    if from_smallest {
        let mut least = 0.0f64;
        for rank in 0..tests {
            least = least.max(scaled(rank));
            out[order[rank]] = least;
        }
    } else {
        let mut most = 1.0f64;
        for rank in (0..tests).rev() {
            most = most.min(scaled(rank));
            out[order[rank]] = most;
        }
    }
    out
}
