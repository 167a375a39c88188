//! The strategies on the queries: scores with intervals, differences, and the queries that lose most.

use align::Corpus;
use anyhow::{Result, bail};
use files::Fault;
use tasks::statistics::resample_means;
use tasks::upgrade::{self, Compared, Strategies, Trial};
use tasks::{Contrast, Interval, Scale};

use super::request::UpgradeRequest;

/// Number of queries in the list of those that lose most.
const WORST: usize = 10;

/// The strategies on the queries.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Stay, mapped, naive if there is one, re-embed.
    pub strategies: Vec<Strategy>,
    /// Paired differences between stay, mapped and re-embed, and the shares that the map keeps.
    pub compared: Compared,
    /// The queries that lose most by the map, compared with the old model; the worst first.
    pub worst: Vec<Worst>,
}

/// Means of a strategy over the queries.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// Its name.
    pub name: &'static str,
    /// nDCG@10 with its interval.
    pub ndcg: Interval,
    /// Recall@10.
    pub recall: f64,
    /// MRR@10.
    pub reciprocal: f64,
    /// nDCG@10 minus that of stay, paired; `None` for stay itself.
    pub over_stay: Option<Contrast>,
}

/// A query and its nDCG@10 under three strategies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Row of the query, from 0.
    pub row: usize,
    /// Id of the query, if queries have ids.
    pub id: Option<i64>,
    /// nDCG@10 of the old model.
    pub stay: f32,
    /// nDCG@10 of the mapped query.
    pub mapped: f32,
    /// nDCG@10 of the new model on its own documents.
    pub reembed: f32,
}

/// Judges the first map of a trial.
pub(super) fn of(trial: &Trial, corpus: &Corpus, request: &UpgradeRequest) -> Result<Judged> {
    let Some(mapped) = trial.mapped.first() else { bail!(Fault::input("no map was fitted")) };
    let (stay, reembed) = (Trial::ndcg(&trial.stay), Trial::ndcg(&trial.reembed));
    let mapped_ndcg = Trial::ndcg(mapped);
    let compared = |mapped: &[f32]| -> Result<Compared> {
        let strategies = Strategies { mapped, stay: &stay, reembed: &reembed };
        Ok(strategies.compared(request.resamples, request.seed)?.map_err(Fault::input)?)
    };
    let all = compared(&mapped_ndcg)?;
    let mut strategies =
        vec![strategy("stay", &trial.stay, None, request)?, strategy("mapped", mapped, Some(all.gain), request)?];
    if let Some(naive) = &trial.naive {
        let gain = compared(&Trial::ndcg(naive))?.gain;
        strategies.push(strategy("naive", naive, Some(gain), request)?);
    }
    strategies.push(strategy("re-embed", &trial.reembed, Some(all.upgrade), request)?);
    let mut worst: Vec<Worst> = (0..stay.len())
        .filter(|&row| !stay[row].is_nan() && mapped_ndcg[row] < stay[row])
        .map(|row| {
            let id = corpus.queries.ids.as_ref().and_then(|ids| ids.get(row).copied());
            Worst { row, id, stay: stay[row], mapped: mapped_ndcg[row], reembed: reembed[row] }
        })
        .collect();
    worst.sort_by(|a, b| (a.mapped - a.stay).total_cmp(&(b.mapped - b.stay)).then(a.row.cmp(&b.row)));
    worst.truncate(WORST);
    Ok(Judged { strategies, compared: all, worst })
}

fn strategy(
    name: &'static str,
    of_queries: &[Option<upgrade::Judged>],
    over_stay: Option<Contrast>,
    request: &UpgradeRequest,
) -> Result<Strategy> {
    let counted: Vec<&upgrade::Judged> = of_queries.iter().flatten().collect();
    let mean =
        |get: fn(&upgrade::Judged) -> f64| counted.iter().map(|judged| get(judged)).sum::<f64>() / counted.len() as f64;
    let ndcg = mean_ndcg(&Trial::ndcg(of_queries), request)?;
    Ok(Strategy { name, ndcg, recall: mean(|j| j.recall), reciprocal: mean(|j| j.reciprocal), over_stay })
}

/// The mean over the queries that are counted, with its interval.
pub(super) fn mean_ndcg(ndcg: &[f32], request: &UpgradeRequest) -> Result<Interval> {
    let values: Vec<f64> = ndcg.iter().filter(|value| !value.is_nan()).map(|&value| value.into()).collect();
    let drawn = resample_means(&[vec![values]], None, Scale::Share, request.resamples, request.seed)?;
    Ok(drawn.interval(0).ok_or_else(|| Fault::input("the scores of the queries have no interval"))?)
}
