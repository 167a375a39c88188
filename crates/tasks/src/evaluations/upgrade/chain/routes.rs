//! The values of a pair of models of a chain: both routes from the new model to the old one, in one step and step by step.

use align::{Corpus, Fitted};

use super::way::translated;
use crate::evaluations::cycle::{distance, standardised};
use crate::evaluations::upgrade::table::{Searched, of_queries, put};
use crate::{Metric, Place, Scores, TaskError, TaskInput};

/// The metrics that judge queries. Beside them are the number of maps and the errors of cycles.
const JUDGED: [Metric; 4] = [Metric::ChainNdcg10, Metric::ChainRecall10, Metric::ChainMrr10, Metric::ChainGain];

/// A way from a new model to an old one, and what queries find by it and in one step.
pub(crate) struct Routes<'a> {
    pub(crate) way: &'a [usize],
    pub(crate) direct: Searched<'a>,
    pub(crate) composed: Searched<'a>,
}

impl Routes<'_> {
    /// Adds the values of the pair at its place.
    pub(crate) fn add(
        &self,
        place: Place<'_>,
        input: &TaskInput<'_>,
        corpus: &Corpus,
        out: &mut Scores,
    ) -> Result<(), TaskError> {
        let counted = corpus.judgements.answered();
        out.figure(place, Metric::ChainSteps, counted, (self.way.len() - 1) as f64);
        match (&self.direct, &self.composed) {
            (Ok((_, direct)), Ok((_, composed))) => {
                let [direct, ndcg] = [direct, composed].map(|judged| of_queries(judged, |j| j.ndcg));
                let gain = ndcg.iter().zip(direct).map(|(composed, direct)| composed - direct).collect();
                let recall = of_queries(composed, |j| j.recall);
                let reciprocal = of_queries(composed, |j| j.reciprocal);
                for (metric, values) in JUDGED.into_iter().zip([ndcg, recall, reciprocal, gain]) {
                    put(place, metric, values, out)?;
                }
            }
            (Err(reason), _) | (_, Err(reason)) => out.undefined(place, &JUDGED, counted, reason),
        }
        let ends = [self.way[0], self.way[self.way.len() - 1]];
        for (metric, way) in [(Metric::DirectCycleError, &ends[..]), (Metric::ChainCycleError, self.way)] {
            put(place, metric, there_and_back(input, corpus, way)?, out)?;
        }
        Ok(())
    }
}

/// 1 − cosine of each query and of what comes back of it, in the standardised coordinates of its model. The fit is not
/// calibrated, as in the task `cycle`: a calibration has no inverse.
fn there_and_back(input: &TaskInput<'_>, corpus: &Corpus, way: &[usize]) -> Result<Vec<f32>, TaskError> {
    let (views, fitted): (_, &Fitted) = (&corpus.queries.views, input.fitted);
    let names: Vec<&str> = views.names().collect();
    let (new, start) = (way[0], views.at(way[0]));
    let cycle: Vec<usize> = way.iter().chain(way[..way.len() - 1].iter().rev()).copied().collect();
    let back = translated(fitted, &names, &cycle, start)?;
    let wide = |rows| Ok::<_, TaskError>(standardised(input, names[new], rows)?.map(|&x| f64::from(x)));
    let (start, back) = (wide(start)?, wide(&back)?);
    let judged = |query: &usize| views.nth(new).has(*query) && corpus.judgements.of(*query).iter().any(|(_, r)| *r > 0);
    let error = |query| if judged(&query) { distance(start.row(query), back.row(query)) } else { f32::NAN };
    Ok((0..start.rows()).map(error).collect())
}
