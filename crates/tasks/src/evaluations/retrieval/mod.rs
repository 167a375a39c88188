//! Retrieval: every held-out item of one view is looked up among those of another. [`Positives`] says which of them are right:
//! item i for query i (ranks follow [`crate::ranks`]), or all of the query's label or group (`several.rs`, whose ranks follow
//! [`crate::answers`]).

mod comparison;
mod several;
mod universe;

pub use comparison::{Query, Slerp, Weight};

use align::named::ParameterDoc;
use align::prep::cosine_rows;
use align::{Coordinates, Projections};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::evaluations::parameters;
use crate::evaluations::retrieval::comparison::Comparison;
use crate::evaluations::retrieval::universe::SharedSpace;
use crate::labels::{NamedList, groups, keep_groups, labels};
use crate::living::incomparable;
use crate::ranking::bank::Banks;
use crate::ranking::pairs::{each_translated, project_all};
use crate::ranking::ranks::Ranks;
use crate::ranking::scoring::{Scoring, Sides};
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
/// Ties count against the query. Rank-k is the share of queries with $r_i \le k$, for k = 1, 5 and 10 (R@1, R@5 and R@10
/// of image and text retrieval); MRR is the mean of $1 / r_i$. `rank1_optimistic` counts ties in favour of the query. A
/// [`Scoring`] other than the cosine corrects $s_{ij}$ for hubs.
///
/// With [`Positives::Labels`] or [`Positives::Groups`] all candidates $P_i$ of the query's label or group are right. The
/// right candidate with the $k$-th largest similarity has the rank
///
/// $$ r_{ik} = k + \lvert \lbrace j \notin P_i : s_{ij} \ge s_{ik} - \varepsilon \rbrace \rvert , \qquad k = 1, \dots,
/// \lvert P_i \rvert , $$
///
/// so that wrong candidates that tie count against the query, and right ones cost nothing. Rank-k and MRR take $r_{i1}$;
/// mAP is the mean of $\operatorname{AP}(i)$, and nDCG@10 that of $\operatorname{nDCG}(i)$:
///
/// $$ \operatorname{AP}(i) = \frac{1}{\lvert P_i \rvert} \sum_k \frac{k}{r_{ik}} , \qquad \operatorname{nDCG}(i) =
/// \sum_{k : r_{ik} \le 10} \frac{1}{\log_2 (1 + r_{ik})} \Big/ \sum_{k=1}^{\min(10, \lvert P_i \rvert)} \frac{1}{\log_2
/// (1 + k)} . $$
///
/// Then items that are one row of a view's file ([`align::views::View::source_rows`]) are one query and one candidate of
/// this view: of 1,000 pictures with five captions each, text to image has 5,000 queries and a gallery of 1,000, image to
/// text 1,000 queries and a gallery of 5,000. If the items of a row have several classes, the row has all of them. A query
/// without a right candidate is left out: `n` counts the others, and a note of the scores the queries that are left out.
///
/// Two settings change rows in the universe, before they are compared. With $\hat u_{mi}$ the unit vector of item $i$ in
/// view $m$, [`Query::Slerp`] takes as the query of view $a$ for the target $b$ a point on the arc from the view's own
/// vector to the consensus of all views but the target (the query's own view is one of them),
///
/// $$ q_i = \frac{\sin((1 - t) \theta_i)}{\sin \theta_i} \hat u_{ai} + \frac{\sin(t \theta_i)}{\sin \theta_i} \hat c_i ,
/// \qquad \hat c_i \propto \sum_{m \ne b} \hat u_{mi} , \qquad \cos \theta_i = \hat u_{ai} \cdot \hat c_i , $$
///
/// so that $t = 0$ is the query of the view alone and $t = 1$ the query by the consensus. It needs three views: with two the
/// consensus without the target is the query itself. [`Weight::Correlations`] takes as the similarity
///
/// $$ s_{ij} = \sum_k \rho_k \hat u_{aik} \hat u_{bjk} , $$
///
/// with $\rho_k$ the correlation of coordinate $k$ between views $a$ and $b$ on the training rows (0 if it is negative).
/// Coordinates are the principal axes of the consensus of the training rows, so that a rotation of the universe has no
/// influence. For whitened GCCA they are the canonical variates, and for two views $\rho_k$ are the canonical correlations.
///
/// # Shapes
/// Views are $n \times d_m$. In the space `input` a pair needs equal widths. In `universe` both views are projected. In
/// `translated` the source's rows are translated to the target's coordinates, and both sides are standardised by the
/// target's training rows (population standard deviation). Every ordered pair and every space gets one value of each
/// metric and one rank per item. With labels or groups a series has one value per item too: the value of a query stands at
/// the first item of its row, and the other items of the row have NaN.
///
/// # Cost
/// $M(M-1)/2$ products of $n \times d$ by $d \times n$ in `input` and `universe`, where one product serves both
/// directions; $M(M-1)$ products in `translated`. The memory is $O(n)$ and one tile per thread, because no $n \times n$
/// matrix is stored. With labels or groups $M(M-1)$ products in every space, a sort for each query, and 256 rows of
/// similarities per thread. [`Scoring`] has the cost of corrections for hubs. `slerp` takes one product per ordered pair.
/// `correlations` projects the training rows and takes $2 n_{train} D^2$ flops per view and one eigendecomposition of
/// $D \times D$.
///
/// # Source
/// arXiv 2602.06205; `scripts/9_multiret.py` of the authors' code at e4f854e. nDCG: Järvelin and Kekäläinen 2002. mAP:
/// Manning, Raghavan and Schütze 2008. Weighted similarity: Li, Chinchali and Topcu, ICLR 2025 (CSA, arXiv 2410.07610).
/// Spherical interpolation of queries: Ricci, Biondi and Pernici 2026; the arc: Shoemake, SIGGRAPH 1985.
///
/// # Departures
/// The authors' code breaks ties by the order of a sort. A pair has no value if all rows of one of its views are equal.
/// CSA has two views and weights canonical variates; the principal axes and the correlation of each pair are our form for
/// any universe. Ricci et al. interpolate between the query of an old model and the mapped query of a new one; here the
/// other end is the consensus of the views that are known at query time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct RetrievalParams {
    /// What candidates are ordered by.
    #[serde(deserialize_with = "align::choice")]
    pub scoring: Scoring,
    /// Which candidates are right answers.
    #[serde(deserialize_with = "align::choice", skip_serializing_if = "Positives::is_item")]
    pub positives: Positives,
    /// Rows that are queries.
    #[serde(deserialize_with = "align::choice", skip_serializing_if = "Query::is_own")]
    pub query: Query,
    /// Weights of universe coordinates in the similarity.
    #[serde(skip_serializing_if = "Weight::is_none")]
    pub weight: Weight,
}

/// Which candidates are right answers to a query.
///
/// In a grid file `positives: groups`, or with the name of a grouping `positives: {groups: {name: picture}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Positives {
    /// The query's own item alone.
    #[default]
    Item,
    /// All candidates of the query's label.
    Labels(NamedList),
    /// All candidates of the query's group, such as the captions of one picture.
    Groups(NamedList),
}

impl Positives {
    fn is_item(&self) -> bool {
        *self == Self::Item
    }
}

impl RetrievalParams {
    fn comparison(&self) -> Comparison {
        Comparison { scoring: self.scoring, query: self.query, weight: self.weight }
    }
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
        "cosine, csls, inverted_softmax, sinkhorn, mutual",
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
    ParameterDoc::new("positives", "item", "item, labels, groups", "Candidates that are right answers to a query"),
    parameters::labelling("positives.labels.name"),
    parameters::grouping("positives.groups.name"),
    ParameterDoc::new(
        "query",
        "own",
        "own, slerp",
        "Rows that are queries: those of the view, or interpolated with the consensus of all views but the target",
    ),
    ParameterDoc::new("query.slerp.t", "0.5", "number from 0 to 1", "Share of the arc to the consensus"),
    ParameterDoc::new(
        "weight",
        "none",
        "none, correlations",
        "Weights of universe coordinates: equal, or their correlations on the training rows",
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
        "each held-out item of one view looked up in another: Rank-k, MRR; mAP and nDCG with several right answers"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn needs_labels(&self) -> bool {
        matches!(self.positives, Positives::Labels(_))
    }

    fn label(&self) -> Option<&str> {
        match &self.positives {
            Positives::Labels(list) => list.name.as_deref(),
            Positives::Item | Positives::Groups(_) => None,
        }
    }

    fn needs_groups(&self) -> bool {
        matches!(self.positives, Positives::Groups(_))
    }

    fn grouping(&self) -> Option<&str> {
        match &self.positives {
            Positives::Groups(list) => list.name.as_deref(),
            Positives::Item | Positives::Labels(_) => None,
        }
    }

    fn projects_training_rows(&self) -> bool {
        self.scoring.reads_training_rows()
    }

    fn validate(&self) -> Result<(), TaskError> {
        if self.scoring == Scoring::Mutual && !self.positives.is_item() {
            let got = "mutual, which ranks one right answer".into();
            let want = "cosine, csls, inverted_softmax or sinkhorn, or `positives: item`";
            return Err(TaskError::Parameter { task: TASK, parameter: "scoring", got, want });
        }
        if let Query::Slerp(Slerp { t }) = self.query {
            let refuse = |parameter, got, want| Err(TaskError::Parameter { task: TASK, parameter, got, want });
            if !(0.0..=1.0).contains(&t) {
                return refuse("query.slerp.t", t.to_string(), "a number from 0 to 1");
            }
            if !self.positives.is_item() {
                let got = "slerp, which needs one item for each query".into();
                return refuse("query", got, "own, or `positives: item`");
            }
        }
        self.scoring.validate(TASK)
    }

    fn item_scope(&self) -> ItemScope {
        // With several right answers a query may find another one than its own item, which the target may miss.
        match (&self.positives, self.query) {
            (Positives::Item, Query::Own) => ItemScope::Pairs,
            // The consensus needs the other views as well.
            (Positives::Item, Query::Slerp(_)) => ItemScope::AllViews,
            _ => ItemScope::OwnRows,
        }
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
    match &params.positives {
        Positives::Item => of_items(params, input),
        Positives::Labels(list) => {
            several::score(params.comparison(), labels(TASK, list.name.as_deref(), input.test)?, input)
        }
        Positives::Groups(list) => {
            let groups = groups(TASK, list.name.as_deref(), input.test)?;
            let mut out = several::score(params.comparison(), groups, input)?;
            keep_groups(groups, input, &mut out);
            Ok(out)
        }
    }
}

/// The query's own item is the right answer.
fn of_items(params: &RetrievalParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let projections = project_all(input)?;
    let comparison = params.comparison();
    let banks = Banks::of(comparison.scoring, input, comparison.bank_items())?;
    let views = input.test.views.len();
    let mut out = Scores::default();
    for &space in input.coordinates() {
        let outcomes = match (comparison.out_of_place(space), space) {
            (Some(reason), _) => {
                let of_pair = |at: usize| (at / views != at % views).then(|| Err(reason.clone()));
                (0..views * views).map(of_pair).collect()
            }
            (None, Coordinates::Translated) => translated(comparison.scoring, input, &projections, banks.as_ref())?,
            (None, Coordinates::Input | Coordinates::Universe) => {
                let rows = projections.shared().iter().map(cosine_rows).collect();
                in_shared_space(comparison.scoring, input, &SharedSpace::new(comparison, input, rows, banks.as_ref())?)?
            }
        };
        report(input, space, outcomes, &mut out);
    }
    Ok(out)
}

fn in_shared_space(scoring: Scoring, input: &TaskInput<'_>, space: &SharedSpace<'_>) -> Result<Outcomes, TaskError> {
    let names: Vec<&str> = input.test.views.names().collect();
    let views = names.len();
    let mut outcomes: Outcomes = (0..views * views).map(|_| None).collect();
    let of_pair = |a: usize, b: usize| {
        let pair = space.pair(a, b)?;
        incomparable((names[a], names[b]), (&pair.queries, &pair.gallery)).map_or(Ok(pair), Err)
    };
    for a in 0..views {
        for b in a + 1..views {
            let (forward, backward) = match (of_pair(a, b), space.is_symmetric()) {
                (Err(reason), _) => (Err(reason.clone()), Err(reason)),
                (Ok(pair), true) => {
                    let (forward, backward) = scoring.ranks_both(pair.sides())?;
                    (Ok(forward), Ok(backward))
                }
                (Ok(pair), false) => {
                    let backward = of_pair(b, a).map(|pair| scoring.ranks(pair.sides()));
                    (Ok(scoring.ranks(pair.sides())?), backward.map_or_else(|reason| Ok(Err(reason)), |it| it.map(Ok))?)
                }
            };
            outcomes[a * views + b] = Some(forward);
            outcomes[b * views + a] = Some(backward);
        }
    }
    Ok(outcomes)
}

fn translated(
    scoring: Scoring,
    input: &TaskInput<'_>,
    projections: &Projections<'_>,
    banks: Option<&Banks<'_>>,
) -> Result<Outcomes, TaskError> {
    let names: Vec<&str> = input.test.views.names().collect();
    let views = names.len();
    let mut outcomes: Outcomes = (0..views * views).map(|_| None).collect();
    each_translated(input, projections, |s, t, queries, gallery| {
        outcomes[s * views + t] = Some(match incomparable((names[s], names[t]), (queries, gallery)) {
            Some(reason) => Err(reason),
            None => {
                let bank = banks.map(|banks| banks.translated(s, t)).transpose()?;
                let bank = bank.as_ref().map(|(own, other)| (own, other));
                Ok(scoring.ranks(Sides { queries, gallery, bank })?)
            }
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
