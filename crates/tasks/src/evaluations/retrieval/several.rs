//! Retrieval with several right answers: every entry of a view is looked up once, and all that share a class are right.

use align::prep::cosine_rows;
use align::{Coordinates, Labels, Matrix};

use super::comparison::Comparison;
use super::universe::SharedSpace;
use crate::living::incomparable;
use crate::ranking::answers::{Answers, Lookup};
use crate::ranking::bank::Banks;
use crate::ranking::entries::Entries;
use crate::ranking::hubs::Penalties;
use crate::ranking::pairs::{each_translated_of, project_all};
use crate::ranking::scoring::{Scoring, Sides};
use crate::scores::metrics::weighted_figure;
use crate::{Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// The metrics of one pair, in the order of records.
const METRICS: [Metric; 7] =
    [Metric::Rank1, Metric::Rank5, Metric::Rank10, Metric::Rank1Optimistic, Metric::Mrr, Metric::Map, Metric::Ndcg10];

/// Scores every ordered pair of the test split's views in every space on offer; `list` has the class of every item.
///
/// # Errors
/// Values that are not finite, whatever the fitted method refuses.
pub(super) fn score(comparison: Comparison, list: &Labels, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let scoring = comparison.scoring;
    let projections = project_all(input)?;
    let banks = Banks::of(scoring, input, comparison.bank_items())?;
    let views = &input.test.views;
    let names: Vec<&str> = views.names().collect();
    let entries: Vec<Entries> = views.iter().map(|view| Entries::of(view, &list.values)).collect();
    let pairs = || (0..names.len()).flat_map(|s| (0..names.len()).map(move |t| (s, t))).filter(|(s, t)| s != t);
    let look_up = |s: usize, t: usize, sides: Sides<'_>, transposed: bool| {
        let Sides { queries, gallery, .. } = sides;
        if let Some(reason) = incomparable((names[s], names[t]), (queries, gallery)) {
            return Ok(Err(reason));
        }
        let answers = |penalties: Option<&[f32]>| {
            Lookup { queries, gallery, penalties, transposed }.answers(entries[s].classes(), entries[t].classes())
        };
        match scoring.penalties(sides) {
            None => answers(None).map(Ok),
            Some(Penalties { values, applies: None }) => answers(Some(&values)).map(Ok),
            Some(Penalties { values, applies: Some(applies) }) => {
                Ok(Ok(answers(Some(&values))?.or_else(&applies, answers(None)?)))
            }
        }
    };
    let mut out = Scores::default();
    let mut unanswered = Unanswered::default();
    for &space in input.coordinates() {
        let mut found: Vec<(usize, usize, Result<Answers, String>)> = Vec::new();
        match (comparison.out_of_place(space), space) {
            (Some(reason), _) => found.extend(pairs().map(|(s, t)| (s, t, Err(reason.clone())))),
            (None, Coordinates::Input | Coordinates::Universe) => {
                let rows = projections.shared().iter().zip(&entries).map(|(x, of)| cosine_rows(&of.select(x)));
                let shared = SharedSpace::new(comparison, input, rows.collect(), banks.as_ref())?;
                for (s, t) in pairs() {
                    let transposed = s > t && scoring == Scoring::Cosine;
                    let answers = match shared.pair(s, t) {
                        Ok(pair) => look_up(s, t, pair.sides(), transposed)?,
                        Err(reason) => Err(reason),
                    };
                    found.push((s, t, answers));
                }
            }
            (None, Coordinates::Translated) => {
                let select = |view: usize, x: Matrix| cosine_rows(&entries[view].select(&x));
                each_translated_of(input, &projections, select, |s, t, queries, gallery| {
                    let bank = banks.as_ref().map(|banks| banks.translated(s, t)).transpose()?;
                    let sides = Sides { queries, gallery, bank: bank.as_ref().map(|(own, other)| (own, other)) };
                    found.push((s, t, look_up(s, t, sides, false)?));
                    Ok(())
                })?;
                found.sort_by_key(|&(s, t, _)| (s, t));
            }
        }
        for (s, t, found) in found {
            if let Ok(found) = &found {
                unanswered.add(&found.rank);
            }
            report(Place::pair(space, names[s], names[t]), &entries[s], found, &mut out);
        }
    }
    out.notes.extend(unanswered.note());
    Ok(out)
}

/// Scores and series of one pair.
fn report(place: Place<'_>, queries: &Entries, found: Result<Answers, String>, out: &mut Scores) {
    let found = match found {
        Ok(found) => found,
        Err(reason) => return out.undefined(place, &METRICS, queries.count(), &reason),
    };
    let answered = found.rank.iter().filter(|rank| !rank.is_nan()).count();
    let once = vec![1; queries.count()];
    let series = [
        (Quantity::Rank, found.rank),
        (Quantity::RankOptimistic, found.rank_optimistic),
        (Quantity::AveragePrecision, found.average_precision),
        (Quantity::Ndcg10, found.ndcg10),
    ];
    for metric in METRICS {
        let values = series.iter().find(|(quantity, _)| Some(*quantity) == metric.quantity());
        let value = values.and_then(|(_, values)| weighted_figure(metric, values, &once).ok().flatten());
        let value = value.ok_or("no query has a right answer in the gallery");
        out.figure_or_reason(place, metric, answered, value);
    }
    for (quantity, values) in series {
        out.keep(place, quantity, queries.by_item(&values));
    }
}

/// Queries without a right answer, over all pairs.
#[derive(Default)]
struct Unanswered {
    /// Of each pair that has some: how many, and of how many queries.
    pairs: Vec<(usize, usize)>,
}

impl Unanswered {
    fn add(&mut self, ranks: &[f32]) {
        let count = ranks.iter().filter(|rank| rank.is_nan()).count();
        if count > 0 {
            self.pairs.push((count, ranks.len()));
        }
    }

    fn note(&self) -> Option<String> {
        let range = |of: fn(&(usize, usize)) -> usize| {
            let (least, most) = (self.pairs.iter().map(of).min()?, self.pairs.iter().map(of).max()?);
            Some(if least == most { least.to_string() } else { format!("{least} to {most}") })
        };
        let (count, total) = (range(|pair| pair.0)?, range(|pair| pair.1)?);
        let pairs = match self.pairs.len() {
            1 => "one pair of views".to_string(),
            several => format!("each of {several} pairs of views"),
        };
        Some(format!(
            "retrieval: {count} of {total} queries of {pairs} have no right answer in the gallery and are left out."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_are_left_out_are_counted_in_a_sentence() {
        let mut unanswered = Unanswered::default();
        unanswered.add(&[1.0, 2.0]);
        assert_eq!(unanswered.note(), None);
        unanswered.add(&[1.0, f32::NAN]);
        let note = unanswered.note().expect("one");
        assert_eq!(
            note,
            "retrieval: 1 of 2 queries of one pair of views have no right answer in the gallery and are left out."
        );
        unanswered.add(&[f32::NAN, f32::NAN, 1.0]);
        let note = unanswered.note().expect("two");
        assert!(note.starts_with("retrieval: 1 to 2 of 2 to 3 queries of each of 2 pairs of views have no"), "{note}");
    }
}
