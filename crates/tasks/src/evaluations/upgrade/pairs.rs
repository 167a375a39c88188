//! A map judged by pairs alone, for its choice: queries and judgements take no part.

use align::{Coordinates, Matrix};
use serde::{Deserialize, Serialize};

use super::calibrated;
use super::interpolated::others;
use super::judged::DEPTH;
use super::passes::finite;
use crate::evaluation::Evaluation;
use crate::scores::metrics::weighted_figure;
use crate::{Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Overlap@10 on pairs that a fit has not seen: the rows of the new model, mapped, search the rows of the old one, and the
/// share of the first ten that the new model itself finds among its own rows is the score of a pair.
///
/// The rows searched are those of all pairs, without the pair that searches. With fewer than 21 pairs the first
/// (pairs − 1) / 2 are compared. No query and no judgement takes part, so it may choose a map that queries judge later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighboursOfPairs {
    /// The new model.
    pub new: String,
    /// The old model.
    pub old: String,
}

const TASK: &str = "neighbours_of_pairs";

impl Evaluation for NeighboursOfPairs {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Neighbours of pairs"
    }

    fn summary(&self) -> &'static str {
        "neighbours that a mapped row of the new model finds among the old model's, and the new model among its own"
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        let space = Coordinates::Translated;
        let (train, test) = (&input.train.views, &input.test.views);
        if !input.fitted.translates() {
            return Ok(Scores::not_applicable(space, &[Metric::Overlap10], test.rows(), "it does not translate rows"));
        }
        let calibrated = calibrated(input.fitted, train)?;
        let fitted = calibrated.as_ref().unwrap_or(input.fitted);
        let (new, old) = (self.new.as_str(), self.old.as_str());
        let mapped = finite(space, new, fitted.translate(new, old, test.get(new)?)?)?;
        // The rows that search come first, so that each knows its own.
        let known: Vec<usize> =
            (0..train.rows()).filter(|&row| [new, old].iter().all(|view| has(train, view, row))).collect();
        let rows = |name: &str| -> Result<Matrix, TaskError> {
            let (own, others) = (test.get(name)?, train.get(name)?.select_rows(&known));
            let mut values = own.as_slice().to_vec();
            values.extend_from_slice(others.as_slice());
            Ok(Matrix::new(own.rows() + others.rows(), own.cols(), values)?)
        };
        let depth = DEPTH.min((mapped.rows() + known.len()).saturating_sub(1) / 2).max(1);
        let found = others(mapped, &rows(old)?, depth)?;
        let wanted = others(test.get(new)?.clone(), &rows(new)?, depth)?;
        let common = |(found, wanted): (&Vec<usize>, &Vec<usize>)| {
            found.iter().filter(|row| wanted.contains(row)).count() as f32 / depth as f32
        };
        let values: Vec<f32> = found.iter().zip(&wanted).map(common).collect();
        let mut out = Scores::default();
        let place = Place::pair(space, new, old);
        let value = weighted_figure(Metric::Overlap10, &values, &vec![1; values.len()])?;
        out.figure_or_reason(place, Metric::Overlap10, values.len(), value.ok_or("no pair is held out"));
        out.keep(place, Quantity::Overlap10, values);
        Ok(out)
    }
}

fn has(views: &align::Views, name: &str, row: usize) -> bool {
    views.space(name).is_ok_and(|view| view.has(row))
}
