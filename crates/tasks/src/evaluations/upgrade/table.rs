//! The values of one pair of models: every strategy beside the others, and what follows from them.

use align::{Coordinates, Corpus};

use super::confidence::{Aurc, RiskCoverage};
use super::interpolated::directed;
use super::judged::{DEPTH, Judged};
use super::passes::{Lists, Passes, Strategy, judged};
use super::shares::Strategies;
use crate::scores::metrics::weighted_figure;
use crate::statistics::resamples::Interval;
use crate::{Metric, Place, Scores, TaskError};

/// The metrics of a pair, in the order of records; those of mapped documents come last and only with translations.
pub(super) const METRICS: [Metric; 27] = [
    Metric::Ndcg10,
    Metric::Recall10,
    Metric::Mrr10,
    Metric::StayNdcg10,
    Metric::StayRecall10,
    Metric::StayMrr10,
    Metric::ReembedNdcg10,
    Metric::ReembedRecall10,
    Metric::ReembedMrr10,
    Metric::NaiveNdcg10,
    Metric::NaiveRecall10,
    Metric::NaiveMrr10,
    Metric::Overlap10,
    Metric::UpgradeGain,
    Metric::GainedOverStay,
    Metric::LostToStay,
    Metric::GainedOverReembed,
    Metric::LostToReembed,
    Metric::ShareKept,
    Metric::ShareKeptLow,
    Metric::ShareKeptHigh,
    Metric::ReembedShare,
    Metric::ReembedShareLow,
    Metric::ReembedShareHigh,
    Metric::DocumentsNdcg10,
    Metric::DocumentsRecall10,
    Metric::DocumentsMrr10,
];

/// The metrics of the distance to the pairs, in the order of records.
pub(super) const CONFIDENCE: [Metric; 6] =
    [Metric::PairDistance, Metric::Aurc, Metric::AurcLow, Metric::AurcHigh, Metric::AurcRandom, Metric::AurcOracle];

/// The metrics that need mapped queries.
const MAPPED: std::ops::Range<usize> = 0..3;
const STAY: usize = 3;
const REEMBED: usize = 6;
const NAIVE: usize = 9;
const DERIVED: std::ops::Range<usize> = 12..24;
const DOCUMENTS: usize = 24;

/// The first documents of every query under one strategy, and its scores.
pub(super) type Found<'a> = (&'a Lists, Vec<Option<Judged>>);
/// The same, or the reason why the strategy is not possible.
pub(super) type Searched<'a> = Result<Found<'a>, String>;

/// Values of the pairs in one space.
pub(super) struct Table<'a> {
    pub(super) resamples: usize,
    pub(super) seed: u64,
    pub(super) corpus: &'a Corpus,
    pub(super) passes: &'a Passes,
    /// Distance of every query to the pairs, by model.
    pub(super) distances: Option<&'a [Vec<f64>]>,
    pub(super) space: Coordinates,
}

impl Table<'_> {
    /// Adds the values of queries of `new` on documents of `old`.
    pub(super) fn pair(&self, new: usize, old: usize, out: &mut Scores) -> Result<(), TaskError> {
        let views = &self.corpus.queries.views;
        let place = Place::pair(self.space, views.nth(new).name(), views.nth(old).name());
        let search = |strategy, of, on| self.search(strategy, (of, on), [new, old]);
        let mapped = search(Strategy::Mapped(self.space), new, old);
        let [stay, reembed, naive] = [(old, old), (new, new), (new, old)].map(|(of, on)| search(Strategy::Raw, of, on));
        for (first, found) in [(MAPPED.start, &mapped), (STAY, &stay), (REEMBED, &reembed), (NAIVE, &naive)] {
            self.three(place, first, found, out)?;
        }
        match (&mapped, &stay, &reembed) {
            (Ok(mapped), Ok(stay), Ok(reembed)) => self.derived(place, [mapped, stay, reembed], out)?,
            (Err(reason), _, _) | (_, Err(reason), _) | (_, _, Err(reason)) => {
                out.undefined(place, &METRICS[DERIVED], self.counted(), reason);
            }
        }
        if directed(self.space) {
            self.three(place, DOCUMENTS, &search(Strategy::Documents, new, old), out)?;
        }
        if let Some(distances) = self.distances {
            self.confidence(place, &distances[new], &mapped, out)?;
        }
        Ok(())
    }

    /// The first documents of a strategy, judged for the queries that both models have.
    pub(super) fn search(&self, strategy: Strategy, (of, on): (usize, usize), both: [usize; 2]) -> Searched<'_> {
        let lists = self.passes.lists(strategy, of, on)?;
        Ok((lists, judged(lists, self.corpus, both)))
    }

    fn counted(&self) -> usize {
        self.corpus.judgements.answered()
    }

    /// nDCG, recall and reciprocal rank of one strategy, the metrics from `first` on.
    fn three(&self, place: Place<'_>, first: usize, found: &Searched<'_>, out: &mut Scores) -> Result<(), TaskError> {
        let metrics = &METRICS[first..first + 3];
        match found {
            Err(reason) => out.undefined(place, metrics, self.counted(), reason),
            Ok((_, judged)) => {
                let gets: [fn(&Judged) -> f64; 3] = [|j| j.ndcg, |j| j.recall, |j| j.reciprocal];
                for (&metric, get) in metrics.iter().zip(gets) {
                    put(place, metric, of_queries(judged, get), out)?;
                }
            }
        }
        Ok(())
    }

    /// The distance of the queries to the pairs, and the risk of mapped queries by it.
    fn confidence(
        &self,
        place: Place<'_>,
        distances: &[f64],
        mapped: &Searched<'_>,
        out: &mut Scores,
    ) -> Result<(), TaskError> {
        let (_, judged) = match mapped {
            Ok(mapped) => mapped,
            Err(reason) => {
                out.undefined(place, &CONFIDENCE, self.counted(), reason);
                return Ok(());
            }
        };
        let counted = distances.iter().zip(judged).map(|(d, judged)| judged.map_or(f32::NAN, |_| *d as f32));
        put(place, Metric::PairDistance, counted.collect(), out)?;
        let nearest: Vec<f64> = distances.iter().map(|distance| -distance).collect();
        let risks: Vec<f64> = judged.iter().map(|judged| judged.map_or(f64::NAN, |judged| 1.0 - judged.ndcg)).collect();
        let found = RiskCoverage::new(&nearest, &risks)?.aurc(self.resamples, self.seed)?;
        let parts: [fn(&Aurc) -> f64; 5] =
            [|a| a.aurc.estimate, |a| a.aurc.low, |a| a.aurc.high, |a| a.random, |a| a.oracle];
        let n = judged.iter().flatten().count();
        for (&metric, part) in CONFIDENCE[1..].iter().zip(parts) {
            out.figure_or_reason(place, metric, n, found.as_ref().map(part).map_err(String::as_str));
        }
        Ok(())
    }

    /// What follows from mapped, stay and re-embed together.
    fn derived(&self, place: Place<'_>, of: [&Found<'_>; 3], out: &mut Scores) -> Result<(), TaskError> {
        let [mapped, stay, reembed] = of.map(|(_, judged)| judged);
        let ndcg = |judged: &[Option<Judged>]| of_queries(judged, |j| j.ndcg);
        let (mapped_ndcg, stay_ndcg, reembed_ndcg) = (ndcg(mapped), ndcg(stay), ndcg(reembed));
        put(place, Metric::Overlap10, overlap(of[0], of[2].0), out)?;
        let gain = mapped_ndcg.iter().zip(&stay_ndcg).map(|(mapped, stay)| mapped - stay).collect();
        put(place, Metric::UpgradeGain, gain, out)?;
        put(place, Metric::GainedOverStay, flips(stay, mapped), out)?;
        put(place, Metric::LostToStay, flips(mapped, stay), out)?;
        put(place, Metric::GainedOverReembed, flips(reembed, mapped), out)?;
        put(place, Metric::LostToReembed, flips(mapped, reembed), out)?;
        let strategies = Strategies { mapped: &mapped_ndcg, stay: &stay_ndcg, reembed: &reembed_ndcg };
        let shares = strategies.shares(self.resamples, self.seed)?;
        let n = mapped.iter().flatten().count();
        let parts: [fn(&Interval) -> f64; 3] = [|i| i.estimate, |i| i.low, |i| i.high];
        for (share, first) in [(&shares.kept, Metric::ShareKept), (&shares.of_reembedding, Metric::ReembedShare)] {
            let at = METRICS.iter().position(|&metric| metric == first).unwrap_or_default();
            for (&metric, part) in METRICS[at..at + 3].iter().zip(parts) {
                out.figure_or_reason(place, metric, n, share.as_ref().map(part).map_err(String::as_str));
            }
        }
        Ok(())
    }
}

/// Share of the first documents of mapped queries that the re-embedded queries have, too.
fn overlap((mapped, judged): &Found<'_>, reembed: &Lists) -> Vec<f32> {
    let shared = |mapped: &Vec<usize>, reembed: &Vec<usize>| {
        let common = mapped.iter().filter(|document| reembed.contains(document)).count();
        common as f32 / mapped.len().clamp(1, DEPTH) as f32
    };
    let lists = mapped.iter().zip(reembed).zip(judged);
    lists.map(|((a, b), judged)| if judged.is_some() { shared(a, b) } else { f32::NAN }).collect()
}

/// 1 for a query whose first ten documents hold a relevant one after the change and not before.
fn flips(before: &[Option<Judged>], after: &[Option<Judged>]) -> Vec<f32> {
    let found = |judged: &Judged| judged.reciprocal > 0.0;
    let flip = |(before, after): (&Option<Judged>, &Option<Judged>)| match (before, after) {
        (Some(before), Some(after)) => f32::from(u8::from(!found(before) && found(after))),
        _ => f32::NAN,
    };
    before.iter().zip(after).map(flip).collect()
}

/// One value per query, NaN for a query that is not counted.
pub(super) fn of_queries(judged: &[Option<Judged>], get: impl Fn(&Judged) -> f64) -> Vec<f32> {
    judged.iter().map(|judged| judged.as_ref().map_or(f32::NAN, |judged| get(judged) as f32)).collect()
}

/// Adds a metric that is a mean over queries, and its values.
pub(super) fn put(place: Place<'_>, metric: Metric, values: Vec<f32>, out: &mut Scores) -> Result<(), TaskError> {
    let n = values.iter().filter(|value| !value.is_nan()).count();
    let value = weighted_figure(metric, &values, &vec![1; values.len()])?;
    out.figure_or_reason(place, metric, n, value.ok_or("no query has a relevant document"));
    if let Some(quantity) = metric.quantity() {
        out.keep(place, quantity, values);
    }
    Ok(())
}
