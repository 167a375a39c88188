//! The decision of an upgrade: stay, map or re-embed.

use super::shares::Compared;
use crate::statistics::resamples::Contrast;

/// A gain of nDCG@10 that matters. An interval that excludes it settles a question; one that reaches it does not.
pub const SMALLEST_GAIN: f64 = 0.01;

/// What to do with an index of an old model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Old queries on old documents.
    Stay,
    /// New queries, mapped, on old documents.
    Map,
    /// New queries on documents that the new model embeds.
    Reembed,
}

align::names! { Advice, "decision" { Stay = "stay", Map = "map", Reembed = "re-embed" } }

/// How far the queries settle a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Evidence {
    /// The interval that the decision rests on excludes what speaks against it.
    Shown,
    /// The interval holds 0 and also a gain that matters: the queries are too few to know.
    TooFew {
        /// The gain that further queries are to show: that of the estimate, at least [`SMALLEST_GAIN`].
        wanted: f64,
        /// Number of queries that would show it in four of five repetitions.
        queries: usize,
    },
}

/// A decision, and how far the queries settle it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// What to do.
    pub advice: Advice,
    /// Whether the interval behind it settles it.
    pub evidence: Evidence,
}

/// The decision, from paired differences of nDCG@10 over queries with 95% intervals.
///
/// 1. *Stay* if re-embed − stay is not above 0 beyond its interval: there is no upgrade.
/// 2. Otherwise *map* if mapped − stay is above 0 beyond its interval.
/// 3. Otherwise *re-embed*.
///
/// "Map" rests on an interval above 0 and is shown. "Stay" and "re-embed" rest on an interval that is not above 0. They are
/// shown if it ends below [`SMALLEST_GAIN`]; otherwise the queries are too few to know.
///
/// ```
/// use tasks::upgrade::{Advice, Strategies, decide};
///
/// let stay: Vec<f32> = (0..100).map(|i| (i % 7) as f32 / 10.0).collect();
/// let reembed: Vec<f32> = stay.iter().map(|x| x + 0.3).collect();
/// let mapped: Vec<f32> = stay.iter().map(|x| x + 0.1).collect();
/// let compared = Strategies { mapped: &mapped, stay: &stay, reembed: &reembed }.compared(200, 0)?.expect("enough queries");
/// assert_eq!(decide(&compared).advice, Advice::Map);
/// # Ok::<(), tasks::TaskError>(())
/// ```
pub fn decide(compared: &Compared) -> Decision {
    let Compared { queries, upgrade, gain, .. } = compared;
    let not_above = |contrast: &Contrast| match contrast.interval.high < SMALLEST_GAIN {
        true => Evidence::Shown,
        false => {
            let wanted = contrast.interval.estimate.max(SMALLEST_GAIN);
            Evidence::TooFew { wanted, queries: queries_needed(contrast, *queries, wanted) }
        }
    };
    if upgrade.interval.low <= 0.0 {
        Decision { advice: Advice::Stay, evidence: not_above(upgrade) }
    } else if gain.interval.low > 0.0 {
        Decision { advice: Advice::Map, evidence: Evidence::Shown }
    } else {
        Decision { advice: Advice::Reembed, evidence: not_above(gain) }
    }
}

/// Number of queries at which a test at 5% finds a difference of this size in four of five repetitions, from a difference
/// that was measured on so many queries. The detectable difference falls with the square root of their number.
pub fn queries_needed(measured: &Contrast, queries: usize, wanted: f64) -> usize {
    let ratio = measured.detectable / wanted.abs();
    (queries as f64 * ratio * ratio).ceil().clamp(2.0, u32::MAX.into()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::resamples::Interval;
    use crate::upgrade::Shares;

    /// Differences with these intervals.
    fn compared(upgrade: [f64; 3], gain: [f64; 3]) -> Compared {
        let contrast = |[low, estimate, high]: [f64; 3]| {
            let standard_error = (high - low) / 3.92;
            let interval = Interval { estimate, low, high };
            Contrast { interval, p: 0.5, standard_error, detectable: 2.8 * standard_error }
        };
        let rest = [upgrade[1] - gain[1]; 3];
        let shares = Shares { kept: Err(String::new()), of_reembedding: Err(String::new()) };
        let [upgrade, gain, rest] = [upgrade, gain, rest].map(contrast);
        Compared { queries: 300, upgrade, gain, rest, shares }
    }

    fn decided(upgrade: [f64; 3], gain: [f64; 3]) -> (Advice, bool) {
        let Decision { advice, evidence } = decide(&compared(upgrade, gain));
        (advice, evidence == Evidence::Shown)
    }

    #[test]
    fn the_rules_in_their_order() {
        let (better, worse, unclear) = ([0.05, 0.1, 0.15], [-0.2, -0.1, -0.05], [-0.03, 0.01, 0.05]);
        let nothing = [-0.012, -0.002, 0.008];
        for (upgrade, gain, advice, shown) in [
            // Without an upgrade the map does not count, not even one that gains.
            (worse, worse, Advice::Stay, true),
            (worse, better, Advice::Stay, true),
            (nothing, better, Advice::Stay, true),
            (unclear, worse, Advice::Stay, false),
            // A map that beats the old model is taken, whatever it keeps.
            (better, better, Advice::Map, true),
            (better, [0.001, 0.002, 0.003], Advice::Map, true),
            (better, worse, Advice::Reembed, true),
            (better, nothing, Advice::Reembed, true),
            (better, unclear, Advice::Reembed, false),
        ] {
            assert_eq!(decided(upgrade, gain), (advice, shown), "{upgrade:?}, {gain:?}");
        }
        // An end at 0 is not above 0.
        assert_eq!(decided([0.0, 0.1, 0.2], better).0, Advice::Stay);
        assert_eq!(decided(better, [0.0, 0.1, 0.2]).0, Advice::Reembed);
    }

    #[test]
    fn too_few_queries_come_with_the_number_that_would_do() {
        let Evidence::TooFew { wanted, queries } = decide(&compared([-0.03, 0.02, 0.07], [0.0; 3])).evidence else {
            panic!("the interval holds 0 and 0.01");
        };
        // Standard error 0.1 / 3.92, detectable 0.0714: 300 · (0.0714 / 0.02)².
        assert_eq!((wanted, queries), (0.02, 3827));
        // An estimate below the smallest gain, or on the other side, asks for that gain.
        let Evidence::TooFew { wanted, queries } = decide(&compared([-0.05, -0.01, 0.03], [0.0; 3])).evidence else {
            panic!("the interval holds 0 and 0.01");
        };
        assert_eq!((wanted, queries), (SMALLEST_GAIN, 9796));
        assert_eq!(queries_needed(&compared([0.0; 3], [0.0; 3]).upgrade, 300, 0.01), 2, "no spread");
    }
}
