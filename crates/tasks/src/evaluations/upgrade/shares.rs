//! What a map keeps of an upgrade: shares with paired intervals over queries.

use crate::TaskError;
use crate::statistics::bootstrap::resample;
use crate::statistics::resamples::{Contrast, Interval, Resamples};

/// Scores of the same queries under three strategies: mapped queries, the old model, and the new model on an index that it
/// embedded itself. NaN for a query that is not counted.
#[derive(Clone, Copy, Debug)]
pub struct Strategies<'a> {
    /// New queries, mapped.
    pub mapped: &'a [f32],
    /// Old queries on old documents.
    pub stay: &'a [f32],
    /// New queries on new documents.
    pub reembed: &'a [f32],
}

/// Shares that a map keeps, each with a 95% interval, or the reason why it is undefined.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// (mapped − stay) / (re-embed − stay).
    pub kept: Result<Interval, String>,
    /// mapped / re-embed.
    pub of_reembedding: Result<Interval, String>,
}

/// Paired differences between the strategies, means over queries with 95% intervals, and the shares.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Number of queries that are counted.
    pub queries: usize,
    /// Re-embed − stay: the upgrade itself.
    pub upgrade: Contrast,
    /// Mapped − stay: what the map gains.
    pub gain: Contrast,
    /// Re-embed − mapped: what re-embedding would add to the map.
    pub rest: Contrast,
    /// The shares that the map keeps.
    pub shares: Shares,
}

impl Strategies<'_> {
    /// The shares. All strategies see the same resamples of the queries, so intervals are paired.
    ///
    /// The share of the upgrade that is kept is undefined if re-embedding does not beat the old model beyond its 95%
    /// interval: there is no upgrade to keep a share of.
    ///
    /// # Errors
    /// No resample, lists of different lengths.
    pub fn shares(&self, resamples: usize, seed: u64) -> Result<Shares, TaskError> {
        match self.drawn(resamples, seed)? {
            Ok((_, drawn)) => Ok(shares_of(&drawn)),
            Err(reason) => Ok(Shares { kept: Err(reason.clone()), of_reembedding: Err(reason) }),
        }
    }

    /// The differences between the strategies, on the resamples of [`Strategies::shares`], or the reason why there are
    /// none.
    ///
    /// # Errors
    /// No resample.
    pub fn compared(&self, resamples: usize, seed: u64) -> Result<Result<Compared, String>, TaskError> {
        let (queries, drawn) = match self.drawn(resamples, seed)? {
            Ok(drawn) => drawn,
            Err(reason) => return Ok(Err(reason)),
        };
        let [upgrade, gain, rest] = [UPGRADE, GAIN, REST].map(|figure| drawn.figure(figure));
        let (Some(upgrade), Some(gain), Some(rest)) = (upgrade, gain, rest) else {
            return Ok(Err("the differences between the strategies are undefined".to_string()));
        };
        Ok(Ok(Compared { queries, upgrade, gain, rest, shares: shares_of(&drawn) }))
    }

    /// The number of counted queries, and the figures on resamples of them; the reason if too few queries are counted.
    fn drawn(&self, resamples: usize, seed: u64) -> Result<Result<(usize, Resamples), String>, TaskError> {
        let counted: Vec<usize> = (0..self.mapped.len())
            .filter(|&at| {
                [self.mapped, self.stay, self.reembed].iter().all(|of| of.get(at).is_some_and(|x| !x.is_nan()))
            })
            .collect();
        if counted.len() < 2 {
            return Ok(Err(format!("found {} queries with a relevant document, expected at least 2", counted.len())));
        }
        let of = |list: &[f32]| -> Vec<f64> { counted.iter().map(|&at| f64::from(list[at])).collect() };
        let (mapped, stay, reembed) = (of(self.mapped), of(self.stay), of(self.reembed));
        let drawn = resample(counted.len(), resamples, seed, |weights| {
            let mean = |of: &[f64]| {
                let sum: f64 = of.iter().zip(weights).map(|(x, &weight)| x * f64::from(weight)).sum();
                sum / weights.iter().map(|&weight| f64::from(weight)).sum::<f64>()
            };
            let (mapped, stay, reembed) = (mean(&mapped), mean(&stay), mean(&reembed));
            vec![reembed - stay, (mapped - stay) / (reembed - stay), mapped / reembed, mapped - stay, reembed - mapped]
        })?;
        Ok(Ok((counted.len(), drawn)))
    }
}

/// The figures of a resample, in their order.
const UPGRADE: usize = 0;
const KEPT: usize = 1;
const OF_REEMBEDDING: usize = 2;
const GAIN: usize = 3;
const REST: usize = 4;

fn shares_of(drawn: &Resamples) -> Shares {
    let none = || "re-embedding finds nothing, so there is nothing to share".to_string();
    let kept = match drawn.interval(UPGRADE) {
        Some(gain) if gain.low > 0.0 => drawn.interval(KEPT).ok_or_else(none),
        gain => Err(stay_reason(gain)),
    };
    Shares { kept, of_reembedding: drawn.interval(OF_REEMBEDDING).ok_or_else(none) }
}

fn stay_reason(gain: Option<Interval>) -> String {
    let gain = gain.map(|gain| format!(": {:+.4} [{:+.4}, {:+.4}]", gain.estimate, gain.low, gain.high));
    let gain = gain.unwrap_or_default();
    format!(
        "re-embedding does not beat the old model beyond its 95% interval{gain}; there is no upgrade to keep, so stay"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_ratios_of_means_and_their_intervals_are_paired() {
        let stay: Vec<f32> = (0..200).map(|i| (i % 5) as f32 / 10.0).collect();
        let reembed: Vec<f32> = stay.iter().map(|x| x + 0.4).collect();
        let mapped: Vec<f32> = stay.iter().map(|x| x + 0.1).collect();
        let of = Strategies { mapped: &mapped, stay: &stay, reembed: &reembed };
        let shares = of.shares(200, 1).expect("queries");
        let kept = shares.kept.expect("an upgrade");
        assert!(
            (kept.estimate - 0.25).abs() < 1e-6 && kept.high - kept.low < 1e-5,
            "{kept:?}: every query keeps a quarter"
        );
        let share = shares.of_reembedding.expect("defined");
        assert!((share.estimate - 0.5).abs() < 1e-6 && share.low < 0.5 && share.high > 0.5);
        let nan: Vec<f32> = mapped.iter().enumerate().map(|(i, &x)| if i % 2 == 0 { f32::NAN } else { x }).collect();
        let half = Strategies { mapped: &nan, ..of }.shares(200, 1).expect("queries").kept.expect("an upgrade");
        assert!((half.estimate - 0.25).abs() < 1e-6);
    }

    #[test]
    fn without_an_upgrade_no_share_is_kept() {
        let stay: Vec<f32> = (0..50).map(|i| (i % 7) as f32 / 7.0).collect();
        let reembed: Vec<f32> = (0..50).map(|i| ((i + 3) % 7) as f32 / 7.0).collect();
        let of = Strategies { mapped: &stay, stay: &stay, reembed: &reembed };
        let kept = of.shares(500, 1).expect("queries").kept.expect_err("sideways");
        assert!(kept.starts_with("re-embedding does not beat the old model beyond its 95% interval: "), "{kept}");
        let one = Strategies { mapped: &[0.5], stay: &[0.4], reembed: &[0.6] }.shares(10, 1).expect("a query");
        assert_eq!(one.kept, Err("found 1 queries with a relevant document, expected at least 2".into()));
        let zero =
            Strategies { mapped: &[0.0; 4], stay: &[0.0; 4], reembed: &[0.0; 4] }.shares(10, 1).expect("queries");
        assert!(zero.of_reembedding.is_err());
    }
}
