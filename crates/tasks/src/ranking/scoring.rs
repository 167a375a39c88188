//! Order of candidates: by cosine, or corrected for hubs, which are items that are near to everything.

use align::Matrix;
use align::kernels::exp_shifted;
use align::linalg::{MatrixView, Threads, product};
use align::parallel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::ranking::largest::Largest;
use crate::ranking::ranks::{Ranks, ranks, ranks_both, ranks_penalised};

/// Score that orders the candidates of a query. Similarities s_ij are cosines of query i and candidate j.
///
/// In a grid file `scoring: csls`, or with settings `scoring: {csls: {k: 5}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scoring {
    /// The cosine `s_ij`.
    #[default]
    Cosine,
    /// Cross-domain similarity local scaling: `2 s_ij − r_i − r_j`, with r_j the mean of the k largest similarities of
    /// candidate j to all queries. (r_i does not change the order; a mean does not depend on ties.) Source: Conneau et
    /// al., ICLR 2018.
    Csls(Csls),
    /// Inverted softmax: `exp(β s_ij) / Σ_i' exp(β s_i'j)`, the softmax over queries. Source: Smith et al., ICLR 2017.
    InvertedSoftmax(InvertedSoftmax),
    /// Mutual nearest neighbours: the rank of a match is the larger of its rank among the candidates of the query and
    /// its rank among the queries of the candidate. It is 1 if each is the other's nearest.
    Mutual,
}

/// Settings of CSLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Csls {
    /// Number k of neighbours whose similarities are averaged.
    pub k: usize,
}

impl Default for Csls {
    fn default() -> Self {
        Self { k: 10 }
    }
}

/// Settings of the inverted softmax.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InvertedSoftmax {
    /// Factor β of the similarities.
    pub beta: f64,
}

impl Default for InvertedSoftmax {
    fn default() -> Self {
        Self { beta: 30.0 }
    }
}

/// Queries or candidates that are processed at a time.
pub(crate) const BLOCK: usize = 256;

impl Scoring {
    /// Checks the settings against their domains.
    pub(crate) fn validate(self, task: &'static str) -> Result<(), TaskError> {
        match self {
            Self::Csls(Csls { k }) => check_neighbours(task, k),
            Self::InvertedSoftmax(InvertedSoftmax { beta }) if !(beta > 0.0 && beta <= 80.0) => {
                let (got, want) = (beta.to_string(), "a number above 0, at most 80");
                Err(TaskError::Parameter { task, parameter: "beta", got, want })
            }
            Self::Cosine | Self::InvertedSoftmax(_) | Self::Mutual => Ok(()),
        }
    }

    /// Ranks of the true matches of `a`'s rows among `b`'s, both n × d and normalised.
    pub(crate) fn ranks(self, a: &Matrix, b: &Matrix) -> Result<Ranks, TaskError> {
        match self.penalties(a, b) {
            None if self == Self::Mutual => {
                let (forward, backward) = ranks_both(a, b)?;
                Ok(worse(&forward, &backward))
            }
            None => ranks(a, b),
            Some(penalties) => ranks_penalised(a, b, &penalties),
        }
    }

    /// Like [`ranks`](Scoring::ranks), in both directions.
    pub(crate) fn ranks_both(self, a: &Matrix, b: &Matrix) -> Result<(Ranks, Ranks), TaskError> {
        match self {
            Self::Cosine => ranks_both(a, b),
            Self::Mutual => {
                let (forward, backward) = ranks_both(a, b)?;
                let both = worse(&forward, &backward);
                Ok((both.clone(), both))
            }
            Self::Csls(_) | Self::InvertedSoftmax(_) => Ok((self.ranks(a, b)?, self.ranks(b, a)?)),
        }
    }

    /// Penalties of the candidates (rows of `b`), which are subtracted from their similarities; `None` for the order of
    /// the cosine.
    pub(crate) fn penalties(self, a: &Matrix, b: &Matrix) -> Option<Vec<f32>> {
        match self {
            Self::Cosine | Self::Mutual => None,
            Self::Csls(Csls { k }) => Some(neighbour_means(b, a, k).into_iter().map(|r| r / 2.0).collect()),
            Self::InvertedSoftmax(InvertedSoftmax { beta }) => Some(log_sums(b, a, beta as f32)),
        }
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

/// One value for each row of `of`, from all its similarities to the rows of `to`, which are computed in pieces:
/// `start`, then `add` for every piece (with the index of its first similarity), then `end`. Memory: one tile per
/// thread.
pub(crate) fn by_row<S: Send, T: Send>(
    of: MatrixView<'_, f32>,
    to: &Matrix,
    start: impl Fn() -> S + Sync,
    add: impl Fn(&mut S, usize, &mut [f32]) + Sync,
    end: impl Fn(S) -> T + Sync,
) -> Vec<T> {
    let starts: Vec<usize> = (0..of.rows()).step_by(BLOCK).collect();
    let blocks: Vec<Vec<T>> = starts
        .par_iter()
        .map(|&top| {
            let height = BLOCK.min(of.rows() - top);
            let mut states: Vec<S> = (0..height).map(|_| start()).collect();
            for left in (0..to.rows()).step_by(4 * BLOCK) {
                let width = (4 * BLOCK).min(to.rows() - left);
                let block = of.subrows(top, height);
                let mut tile = product(block, to.view().subrows(left, width).transpose(), Threads::One);
                for (i, state) in states.iter_mut().enumerate() {
                    add(state, left, tile.row_mut(i));
                }
            }
            states.into_iter().map(&end).collect()
        })
        .collect();
    blocks.into_iter().flatten().collect()
}

/// Mean of the k largest similarities of each row of `of` to the rows of `to`.
fn neighbour_means(of: &Matrix, to: &Matrix, k: usize) -> Vec<f32> {
    by_row(of.view(), to, || Largest::new(k), |largest, first, row| largest.add(first, row), Largest::mean)
}

/// `1/β · ln Σ_i exp(β s_ij)` for each row j of `of`, with i over the rows of `to`. The exponent is shifted by the
/// largest possible cosine, 1.
fn log_sums(of: &Matrix, to: &Matrix, beta: f32) -> Vec<f32> {
    let add = |sum: &mut f64, _: usize, row: &mut [f32]| {
        row.iter_mut().for_each(|s| *s *= beta);
        *sum += f64::from(exp_shifted(row, beta));
    };
    by_row(of.view(), to, || 0.0, add, |sum| (1.0 + sum.max(f64::MIN_POSITIVE).ln() / f64::from(beta)) as f32)
}
