//! Hubness: whether some items of a view are among the nearest neighbours of far more queries than others.

use align::named::ParameterDoc;
use align::prep::cosine_rows;
use align::{Coordinates, Matrix};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::evaluations::parameters;
use crate::living::incomparable;
use crate::ranking::bank::{BankItems, Banks};
use crate::ranking::hubs::{BLOCK, Penalties, by_row};
use crate::ranking::largest::Largest;
use crate::ranking::pairs::{each_translated, project_all};
use crate::ranking::scoring::{Scoring, Sides, check_neighbours};
use crate::scores::metrics::{mean, skewness};
use crate::{ItemScope, Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Hubness: whether some items are among the nearest neighbours of far more queries than others.
///
/// # Formula
/// For an ordered pair of views, $N_k(j)$ is the number of queries that have candidate $j$ among their $k$ nearest.
/// Without hubs every candidate has about $k$; in high dimensions some have hundreds and many have none, which harms
/// retrieval. Reported are the skewness over the candidates
///
/// $$ \frac{ \frac{1}{n} \sum_j ( N_k(j) - \bar N )^3 }{ \bigl( \frac{1}{n} \sum_j ( N_k(j) - \bar N )^2 \bigr)^{3/2} } $$
///
/// (0 means no hubs) and the share of anti-hubs, candidates with $N_k(j) = 0$. Candidates are ordered as in retrieval,
/// so that the effect of a correction is visible.
///
/// If candidates tie for the last of the $k$ places, $N_k$ is the mean over all ways to
/// break the ties. A candidate then counts as an anti-hub with the probability that no query has it among its nearest.
///
/// # Shapes
/// Views are $n \times d$. Every ordered pair and every space that the method offers gets one value of each metric and
/// $n$ values per item.
///
/// # Cost
/// One product of $n \times d$ by $d \times n$ per ordered pair, and the penalties of a correction ([`Scoring`]). The memory
/// is $O(n)$, and 256·(k + ties) numbers per thread.
///
/// # Source
/// Radovanović, Nanopoulos and Ivanović, Journal of Machine Learning Research 11 (2010).
///
/// # Departures
/// Ties are averaged as described; the source does not treat them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct HubnessParams {
    /// Number k of nearest candidates.
    pub k: usize,
    /// Score by which candidates are ordered. `mutual` gives no order and is refused.
    #[serde(deserialize_with = "align::choice")]
    pub scoring: Scoring,
}

align::former_keys!(HubnessParams: "beta" => "scoring: {inverted_softmax: {beta: 30}}");

impl Default for HubnessParams {
    fn default() -> Self {
        Self { k: 10, scoring: Scoring::default() }
    }
}

const TASK: &str = "hubness";

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("k", "10", "integer >= 1", "Number of nearest candidates that count"),
    ParameterDoc::new(
        "scoring",
        "cosine",
        "cosine, csls, inverted_softmax, sinkhorn (mutual orders no candidates)",
        "Score that orders the candidates",
    ),
    parameters::CSLS_K,
    parameters::CSLS_BANK,
    parameters::SOFTMAX_BETA,
    parameters::SOFTMAX_DYNAMIC,
    parameters::SOFTMAX_BANK,
    parameters::SINKHORN_BETA,
    parameters::SINKHORN_ITERATIONS,
    parameters::SINKHORN_BANK,
];

impl Evaluation for HubnessParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Hubness"
    }

    fn summary(&self) -> &'static str {
        "whether some items are near far more queries than others: skewness, anti-hubs"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        3
    }

    fn projects_training_rows(&self) -> bool {
        self.scoring.reads_training_rows()
    }

    fn validate(&self) -> Result<(), TaskError> {
        if self.scoring == Scoring::Mutual {
            let (parameter, got) = ("scoring", "mutual, which orders no candidates".into());
            let want = "cosine, csls, inverted_softmax or sinkhorn";
            return Err(TaskError::Parameter { task: TASK, parameter, got, want });
        }
        self.scoring.validate(TASK)?;
        check_neighbours(TASK, self.k)
    }

    fn item_scope(&self) -> ItemScope {
        ItemScope::Pairs
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

const METRICS: [Metric; 2] = [Metric::HubSkewness, Metric::AntiHubs];

/// Scores every ordered pair of the test split's views in every space on offer.
fn score(params: &HubnessParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let projections = project_all(input)?;
    let banks = Banks::of(params.scoring, input, BankItems::OwnRows)?;
    let names: Vec<&str> = input.test.views.names().collect();
    let found = |s: usize, t: usize, sides: Sides<'_>| {
        let candidates = sides.gallery.rows();
        let all = || {
            format!("k is {}, and the candidates are {candidates}: each is among the nearest of every query", params.k)
        };
        let unlike = incomparable((names[s], names[t]), (sides.queries, sides.gallery));
        unlike.or_else(|| (params.k >= candidates).then(all)).map_or_else(|| Ok(occurrences(params, sides)), Err)
    };
    let mut out = Scores::default();
    for &space in input.coordinates() {
        match space {
            Coordinates::Input | Coordinates::Universe => {
                let rows: Vec<Matrix> = projections.shared().iter().map(cosine_rows).collect();
                let train = banks.as_ref().map(Banks::shared);
                for (s, queries) in rows.iter().enumerate() {
                    for (t, gallery) in rows.iter().enumerate().filter(|&(t, _)| t != s) {
                        let place = Place::pair(space, names[s], names[t]);
                        let sides =
                            Sides { queries, gallery, bank: train.as_ref().map(|train| (&train[s], &train[t])) };
                        report(place, input.test.views.rows(), found(s, t, sides), &mut out);
                    }
                }
            }
            Coordinates::Translated => each_translated(input, &projections, |s, t, queries, gallery| {
                let place = Place::pair(space, names[s], names[t]);
                let bank = banks.as_ref().map(|banks| banks.translated(s, t)).transpose()?;
                let sides = Sides { queries, gallery, bank: bank.as_ref().map(|(own, other)| (own, other)) };
                report(place, queries.rows(), found(s, t, sides), &mut out);
                Ok(())
            })?,
        }
    }
    Ok(out)
}

/// How often every candidate is among the nearest.
struct Occurrences {
    /// N_k, the mean over all ways to break ties.
    count: Vec<f32>,
    /// The probability that N_k is zero.
    never: Vec<f32>,
}

/// Counts for every candidate.
fn occurrences(params: &HubnessParams, sides: Sides<'_>) -> Occurrences {
    let (a, b) = (sides.queries, sides.gallery);
    let (mut count, mut never) = (vec![0.0f64; b.rows()], vec![1.0f64; b.rows()]);
    let mut add_queries = |a: &Matrix, penalties: Option<&[f32]>| {
        let add = |largest: &mut Largest, first: usize, row: &mut [f32]| {
            if let Some(penalties) = penalties {
                row.iter_mut().zip(&penalties[first..]).for_each(|(s, penalty)| *s -= penalty);
            }
            largest.add(first, row);
        };
        // At most one block of queries per thread at a time, because a query may have many ties. The sums are in the order
        // of the queries, so they do not depend on the stretch.
        let stretch = BLOCK * align::parallel::threads();
        for start in (0..a.rows()).step_by(stretch) {
            let queries = a.view().subrows(start, stretch.min(a.rows() - start));
            for nearest in by_row(queries, b, || Largest::new(params.k), add, Largest::nearest) {
                for (j, share) in nearest.shares() {
                    count[j] += share;
                    never[j] *= 1.0 - share;
                }
            }
        }
    };
    match params.scoring.penalties(sides) {
        None => add_queries(a, None),
        Some(Penalties { values, applies: None }) => add_queries(a, Some(&values)),
        Some(Penalties { values, applies: Some(applies) }) => {
            let those = |which: bool| (0..a.rows()).filter(|&i| applies[i] == which).collect::<Vec<usize>>();
            add_queries(&a.select_rows(&those(true)), Some(&values));
            add_queries(&a.select_rows(&those(false)), None);
        }
    }
    let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
    Occurrences { count: narrow(count), never: narrow(never) }
}

fn report(place: Place<'_>, n: usize, occurrences: Result<Occurrences, String>, out: &mut Scores) {
    let Occurrences { count, never } = match occurrences {
        Ok(occurrences) => occurrences,
        Err(reason) => return out.undefined(place, &METRICS, n, &reason),
    };
    for (metric, value) in METRICS.into_iter().zip([skewness(&count), mean(&never)]) {
        out.figure(place, metric, n, value);
    }
    out.keep(place, Quantity::Occurrences, count);
    out.keep(place, Quantity::AntiHub, never);
}
