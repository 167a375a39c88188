//! The learning curve of the recommended candidate: its score on nested parts of the training items, on the same folds.

use align::rng::{Purpose, permutation, stream};
use align::{AlignError, FitInput, Method, Split};
use tasks::TaskInput;
use tasks::learning_curve::{CurvePoint, Gain, Goal, gain};

use super::progress::RecommendProgress;
use crate::SelectError;
use crate::folds::units_of;
use crate::study::{Scored, Study};

/// The draw of the order in which items, or groups of them, enter the parts.
const CURVE_ITEMS: Purpose = Purpose::new(53);

/// The parts, as divisors of the number of items.
const DIVISORS: [usize; 3] = [8, 4, 2];
/// Factor of the number of training rows in the extrapolation.
const TIMES: usize = 2;

/// Scores on parts of the training items, and what twice the rows would give.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Curve {
    /// The parts, the smallest first; the last one has all items.
    pub sizes: Vec<CurveSize>,
    /// Change of the score with twice the training rows of a fold.
    ///
    /// # Errors
    /// The reason why the scores do not support an extrapolation.
    pub gain: Result<Gain, String>,
}

/// A part of the training items.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSize {
    /// Mean number of rows of a fit, over the folds.
    pub rows: usize,
    /// Mean score over the folds.
    pub score: Option<f64>,
    /// Standard error of the mean over the folds.
    pub standard_error: Option<f64>,
    /// The first reason why a fold has no score.
    pub problem: Option<String>,
}

impl Curve {
    /// Numbers of training rows from and to which [`Curve::gain`] extrapolates.
    pub fn range(&self) -> (usize, usize) {
        let rows = self.sizes.last().map_or(0, |size| size.rows);
        (rows, TIMES * rows)
    }
}

/// The curve of a method whose scores on all items are known.
///
/// The items enter in one random order; with groups, whole groups do. A part of n/8 items is the first n/8 of this order,
/// so that it is contained in the part of n/4. Every fold is fitted on the items of the part outside the fold, and scored
/// on all items of the fold.
pub(super) fn of(
    study: &Study<'_>,
    items: &Split,
    method: &Method,
    full: &Scored,
    progress: &dyn RecommendProgress,
) -> Result<Curve, SelectError> {
    let order = entry_order(items, study.seed);
    let folds = study.folds;
    progress.curve_begin(DIVISORS.len() * folds.count());
    let mut sizes = Vec::with_capacity(DIVISORS.len() + 1);
    for divisor in DIVISORS {
        let wanted = order.len().div_ceil(divisor);
        // Whole groups, until there are enough items.
        let part: Vec<bool> = order.iter().map(|&before| before < wanted).collect();
        let (mut scored, mut rows) = (Scored::default(), 0);
        for fold in 0..folds.count() {
            study.watch.check()?;
            let outside: Vec<usize> = folds.rest(fold).into_iter().filter(|&item| part[item]).collect();
            rows += outside.len();
            let (train, test) = (items.select_rows(&outside), items.select_rows(&folds.held_out(fold)));
            let input = FitInput::new(&train.views).with_labels(&train.labels)?.with_groups(&train.groups)?;
            scored.folds.push(match method.fit(input.watched_by(&study.watch), study.seed) {
                Err(AlignError::Cancelled) => return Err(AlignError::Cancelled.into()),
                Err(error) => Err(error.to_string()),
                Ok(fit) => study.criterion.score(&TaskInput {
                    fitted: &fit.fitted,
                    train: &train,
                    validation: None,
                    test: &test,
                    corpus: None,
                    headline_only: true,
                })?,
            });
        }
        sizes.push(size(&scored, rows / folds.count()));
    }
    let all = folds.of_items().len();
    // Every item is outside all folds but one.
    sizes.push(size(full, all * (folds.count() - 1) / folds.count()));
    let gain = extrapolated(study, &sizes);
    Ok(Curve { sizes, gain })
}

fn size(scored: &Scored, rows: usize) -> CurveSize {
    let (score, standard_error) = (scored.mean(), scored.standard_error());
    CurveSize { rows, score, standard_error, problem: scored.problem().map(str::to_string) }
}

fn extrapolated(study: &Study<'_>, sizes: &[CurveSize]) -> Result<Gain, String> {
    let metric = study.criterion.metric;
    let point =
        |size: &CurveSize| size.score.map(|score| CurvePoint { rows: size.rows, score, error: size.standard_error });
    let points: Vec<CurvePoint> = sizes.iter().filter_map(point).collect();
    let higher = metric.higher_is_better();
    let (least, most) = metric.range();
    let goal = Goal { higher, best: if higher { most } else { least } };
    gain(&points, TIMES as f64, goal, study.seed).map_err(|reason| {
        // The reason why a size is missing says more than that it is missing.
        match sizes.iter().find_map(|size| Some((size.rows, size.problem.as_ref()?))) {
            Some((rows, problem)) => format!("no score on {rows} rows: {problem}"),
            None => reason.to_string(),
        }
    })
}

/// For each item the number of items that enter before its group does.
fn entry_order(items: &Split, seed: u64) -> Vec<usize> {
    let count = items.views.rows();
    let units = units_of(count, items.groups.first().map(|groups| groups.values.as_slice()));
    let (mut before, mut entered) = (vec![0; count], 0);
    for unit in permutation(units.len(), &mut stream(seed, CURVE_ITEMS, None)) {
        units[unit].iter().for_each(|&item| before[item] = entered);
        entered += units[unit].len();
    }
    before
}

#[cfg(test)]
mod tests {
    use align::Labels;
    use align::synthetic::Synthetic;

    use super::*;

    #[test]
    fn parts_are_nested_and_keep_groups() {
        let data = Synthetic { fit_rows: 40, ..Synthetic::default() }.generate(1).expect("valid");
        let mut sorted = entry_order(&data.train, 7);
        assert_ne!(sorted, entry_order(&data.train, 8), "the seed decides");
        sorted.sort_unstable();
        assert_eq!(sorted, (0..40).collect::<Vec<usize>>(), "items enter one by one");
        let groups = vec![Labels { name: "picture".into(), values: (0..40).map(|item| item / 5).collect() }];
        let grouped = entry_order(&Split { groups, ..data.train }, 7);
        assert!(grouped.chunks(5).all(|group| group.iter().all(|before| *before == group[0])));
        assert_eq!(grouped.iter().filter(|&&before| before < 12).count(), 15, "three whole groups");
    }
}
