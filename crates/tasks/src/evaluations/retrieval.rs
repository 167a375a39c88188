//! Retrieval: every held-out item of one view is looked up among those of another.
//!
//! For each ordered pair (source, target) and each space that the method offers, rows are normalised,
//! the true match of query i is item i, and its rank follows [`crate::ranks`]:
//!
//! * input: the encoders' own coordinates, only where both widths are equal;
//! * universe: both views projected;
//! * translated: the source's rows in the target's raw coordinates, then these and the target's own rows
//!   standardised by the target's training rows (ddof 0).
//!
//! Candidates are ordered by cosine, or by a [`Scoring`] that corrects for hubs.
//!
//! A pair has no figures where all rows of one view are the same: then all candidates, or all queries, are.
//! Reported per pair: rank1, rank5, rank10, mrr with ties against the query, rank1_optimistic.
//! Cost: M(M−1)/2 products of n × d by d × n in input and universe, where one serves both directions,
//! M(M−1) when translated; no n × n matrix. Source: arXiv 2602.06205; reference
//! `scripts/9_multiret.py` at e4f854e. Departs: the reference breaks ties by the order of a sort.

use align::named::ParameterDoc;
use align::prep::cosine_rows;
use align::{Coordinates, Matrix, Projections};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::living::incomparable;
use crate::ranking::pairs::{each_translated, project_all};
use crate::ranking::ranks::Ranks;
use crate::ranking::scoring::Scoring;
use crate::scores::metrics::{hits_at, mean_reciprocal_rank};
use crate::{ItemScope, Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Retrieval of every held-out item of one view among the items of another view.
///
/// # Formula
/// For an ordered pair (source, target), with unit rows $a_i$ of the source and $b_j$ of the target,
/// $s_{ij} = a_i \cdot b_j$ and $\varepsilon = 10^{-6}$, the rank of the true match of query $i$ is
///
/// $$ r_i = \lvert \lbrace j : s_{ij} \ge s_{ii} - \varepsilon \rbrace \rvert . $$
///
/// Ties count against the query. Rank-k is the share of queries with $r_i \le k$, for k = 1, 5 and 10; MRR is the mean
/// of $1 / r_i$. `rank1_optimistic` counts ties in favour of the query. A [`Scoring`] other than the cosine corrects
/// $s_{ij}$ for hubs.
///
/// # Shapes
/// Views are $n \times d_m$. In the space `input` a pair needs equal widths. In `universe` both views are projected. In
/// `translated` the source's rows are translated to the target's coordinates, and both sides are standardised by the
/// target's training rows (population standard deviation). Every ordered pair and every space gets one value of each
/// metric and one rank per item.
///
/// # Cost
/// $M(M-1)/2$ products of $n \times d$ by $d \times n$ in `input` and `universe`, where one product serves both
/// directions; $M(M-1)$ products in `translated`. The memory is $O(n)$ and one tile per thread, because no $n \times n$
/// matrix is stored.
///
/// # Source
/// arXiv 2602.06205; `scripts/9_multiret.py` of the authors' code at e4f854e.
///
/// # Departures
/// The authors' code breaks ties by the order of a sort. A pair has no value if all rows of one of its views are equal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct RetrievalParams {
    /// What candidates are ordered by.
    #[serde(deserialize_with = "align::choice")]
    pub scoring: Scoring,
}

align::former_keys!(RetrievalParams:
    "k" => "scoring: {csls: {k: 10}}",
    "beta" => "scoring: {inverted_softmax: {beta: 30}}",
);

const TASK: &str = "retrieval";

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "scoring",
        "cosine",
        "cosine, csls, inverted_softmax, mutual",
        "Score that orders the candidates",
    ),
    ParameterDoc::new("scoring.csls.k", "10", "integer >= 1", "Neighbours whose similarities CSLS averages"),
    ParameterDoc::new(
        "scoring.inverted_softmax.beta",
        "30.0",
        "number > 0",
        "Factor of the similarities in the inverted softmax",
    ),
];

impl Evaluation for RetrievalParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Retrieval"
    }

    fn summary(&self) -> &'static str {
        "each held-out item of one view looked up in another: Rank-k, MRR"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.scoring.validate(TASK)
    }

    fn item_scope(&self) -> ItemScope {
        ItemScope::Pairs
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

/// The metrics of one pair, in the order of records.
const METRICS: [Metric; 5] = [Metric::Rank1, Metric::Rank5, Metric::Rank10, Metric::Rank1Optimistic, Metric::Mrr];

/// Ranks of one ordered pair, or why there are none.
type Outcome = Result<Ranks, String>;

/// Outcomes of all ordered pairs, by `source * views + target`; the diagonal stays empty.
type Outcomes = Vec<Option<Outcome>>;

/// Scores every ordered pair of the test split's views in every space on offer.
fn score(params: &RetrievalParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let projections = project_all(input)?;
    let mut out = Scores::default();
    for &space in input.fitted.coordinates() {
        let outcomes = match space {
            Coordinates::Input | Coordinates::Universe => in_shared_space(params.scoring, input, projections.shared())?,
            Coordinates::Translated => translated(params.scoring, input, &projections)?,
        };
        report(input, space, outcomes, &mut out);
    }
    Ok(out)
}

fn in_shared_space(scoring: Scoring, input: &TaskInput<'_>, shared: &[Matrix]) -> Result<Outcomes, TaskError> {
    let names: Vec<&str> = input.test.views.names().collect();
    let views = names.len();
    let rows: Vec<Matrix> = shared.iter().map(cosine_rows).collect();
    let mut outcomes: Outcomes = (0..views * views).map(|_| None).collect();
    for a in 0..views {
        for b in a + 1..views {
            let (forward, backward) = match incomparable((names[a], names[b]), (&rows[a], &rows[b])) {
                Some(reason) => (Err(reason.clone()), Err(reason)),
                None => {
                    let (forward, backward) = scoring.ranks_both(&rows[a], &rows[b])?;
                    (Ok(forward), Ok(backward))
                }
            };
            outcomes[a * views + b] = Some(forward);
            outcomes[b * views + a] = Some(backward);
        }
    }
    Ok(outcomes)
}

fn translated(scoring: Scoring, input: &TaskInput<'_>, projections: &Projections<'_>) -> Result<Outcomes, TaskError> {
    let names: Vec<&str> = input.test.views.names().collect();
    let views = names.len();
    let mut outcomes: Outcomes = (0..views * views).map(|_| None).collect();
    each_translated(input, projections, |s, t, queries, gallery| {
        outcomes[s * views + t] = Some(match incomparable((names[s], names[t]), (queries, gallery)) {
            Some(reason) => Err(reason),
            None => Ok(scoring.ranks(queries, gallery)?),
        });
        Ok(())
    })?;
    Ok(outcomes)
}

/// Turns outcomes into scores and series, source by source.
fn report(input: &TaskInput<'_>, space: Coordinates, outcomes: Outcomes, out: &mut Scores) {
    let names: Vec<&str> = input.test.views.names().collect();
    let n = input.test.views.rows();
    let whole = |ranks: Vec<u32>| ranks.into_iter().map(|rank| rank as f32).collect::<Vec<f32>>();
    for (at, outcome) in outcomes.into_iter().enumerate() {
        let Some(outcome) = outcome else { continue };
        let place = Place::pair(space, names[at / names.len()], names[at % names.len()]);
        let ranks = match outcome {
            Ok(ranks) => ranks,
            Err(reason) => {
                out.undefined(place, &METRICS, n, &reason);
                continue;
            }
        };
        let (pessimistic, optimistic) = (whole(ranks.pessimistic), whole(ranks.optimistic));
        let values = [
            hits_at(&pessimistic, 1),
            hits_at(&pessimistic, 5),
            hits_at(&pessimistic, 10),
            hits_at(&optimistic, 1),
            mean_reciprocal_rank(&pessimistic),
        ];
        for (metric, value) in METRICS.into_iter().zip(values) {
            out.figure(place, metric, n, value);
        }
        out.keep(place, Quantity::Rank, pessimistic);
        out.keep(place, Quantity::RankOptimistic, optimistic);
    }
}
