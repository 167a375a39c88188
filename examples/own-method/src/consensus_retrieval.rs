//! Consensus retrieval: the items of one view looked up among the means of all other views.

use align::prep::unit_rows;
use align::{Coordinates, Matrix};
use serde::{Deserialize, Serialize};
use tasks::metrics::{hits_at, mean_reciprocal_rank};
use tasks::ranks::ranks;
use tasks::{Evaluation, Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// The metrics of every view.
const METRICS: [Metric; 2] = [Metric::Rank1, Metric::Mrr];

/// Consensus retrieval: each held-out item of one view is looked up among the means of all other views.
///
/// An index that serves many encoders keeps one vector for each item. This task measures how well such an index works for an
/// encoder that is not a part of it.
///
/// # Formula
/// $u_{mi}$ is the held-out item $i$ of view $m$ in the universe, at length one. The query $u_{mi}$ looks for item $i$ among
/// the means
///
/// $$ g_j = \frac{1}{M - 1} \sum_{l \neq m} u_{lj} , $$
///
/// ordered by cosine. Ties count against the query. For each view the task reports Rank-1 and MRR.
///
/// # Shapes
/// $M$ views of $n \times R$; $n$ ranks for each view.
///
/// # Cost
/// $2 M n^2 R$ operations, without an $n \times n$ matrix.
///
/// # Source
/// None: the task is an example.
///
/// # Departures
/// None. A fit without a universe has no values, with the reason in the records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsensusRetrieval {
    /// Scale every row to length one before the mean is taken, so that all views count the same.
    pub normalise: bool,
}

impl Default for ConsensusRetrieval {
    fn default() -> Self {
        Self { normalise: true }
    }
}

impl Evaluation for ConsensusRetrieval {
    fn name(&self) -> &'static str {
        "consensus_retrieval"
    }

    fn title(&self) -> &'static str {
        "Consensus retrieval"
    }

    fn summary(&self) -> &'static str {
        "each held-out item of one view looked up among the means of all other views: Rank-1, MRR"
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        let (test, space) = (&input.test.views, Coordinates::Universe);
        if !input.fitted.coordinates().contains(&space) {
            let reason = "the fit has no universe";
            return Ok(Scores::not_applicable(input.fitted.coordinates()[0], &METRICS, test.rows(), reason));
        }
        let mut projected = Vec::new();
        for view in test.iter() {
            let rows = input.fitted.project(view.name(), view.values())?;
            projected.push(if self.normalise { unit_rows(&rows) } else { rows });
        }
        let mut scores = Scores::default();
        for (m, view) in test.names().enumerate() {
            // The cosine does not depend on the length of a row, so the sum serves as well as the mean.
            let gallery = unit_rows(&sum_of_others(&projected, m));
            let found = ranks(&unit_rows(&projected[m]), &gallery)?.pessimistic;
            let found: Vec<f32> = found.into_iter().map(|rank| rank as f32).collect();
            let place = Place::view(space, view);
            scores.figure(place, Metric::Rank1, found.len(), hits_at(&found, 1));
            scores.figure(place, Metric::Mrr, found.len(), mean_reciprocal_rank(&found));
            // The report draws its confidence intervals from the values of the single items.
            scores.keep(place, Quantity::Rank, found);
        }
        Ok(scores)
    }
}

/// The sum of all views but view `m`: n × R.
fn sum_of_others(views: &[Matrix], m: usize) -> Matrix {
    let others = || views.iter().enumerate().filter(move |(l, _)| *l != m).map(|(_, view)| view);
    Matrix::from_fn(views[m].rows(), views[m].cols(), |i, j| others().map(|view| view.at(i, j)).sum())
}
