//! Training of classifiers and class codes, for probing and stitching.

use std::collections::BTreeMap;

use align::rng::{Purpose, stream};
use align::views::View;
use align::{Matrix, Split};
use rand_distr::{Distribution, Uniform};
use serde::{Deserialize, Serialize};

use crate::classifier::{Classifier, Converged, Labelled, Released};
use crate::incomplete::of_all_items;
use crate::labels::labels;
use crate::{Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Initial weights of a probe, one stream per view.
const STARTING_WEIGHTS: Purpose = Purpose::new(20);

/// Training of the classifiers: `protocol: released`, or with settings `protocol: {converged: {l2: 0.01}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Protocol {
    /// L2-regularised logistic regression, solved to the optimum: the default. The released form is far from converged,
    /// so its values depend on the scale of the features and on the initial weights.
    Converged(ConvergedProtocol),
    /// The authors' training: full-batch Adam with early stopping on validation rows.
    Released(ReleasedProtocol),
}

/// Settings of classifiers that are trained to the optimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvergedProtocol {
    /// Strength of the penalty.
    pub l2: f64,
}

/// Settings of the authors' training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReleasedProtocol {
    /// Maximal number of steps.
    pub epochs: usize,
    /// Learning rate.
    pub lr: f64,
    /// Number of steps without a better validation accuracy before the stop; null for no early stop.
    pub patience: Option<usize>,
    /// Seeds of the initial weights; values are means over them.
    pub seeds: Vec<u64>,
}

impl Default for ConvergedProtocol {
    fn default() -> Self {
        Self { l2: 1e-3 }
    }
}

impl Default for ReleasedProtocol {
    fn default() -> Self {
        Self { epochs: 100, lr: 1e-3, patience: Some(10), seeds: vec![0] }
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self::Converged(ConvergedProtocol::default())
    }
}

impl Protocol {
    /// Whether validation rows choose the weights.
    pub(crate) fn needs_validation(&self) -> bool {
        matches!(self, Self::Released(_))
    }

    /// Checks the settings against their domains.
    pub(crate) fn validate(&self, task: &'static str) -> Result<(), TaskError> {
        let wrong = |parameter, got: String, want| Err(TaskError::Parameter { task, parameter, got, want });
        match self {
            Self::Converged(ConvergedProtocol { l2 }) => {
                if !(*l2 > 0.0 && l2.is_finite()) {
                    return wrong("l2", l2.to_string(), "a finite number above 0");
                }
            }
            Self::Released(ReleasedProtocol { epochs, lr, patience, seeds }) => {
                if *epochs == 0 {
                    return wrong("epochs", "0".into(), "at least 1");
                }
                if !(*lr > 0.0 && lr.is_finite()) {
                    return wrong("lr", lr.to_string(), "a finite number above 0");
                }
                if *patience == Some(0) {
                    return wrong("patience", "0".into(), "at least 1, or null for no end");
                }
                if seeds.is_empty() {
                    return wrong("seeds", "[]".into(), "at least one seed");
                }
            }
        }
        Ok(())
    }

    /// One classifier for each seed and each set of validation rows. `view` keys the draws.
    ///
    /// Classifiers that did not converge have no value; the result is then the reason.
    pub(crate) fn train(
        &self,
        view: usize,
        train: Labelled<'_>,
        validation: &[Labelled<'_>],
        classes: usize,
    ) -> Result<Trained, TaskError> {
        match self {
            Self::Converged(ConvergedProtocol { l2 }) => {
                let solved = Classifier::train_converged(train, classes, Converged { l2: *l2 })?;
                if !solved.converged() {
                    return Ok(Err(format!(
                        "the classifier did not converge: after {} steps its objective may still be {:.1e} above the least; raise `l2`",
                        solved.steps, solved.gap
                    )));
                }
                Ok(Ok(vec![vec![solved.classifier; validation.len()]]))
            }
            Self::Released(ReleasedProtocol { epochs, lr, patience, seeds }) => {
                let how = Released { epochs: *epochs, lr: *lr, patience: *patience };
                let run =
                    |&seed: &u64| start(seed, view, train.x.cols(), classes)?.train_released(train, validation, how);
                seeds.iter().map(run).collect::<Result<_, TaskError>>().map(Ok)
            }
        }
    }

    /// The seeds of a value, as series name them.
    pub(crate) fn draws(&self) -> Vec<Option<u64>> {
        match self {
            Self::Converged(_) => vec![None],
            Self::Released(ReleasedProtocol { seeds, .. }) => seeds.iter().copied().map(Some).collect(),
        }
    }
}

/// Classifiers by seed and set of validation rows, or the reason if there are none.
pub(crate) type Trained = Result<Vec<Vec<Classifier>>, String>;

/// Weights and biases uniform in ±1/√d, as in the authors' linear layer.
fn start(seed: u64, view: usize, d: usize, classes: usize) -> Result<Classifier, TaskError> {
    let bound = 1.0 / (d as f32).sqrt();
    let mut rng = stream(seed, STARTING_WEIGHTS, Some(view));
    let uniform = Uniform::new_inclusive(-bound, bound).map_err(|_| TaskError::Parameter {
        task: "classifier",
        parameter: "columns",
        got: d.to_string(),
        want: "at least 1: rows without a column have nothing to be told by",
    })?;
    let mut draw = || uniform.sample(&mut rng);
    let w = Matrix::from_fn(d, classes, |_, _| draw());
    let b: Vec<f32> = (0..classes).map(|_| draw()).collect();
    Classifier::from_parts(&w, &b)
}

/// Class codes of the three splits: positions among the classes of train. A class that train does not have gets the
/// code after the last, which no classifier can predict.
pub(crate) struct Codes {
    pub(crate) classes: usize,
    pub(crate) train: Vec<u32>,
    pub(crate) validation: Vec<u32>,
    pub(crate) test: Vec<u32>,
}

impl Codes {
    pub(crate) fn new(
        task: &'static str,
        label: Option<&str>,
        protocol: &Protocol,
        input: &TaskInput<'_>,
    ) -> Result<Self, TaskError> {
        let of = |split: &Split| labels(task, label, split).map(|l| l.values.clone());
        let (train, test) = (of(input.train)?, of(input.test)?);
        let validation = match (input.validation, protocol) {
            (Some(split), _) => of(split)?,
            (None, Protocol::Converged(_)) => Vec::new(),
            (None, Protocol::Released(_)) => return Err(TaskError::NoValidation { task }),
        };
        let mut known: BTreeMap<i64, u32> = train.iter().map(|&class| (class, 0)).collect();
        known.values_mut().zip(0..).for_each(|(code, i)| *code = i);
        let classes = known.len();
        let coded = |values: &[i64]| values.iter().map(|v| known.get(v).copied().unwrap_or(classes as u32)).collect();
        Ok(Self { classes, train: coded(&train), validation: coded(&validation), test: coded(&test) })
    }
}

/// The one metric of both tasks.
pub(crate) const METRICS: [Metric; 1] = [Metric::Accuracy];

/// Reports one pair's classifiers on the test rows of `view`: the accuracy and the hits per item for each seed, or the
/// reason if there are none.
pub(crate) fn report(
    place: Place<'_>,
    view: &View,
    draws: &[Option<u64>],
    correct: Result<Vec<Vec<bool>>, String>,
    out: &mut Scores,
) {
    let correct = match correct {
        Ok(correct) => correct,
        Err(reason) => return out.undefined(place, &METRICS, view.observed_rows(), &reason),
    };
    let n = correct.first().map_or(0, Vec::len);
    let hits: usize = correct.iter().flatten().filter(|&&hit| hit).count();
    let share = hits as f64 / (n * correct.len()).max(1) as f64;
    out.figure(place, Metric::Accuracy, n, share);
    for (correct, &draw) in correct.into_iter().zip(draws) {
        let values = correct.into_iter().map(|hit| f32::from(u8::from(hit))).collect();
        out.keep_draw(place, Quantity::Correct, draw, of_all_items(view, values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_that_did_not_converge_is_a_reason_and_no_figure() {
        let x = Matrix::from_fn(40, 30, |i, j| ((i * 7 + j * 13) as f32 * 0.37).sin() / (1 + j * j * j) as f32);
        let codes: Vec<u32> = (0..40).map(|i| u32::from(i % 5 == 0)).collect();
        let protocol = Protocol::Converged(ConvergedProtocol { l2: 1e-13 });
        let rows = Labelled { x: &x, codes: &codes };
        let reason = protocol.train(0, rows, &[rows], 2).expect("sound rows").expect_err("nearly no penalty");
        assert!(reason.starts_with("the classifier did not converge: after 3000 steps"), "{reason}");
        let mut out = Scores::default();
        let place = Place::pair(align::Coordinates::Universe, "a", "b");
        let views = align::Views::new([("b", x)]).expect("finite");
        report(place, views.nth(0), &[None], Err(reason.clone()), &mut out);
        assert_eq!((out.scores[0].value, out.scores[0].n, out.series.len()), (None, 40, 0));
        assert_eq!(out.scores[0].reason, Some(reason));
    }

    #[test]
    fn weights_that_cannot_be_drawn_are_an_error() {
        let error = start(0, 0, 0, 2).expect_err("no column").to_string();
        assert!(error.starts_with("classifier: `columns` is 0, expected at least 1"), "{error}");
    }
}
