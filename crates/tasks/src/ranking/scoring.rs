//! Order of candidates: by cosine, or corrected for hubs, which are items that are near to everything.

use align::Matrix;
use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::ranking::hubs::{Penalties, log_sums, neighbour_means, potentials, reach_a_hub};
use crate::ranking::ranks::{Ranks, ranks, ranks_both, ranks_penalised};

/// Score that orders the candidates of a query. Similarities s_ij are cosines of query i and candidate j.
///
/// In a grid file `scoring: csls`, or with settings `scoring: {csls: {k: 5, bank: train}}`.
///
/// # Formula
/// CSLS, the inverted softmax and Sinkhorn subtract a penalty $p_j$ from the similarities of candidate $j$. The penalty is
/// large if the candidate is near to many rows $b$ of a bank of queries ([`Bank`]):
///
/// $$ p_j = \tfrac{1}{2k} \sum_{b \in N_k(j)} s_{bj} , \qquad p_j = \tfrac{1}{\beta} \ln \sum_b e^{\beta s_{bj}} , \qquad
/// p_j = - \tfrac{1}{\beta} \ln u_j , $$
///
/// with $N_k(j)$ the $k$ rows of the bank that are most similar to candidate $j$. Sinkhorn's $u$ and $v$ solve
///
/// $$ \sum_b u_j e^{\beta s_{bj}} v_b = \frac{1}{m} , \qquad \sum_j u_j e^{\beta s_{bj}} v_b = \frac{1}{n} $$
///
/// for the $n$ rows of the bank and the $m$ candidates. If all $v_b$ were equal, the penalty of Sinkhorn would be the
/// penalty of the inverted softmax: Sinkhorn also balances the rows of the bank.
///
/// # Shapes
/// Queries, candidates and bank have the same width. A ranking gets one penalty per candidate.
///
/// # Cost
/// With $q$ queries, $m$ candidates, $n$ rows in the bank and width $d$, the product of queries and candidates takes
/// $2 q m d$ flops. A penalty takes $2 n m d$ flops more for CSLS and the inverted softmax, $2 (n + q) m d$ more with
/// `dynamic`, and $2 n m d$ for every iteration of Sinkhorn. With `bank: train` Sinkhorn has $n$ candidates more.
/// `bank: train` also projects (or translates) the training rows.
///
/// # Source
/// CSLS: Conneau et al., ICLR 2018. Inverted softmax: Smith et al., ICLR 2017. Bank of training queries and dynamic
/// inverted softmax: Bogolin et al., CVPR 2022 (QB-Norm). Sinkhorn: Pan et al., ACM Multimedia 2025 (arXiv 2508.02538);
/// with `bank: test` their SN, with `bank: train` their dual bank DBSN.
///
/// # Departures
/// QB-Norm draws its bank from the training queries; here all training queries are the bank. Its dynamic form looks at the
/// `k` nearest candidates of a row of the bank, with `k = 1` as the default; here it is always 1. DBSN takes a bank of
/// texts and a bank of images that need not be paired; here both are the training rows. The number of iterations (10) is
/// that of the authors' code for images and texts, and so is `beta` = 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scoring {
    /// The cosine `s_ij`.
    #[default]
    Cosine,
    /// Cross-domain similarity local scaling: `2 s_ij − r_i − r_j`, with r_j the mean of the k largest similarities of
    /// candidate j to the bank. (r_i does not change the order; a mean does not depend on ties.)
    Csls(Csls),
    /// Inverted softmax: `exp(β s_ij) / Σ_b exp(β s_bj)`, the softmax over the bank of queries.
    InvertedSoftmax(InvertedSoftmax),
    /// Sinkhorn normalisation: `u_j exp(β s_ij) v_i`, which gives every candidate and every query the same sum.
    Sinkhorn(Sinkhorn),
    /// Mutual nearest neighbours: the rank of a match is the larger of its rank among the candidates of the query and
    /// its rank among the queries of the candidate. It is 1 if each is the other's nearest.
    Mutual,
}

/// Bank of queries on which a correction for hubs measures how near candidates are to everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bank {
    /// All test queries. The correction is transductive: it needs all queries at once, and the rank of one query depends on
    /// the others.
    #[default]
    Test,
    /// The training rows of the query's view, projected or translated as the queries are. The rank of a query does not
    /// depend on other queries, so a server that has one query can correct for hubs. Each row of a view's file is in the
    /// bank once.
    Train,
}

impl Bank {
    fn is_test(&self) -> bool {
        *self == Self::Test
    }
}

/// Settings of CSLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Csls {
    /// Number k of neighbours whose similarities are averaged.
    pub k: usize,
    /// Queries on which hubs are measured.
    #[serde(skip_serializing_if = "Bank::is_test")]
    pub bank: Bank,
}

impl Default for Csls {
    fn default() -> Self {
        Self { k: 10, bank: Bank::default() }
    }
}

/// Settings of the inverted softmax.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InvertedSoftmax {
    /// Factor β of the similarities.
    pub beta: f64,
    /// Correct only the queries whose nearest candidate is also the nearest of a training row. It needs `bank: train`:
    /// with the test queries as the bank, every query is such a query.
    #[serde(skip_serializing_if = "is_false")]
    pub dynamic: bool,
    /// Queries on which hubs are measured.
    #[serde(skip_serializing_if = "Bank::is_test")]
    pub bank: Bank,
}

impl Default for InvertedSoftmax {
    fn default() -> Self {
        Self { beta: 30.0, dynamic: false, bank: Bank::default() }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Settings of the Sinkhorn normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sinkhorn {
    /// Factor β of the similarities, the inverse of the temperature.
    pub beta: f64,
    /// Number of iterations; each normalises over the candidates, then over the bank.
    pub iterations: usize,
    /// Queries on which hubs are measured. With `train` the target's training rows are candidates beside the gallery while
    /// the penalties are computed.
    #[serde(skip_serializing_if = "Bank::is_test")]
    pub bank: Bank,
}

impl Default for Sinkhorn {
    fn default() -> Self {
        Self { beta: 100.0, iterations: 10, bank: Bank::default() }
    }
}

/// Rows of one pair of views, normalised: the queries, their candidates, and training rows of both as a bank.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub(crate) queries: &'a Matrix,
    pub(crate) gallery: &'a Matrix,
    /// Training rows of the query's view and of the candidates' view; `None` if the bank is the queries.
    pub(crate) bank: Option<(&'a Matrix, &'a Matrix)>,
}

impl Sides<'_> {
    /// The other direction: candidates as queries.
    fn reversed(self) -> Self {
        Self {
            queries: self.gallery,
            gallery: self.queries,
            bank: self.bank.map(|(queries, gallery)| (gallery, queries)),
        }
    }
}

impl Scoring {
    /// Checks the settings against their domains.
    pub(crate) fn validate(self, task: &'static str) -> Result<(), TaskError> {
        let refuse = |parameter, got: String, want| Err(TaskError::Parameter { task, parameter, got, want });
        match self {
            Self::Csls(Csls { k, .. }) => check_neighbours(task, k),
            Self::InvertedSoftmax(InvertedSoftmax { beta, .. }) if !(beta > 0.0 && beta <= 80.0) => {
                refuse("beta", beta.to_string(), "a number above 0, at most 80")
            }
            Self::InvertedSoftmax(InvertedSoftmax { dynamic: true, bank: Bank::Test, .. }) => {
                refuse("dynamic", "true with `bank: test`".into(), "`bank: train`, or false")
            }
            Self::Sinkhorn(Sinkhorn { beta, .. }) if !(beta > 0.0 && beta <= 100.0) => {
                refuse("beta", beta.to_string(), "a number above 0, at most 100")
            }
            Self::Sinkhorn(Sinkhorn { iterations, .. }) if !(1..=1000).contains(&iterations) => {
                refuse("iterations", iterations.to_string(), "an integer from 1 to 1000")
            }
            Self::Cosine | Self::InvertedSoftmax(_) | Self::Sinkhorn(_) | Self::Mutual => Ok(()),
        }
    }

    /// Whether training rows are its bank.
    pub(crate) fn reads_training_rows(self) -> bool {
        self.bank() == Some(Bank::Train)
    }

    /// The bank of a correction for hubs; `None` without a correction.
    pub(crate) fn bank(self) -> Option<Bank> {
        match self {
            Self::Cosine | Self::Mutual => None,
            Self::Csls(Csls { bank, .. })
            | Self::InvertedSoftmax(InvertedSoftmax { bank, .. })
            | Self::Sinkhorn(Sinkhorn { bank, .. }) => Some(bank),
        }
    }

    /// Ranks of the true matches of the queries among their candidates, both n × d.
    pub(crate) fn ranks(self, sides: Sides<'_>) -> Result<Ranks, TaskError> {
        let (a, b) = (sides.queries, sides.gallery);
        match self.penalties(sides) {
            None if self == Self::Mutual => {
                let (forward, backward) = ranks_both(a, b)?;
                Ok(worse(&forward, &backward))
            }
            None => ranks(a, b),
            Some(Penalties { values, applies: None }) => ranks_penalised(a, b, &values),
            Some(Penalties { values, applies: Some(applies) }) => {
                Ok(chosen(&applies, &ranks_penalised(a, b, &values)?, &ranks(a, b)?))
            }
        }
    }

    /// Like [`ranks`](Scoring::ranks), in both directions.
    pub(crate) fn ranks_both(self, sides: Sides<'_>) -> Result<(Ranks, Ranks), TaskError> {
        match self {
            Self::Cosine => ranks_both(sides.queries, sides.gallery),
            Self::Mutual => {
                let (forward, backward) = ranks_both(sides.queries, sides.gallery)?;
                let both = worse(&forward, &backward);
                Ok((both.clone(), both))
            }
            Self::Csls(_) | Self::InvertedSoftmax(_) | Self::Sinkhorn(_) => {
                Ok((self.ranks(sides)?, self.ranks(sides.reversed())?))
            }
        }
    }

    /// Penalties of the candidates; `None` for the order of the cosine.
    pub(crate) fn penalties(self, sides: Sides<'_>) -> Option<Penalties> {
        let Sides { queries, gallery, bank } = sides;
        let (bank, beside) = bank.map_or((queries, None), |(queries, gallery)| (queries, Some(gallery)));
        let (values, applies) = match self {
            Self::Cosine | Self::Mutual => return None,
            Self::Csls(Csls { k, .. }) => {
                (neighbour_means(gallery, bank, k).into_iter().map(|r| r / 2.0).collect(), None)
            }
            Self::InvertedSoftmax(InvertedSoftmax { beta, dynamic, .. }) => {
                let applies = dynamic.then(|| reach_a_hub(queries, gallery, bank));
                (log_sums(gallery, bank, beta as f32), applies)
            }
            Self::Sinkhorn(Sinkhorn { beta, iterations, .. }) => {
                (potentials(bank, gallery, beside, beta as f32, iterations), None)
            }
        };
        Some(Penalties { values, applies })
    }
}

/// Checks a number of neighbours.
pub(crate) fn check_neighbours(task: &'static str, k: usize) -> Result<(), TaskError> {
    if k >= 1 {
        return Ok(());
    }
    Err(TaskError::Parameter { task, parameter: "k", got: k.to_string(), want: "at least 1" })
}

fn worse(forward: &Ranks, backward: &Ranks) -> Ranks {
    let max = |a: &[u32], b: &[u32]| a.iter().zip(b).map(|(a, b)| *a.max(b)).collect();
    Ranks {
        pessimistic: max(&forward.pessimistic, &backward.pessimistic),
        optimistic: max(&forward.optimistic, &backward.optimistic),
    }
}

/// The ranks of `yes` for the queries that are true, of `no` for the others.
fn chosen(which: &[bool], yes: &Ranks, no: &Ranks) -> Ranks {
    let pick = |yes: &[u32], no: &[u32]| {
        which.iter().zip(yes.iter().zip(no)).map(|(&which, (yes, no))| if which { *yes } else { *no }).collect()
    };
    Ranks { pessimistic: pick(&yes.pessimistic, &no.pessimistic), optimistic: pick(&yes.optimistic, &no.optimistic) }
}
