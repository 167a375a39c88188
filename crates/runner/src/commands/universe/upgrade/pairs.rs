//! The map by the number of pairs: fits on nested parts of them.

use std::time::Instant;

use align::{Dataset, Fit, FitInput, Fitted, Method, Split};
use anyhow::Result;
use tasks::Interval;
use tasks::learning_curve::{CurvePoint, Gain, Goal, HALF_INTERVAL, gain, rows_for_share};
use tasks::upgrade::{Trial, needs_calibration};

use super::judge::mean_ndcg;
use super::request::UpgradeRequest;

/// The parts, as divisors of the number of pairs.
const DIVISORS: [usize; 5] = [32, 16, 8, 4, 2];
/// Fewest pairs of a part.
const FEWEST: usize = 8;
/// Shares of the score with all pairs.
pub(super) const SHARES: [f64; 2] = [0.9, 0.95];
/// The factor of the extrapolation.
const TIMES: f64 = 2.0;

/// A fit on a part of the pairs.
pub(super) struct Part {
    pairs: usize,
    seconds: f64,
    /// The fit, or the reason why there is none.
    pub(super) fit: Result<Fitted, String>,
}

/// nDCG@10 of mapped queries by the number of pairs.
#[derive(Clone, Debug)]
pub struct PairCurve {
    /// The sizes, the smallest first; the last one has all pairs.
    pub sizes: Vec<PairCurveSize>,
    /// Shares of the score with all pairs, and the number of pairs that have each, or the reason why there is none.
    pub needed: Vec<(f64, Result<f64, String>)>,
    /// Change of the score with twice the pairs, or the reason why it is not supported.
    pub twice: Result<Gain, String>,
}

/// A number of pairs.
#[derive(Clone, Debug)]
pub struct PairCurveSize {
    /// The number.
    pub pairs: usize,
    /// nDCG@10 of the queries that the map of these pairs maps, or the reason why there is no map.
    pub ndcg: Result<Interval, String>,
    /// Wall seconds of the fit.
    pub seconds: f64,
}

/// The fit that maps queries, and its seconds.
pub(super) fn fit(method: &Method, pairs: &Split, seed: u64) -> Result<(Fit, f64)> {
    let clock = Instant::now();
    let input = FitInput::new(&pairs.views).with_labels(&pairs.labels)?.with_groups(&pairs.groups)?;
    let fit = method.fit(input, seed)?;
    let fit = if needs_calibration(&fit.fitted) { fit.calibrated(&pairs.views)? } else { fit };
    Ok((fit, clock.elapsed().as_secs_f64()))
}

/// The fits on the parts, the smallest first. A part is the one that `fit_rows` draws in a grid: a smaller part is a part
/// of a larger one.
pub(super) fn parts(method: &Method, pairs: &Split, seed: u64) -> Result<Vec<Part>> {
    let all = pairs.views.rows();
    let mut sizes: Vec<usize> = DIVISORS.iter().map(|divisor| all / divisor).filter(|&size| size >= FEWEST).collect();
    sizes.dedup();
    let part = |size: usize| -> Result<Part> {
        let dataset = Dataset::new(pairs.clone(), pairs.select_rows(&[])).with_fit_rows(size, seed)?;
        let clock = Instant::now();
        // A rank that all pairs allow can be too large for some of them.
        let fit = fit(method, &dataset.train, seed).map(|(fit, _)| fit.fitted).map_err(|error| format!("{error:#}"));
        Ok(Part { pairs: size, seconds: clock.elapsed().as_secs_f64(), fit })
    };
    sizes.into_iter().map(part).collect()
}

/// One of two halves of the pairs: the first is the part of half the pairs, the second is the rest.
pub(super) fn half(pairs: &Split, seed: u64, second: bool) -> Result<Split> {
    let all = pairs.views.rows();
    // Rows are told apart by their numbers.
    let numbered = Split { ids: Some((0..all as i64).collect()), ..pairs.clone() };
    let first = Dataset::new(numbered, pairs.select_rows(&[])).with_fit_rows(all / 2, seed)?.train;
    if !second {
        return Ok(first);
    }
    let mut rest = vec![true; all];
    first.ids.iter().flatten().for_each(|&row| rest[row as usize] = false);
    Ok(pairs.select_rows(&(0..all).filter(|&row| rest[row]).collect::<Vec<_>>()))
}

impl PairCurve {
    /// The curve from a trial whose first map is that of all pairs, and whose others are those of the parts.
    pub(super) fn of(
        parts: &[Part],
        trial: &Trial,
        (pairs, seconds): (usize, f64),
        request: &UpgradeRequest,
    ) -> Result<Self> {
        let mut mapped = trial.mapped.iter();
        let all = mapped.next().map(|of_queries| Trial::ndcg(of_queries)).unwrap_or_default();
        let mut sizes = Vec::new();
        for part in parts {
            let ndcg = match &part.fit {
                Err(reason) => Err(reason.clone()),
                Ok(_) => Ok(mean_ndcg(
                    &mapped.next().map(|of_queries| Trial::ndcg(of_queries)).unwrap_or_default(),
                    request,
                )?),
            };
            sizes.push(PairCurveSize { pairs: part.pairs, ndcg, seconds: part.seconds });
        }
        sizes.push(PairCurveSize { pairs, ndcg: Ok(mean_ndcg(&all, request)?), seconds });
        let point = |size: &PairCurveSize| {
            let ndcg = size.ndcg.as_ref().ok()?;
            let error = Some((ndcg.high - ndcg.low) / (2.0 * HALF_INTERVAL));
            Some(CurvePoint { rows: size.pairs, score: ndcg.estimate, error })
        };
        let points: Vec<CurvePoint> = sizes.iter().filter_map(point).collect();
        let needed = SHARES.map(|share| (share, rows_for_share(&points, share).map_err(|reason| reason.to_string())));
        let twice = gain(&points, TIMES, Goal { higher: true, best: 1.0 }, request.seed);
        Ok(Self { sizes, needed: needed.to_vec(), twice: twice.map_err(|reason| reason.to_string()) })
    }
}
