//! Upgrade of an embedding model: queries of a new model against an index that an old model made, mapped, re-embedded or
//! left as they are.

mod chain;
mod confidence;
mod decision;
mod interpolated;
mod judged;
mod pairs;
mod passes;
mod shares;
mod table;
mod trial;

pub use confidence::{Aurc, COVERAGES, PairDistance, RiskCoverage, agreement};
pub use decision::{Advice, Decision, Evidence, SMALLEST_GAIN, decide, queries_needed};
pub use interpolated::{ArcToOld, QueryRows};
pub use judged::{DEPTH, Judged};
pub use pairs::NeighboursOfPairs;
pub use shares::{Compared, Shares, Strategies};
pub use trial::Trial;

use align::named::ParameterDoc;
use align::{Corpus, Fitted, Views};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::evaluations::upgrade::chain::{Chain, Routes};
use crate::evaluations::upgrade::interpolated::directed;
use crate::evaluations::upgrade::passes::{Passes, Strategy};
use crate::evaluations::upgrade::table::{CONFIDENCE, METRICS, Table};
use crate::{ItemScope, Place, Scores, TaskError, TaskInput};

/// Upgrade of an embedding model: for every ordered pair (new, old) of views, queries of the new model on the documents of
/// the old one.
///
/// # Formula
/// Documents are ordered by the cosine with the query; among equal ones the lower row is first. With the relevance
/// $g_{q d}$ of document $d$ for query $q$ and the document $d_r$ at rank $r$,
///
/// $$ \mathrm{nDCG@10}(q) = \sum_{r=1}^{10} \frac{g_{q d_r}}{\log_2 (1 + r)} \Big/ \sum_{r=1}^{10} \frac{g_{q (r)}}{\log_2
/// (1 + r)} , $$
///
/// with $g_{q (r)}$ the $r$-th largest relevance of the query, $\mathrm{Recall@10}(q)$ the share of the relevant documents
/// among the first ten, and $\mathrm{MRR@10}(q)$ 1 / rank of the first relevant one, 0 if there is none among ten. Metrics
/// are means over the queries that have a relevant document. The strategies are
///
/// | strategy | queries | documents |
/// | --- | --- | --- |
/// | mapped, in `translated` | of the new model, translated to the old one's coordinates | of the old model |
/// | mapped, in `universe` | of the new model, projected | of the old model, projected |
/// | documents mapped | of the new model | of the old model, translated to the new one's coordinates |
/// | stay | of the old model | of the old model |
/// | re-embed | of the new model | of the new model |
/// | naive | of the new model | of the old model, unmapped; only for equal widths |
///
/// With `query: slerp` a mapped query is the point at the share $t$ of the arc from the mapped row $\hat x$ to the row
/// $\hat b$ of the old model, both at length 1,
///
/// $$ \frac{\sin((1 - t) \theta)}{\sin \theta} \hat x + \frac{\sin(t \theta)}{\sin \theta} \hat b , \qquad \cos \theta =
/// \hat x \cdot \hat b , $$
///
/// for a server that still runs the old model. Without `t` the pairs choose it, for every pair of models: the multiple of 0.1
/// whose queries, made of pairs, have the most of their first ten other pairs in common with the new model's own search.
///
/// With a chain of models $g_1, \dots, g_k$, the oldest first, queries of $g_j$ also reach the documents of $g_i$ with $i \lt
/// j$ step by step,
///
/// $$ g_j \to g_{j - 1} \to \dots \to g_i . $$
///
/// The values of the chain are those of such queries, their nDCG@10 minus that of the translation in one step, and for both
/// routes the error of the cycle $g_j \to g_i \to g_j$: $1 - \cos(z, y)$ between the standardised query $z$ and what comes
/// back of it, $y$. A chain of two models is the translation in one step.
///
/// With the means $m$ (mapped), $s$ (stay) and $e$ (re-embed) of nDCG@10, the share of the upgrade that is kept is
/// $(m - s) / (e - s)$, undefined where $e - s$ is not above 0 beyond its 95% interval; the share of re-embedding is $m /
/// e$. Their intervals come from resamples of the queries that all strategies share. Gain over stay is $m - s$; the
/// criterion of backward compatibility is that it is above 0. A query is gained (lost) if the first ten documents hold a
/// relevant one after the change and not before (before and not after). The overlap is the share of the first ten documents
/// that mapped and re-embedded queries have in common.
///
/// With `confidence` the distance of a query to the pairs ([`PairDistance`]) orders the queries, the nearest first, and the
/// AURC is the area under the curve of their risk, 1 − nDCG@10 of mapped queries, against coverage ([`RiskCoverage`]).
///
/// # Shapes
/// Queries are $Q \times d_m$, documents $N \times d_m$. A value of a pair has the new model as source and the old one as
/// target; every value of a query is a series of $Q$ numbers, NaN for a query without a relevant document.
///
/// # Cost
/// $2 Q N d$ flops for every strategy of a pair, and the memory of $Q \cdot 10$ documents and of one batch of documents.
///
/// # Source
/// nDCG: Järvelin and Kekäläinen 2002, as trec_eval computes it. Compatibility: Shen et al., CVPR 2020. Mapped queries on an
/// old index: Drift-Adapter (EMNLP 2025, arXiv 2509.23471). Interpolated queries: Ricci, Biondi and Pernici 2026.
///
/// # Departures
/// trec_eval orders tied documents by their names. Translated rows of a fit with a universe are calibrated by the training
/// rows ([`align::Fitted::calibrated`]), because documents stay in their raw coordinates and are not standardised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpgradeParams {
    /// Rows of mapped queries.
    #[serde(deserialize_with = "align::choice", skip_serializing_if = "QueryRows::is_mapped")]
    pub query: QueryRows,
    /// Views of a chain of models, the oldest first, through which queries are translated step by step; empty for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// Whether to measure the distance of every query to the pairs, and the risk of mapped queries by this confidence.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confidence: bool,
    /// Resamples of the queries for the intervals of shares.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

/// Numbers of resamples that give an interval: of fewer, one alone would be an end of it; more would not fit in memory.
pub const RESAMPLES: std::ops::RangeInclusive<usize> = 20..=100_000;

impl Default for UpgradeParams {
    fn default() -> Self {
        Self { query: QueryRows::Mapped, chain: Vec::new(), confidence: false, resamples: 2000, seed: 0 }
    }
}

const TASK: &str = "upgrade";

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "query",
        "mapped",
        "mapped, slerp",
        "Rows of mapped queries: as they are, or on the arc to the row of the old model",
    ),
    ParameterDoc::new(
        "query.slerp.t",
        "null",
        "number from 0 to 1, or null",
        "Share of the arc to the old model's row; null lets the pairs choose",
    ),
    ParameterDoc::new(
        "chain",
        "[]",
        "list of views, the oldest first",
        "Models through which queries are also translated step by step",
    ),
    ParameterDoc::new(
        "confidence",
        "false",
        "true, false",
        "Distance of every query to the pairs, and risk against coverage by it",
    ),
    ParameterDoc::new(
        "resamples",
        "2000",
        "integer from 20 to 100000",
        "Resamples of the queries for the intervals of shares",
    ),
    ParameterDoc::new("seed", "0", "integer >= 0", "Seed of the resamples"),
];

impl Evaluation for UpgradeParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Upgrade"
    }

    fn summary(&self) -> &'static str {
        "queries of a new model on the index of an old one: nDCG@10, Recall@10, MRR@10 beside stay, re-embed and naive"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn item_scope(&self) -> ItemScope {
        // Queries and documents are no held-out items.
        ItemScope::OwnRows
    }

    fn validate(&self) -> Result<(), TaskError> {
        if !RESAMPLES.contains(&self.resamples) {
            let got = self.resamples.to_string();
            let want = "20 to 100000; intervals are usual with 2000";
            return Err(TaskError::Parameter { task: TASK, parameter: "resamples", got, want });
        }
        Chain::check(&self.chain).map_err(own)?;
        match self.query {
            QueryRows::Slerp(_) if !self.chain.is_empty() => Err(own(
                "`chain` is given with `query: slerp`, expected `query: mapped`; write an entry of the task for each of them"
                    .into(),
            )),
            QueryRows::Slerp(ArcToOld { t: Some(t) }) if !(0.0..=1.0).contains(&t) => {
                let (parameter, want) = ("query.slerp.t", "a number from 0 to 1, or null");
                Err(TaskError::Parameter { task: TASK, parameter, got: t.to_string(), want })
            }
            _ => Ok(()),
        }
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

fn own(message: String) -> TaskError {
    TaskError::Own { task: TASK, message }
}

/// Whether the translations of a fit are calibrated before they map queries: those through a universe, because documents
/// stay in their raw coordinates and are not standardised.
pub fn needs_calibration(fitted: &Fitted) -> bool {
    fitted.universe().is_some() && fitted.translates()
}

/// The fit with calibrated translations, if it needs them.
fn calibrated(fitted: &Fitted, train: &Views) -> Result<Option<Fitted>, TaskError> {
    Ok(needs_calibration(fitted).then(|| fitted.calibrated(train)).transpose()?)
}

/// Distance of every query to the pairs, for every model.
fn distances(corpus: &Corpus, train: &Views) -> Result<Vec<Vec<f64>>, TaskError> {
    let queries = &corpus.queries.views;
    let of = |view: usize| PairDistance::to(&train.space(queries.nth(view).name())?.observed())?.of(queries.at(view));
    (0..queries.len()).map(of).collect()
}

fn score(params: &UpgradeParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let Some(corpus) = input.corpus else {
        let space = input.fitted.coordinates()[0];
        let reason = "the data have no queries with judgements (`roles` of the manifest)";
        let metrics = [&METRICS[..], if params.confidence { &CONFIDENCE } else { &[] }].concat();
        return Ok(Scores::not_applicable(space, &metrics, 0, reason));
    };
    let calibrated = calibrated(input.fitted, &input.train.views)?;
    let fitted = calibrated.as_ref().unwrap_or(input.fitted);
    let chain = Chain::of(&params.chain, &corpus.queries.views).map_err(own)?;
    let passes = Passes::of(fitted, corpus, input.coordinates(), (params.query, &chain), &input.train.views)?;
    let distances = params.confidence.then(|| distances(corpus, &input.train.views)).transpose()?;
    let distances = distances.as_deref();
    let mut out = Scores { ids: corpus.queries.ids.clone(), ..Scores::default() };
    let names: Vec<&str> = corpus.queries.views.names().collect();
    for &space in input.coordinates() {
        let table = Table { resamples: params.resamples, seed: params.seed, corpus, passes: &passes, distances, space };
        for new in 0..corpus.queries.views.len() {
            for old in (0..corpus.queries.views.len()).filter(|&old| old != new) {
                table.pair(new, old, &mut out)?;
                let Some(way) = chain.way(new, old).filter(|_| directed(space)) else { continue };
                let [direct, composed] = [Strategy::Mapped(space), Strategy::Chained]
                    .map(|strategy| table.search(strategy, (new, old), [new, old]));
                let place = Place::pair(space, names[new], names[old]);
                Routes { way: &way, direct, composed }.add(place, input, corpus, &mut out)?;
            }
        }
    }
    let without = corpus.judgements.queries() - corpus.judgements.answered();
    if without > 0 {
        out.notes.push(format!(
            "{without} of {} queries have no relevant document and are left out",
            corpus.judgements.queries()
        ));
    }
    Ok(out)
}
