//! Confidence of mapped queries, without their judgements, and what it is worth by them.

use align::{Corpus, Matrix, Method, Split};
use anyhow::Result;
use tasks::upgrade::{Aurc, COVERAGES, PairDistance, RiskCoverage, Trial, agreement};

use super::pairs::{fit, half};
use super::request::UpgradeRequest;

/// A confidence of every query.
#[derive(Clone, Debug)]
pub struct Confidence {
    /// Its name.
    pub name: &'static str,
    /// One value per query, as its name says: a distance falls with confidence, an agreement rises.
    pub values: Vec<f64>,
    /// What it is worth by the judgements.
    pub worth: Worth,
}

/// The curve of risk, 1 − nDCG@10 of mapped queries, against coverage.
#[derive(Clone, Debug)]
pub struct Worth {
    /// The areas under it.
    pub aurc: Aurc,
    /// nDCG@10 of the most confident half.
    pub half: f64,
    /// Risk of the most confident share of the queries, by share.
    pub curve: Vec<f64>,
    /// The same of the order by risk.
    pub oracle: Vec<f64>,
}

/// The confidences, each with its worth, or the reason why it has none.
pub(super) fn of(
    (method, pairs): (&Method, &Split),
    corpus: &Corpus,
    trial: &Trial,
    request: &UpgradeRequest,
) -> Result<Vec<(&'static str, Result<Confidence, String>)>> {
    let new = request.to.as_str();
    let queries = corpus.queries.views.get(new)?;
    let mapped = trial.mapped.first().map(|of_queries| Trial::ndcg(of_queries)).unwrap_or_default();
    let risks: Vec<f64> = mapped.iter().map(|&ndcg| 1.0 - f64::from(ndcg)).collect();
    let distances = PairDistance::to(pairs.views.get(new)?)?.of(queries)?;
    let of = |name: &'static str, values: Vec<f64>, sign: f64| -> Result<(&'static str, Result<Confidence, String>)> {
        let confidence: Vec<f64> = values.iter().map(|value| sign * value).collect();
        let curve = RiskCoverage::new(&confidence, &risks)?;
        let found = curve.aurc(request.resamples, request.seed)?.map(|aurc| {
            let half = 1.0 - curve.risk_at(0.5);
            let oracle = COVERAGES.map(|coverage| curve.oracle_at(coverage)).to_vec();
            let curve = COVERAGES.map(|coverage| curve.risk_at(coverage)).to_vec();
            Confidence { name, values, worth: Worth { aurc, half, curve, oracle } }
        });
        Ok((name, found))
    };
    let halves = match halves(method, pairs, queries, request) {
        Ok([one, other]) => of(HALVES, agreement(&one, &other)?, 1.0)?,
        // A rank that all pairs allow can be too large for half of them.
        Err(error) => (HALVES, Err(format!("{error:#}"))),
    };
    Ok(vec![of(DISTANCE, distances, -1.0)?, halves])
}

pub(super) const DISTANCE: &str = "distance to the pairs";
const HALVES: &str = "agreement of two halves";

/// The images of the queries under the maps of two halves of the pairs.
fn halves(method: &Method, pairs: &Split, queries: &Matrix, request: &UpgradeRequest) -> Result<[Matrix; 2]> {
    let image = |second: bool| -> Result<Matrix> {
        let (fit, _) = fit(method, &half(pairs, request.seed, second)?, request.seed)?;
        Ok(fit.fitted.translate(&request.to, &request.from, queries)?)
    };
    Ok([image(false)?, image(true)?])
}
