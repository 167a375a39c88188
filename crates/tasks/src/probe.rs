//! What probing and stitching share: the parameters of their classifiers, features and class codes.

use std::collections::BTreeMap;

use align::rng::{Purpose, stream};
use align::{Ignored, Matrix, Split};
use rand_distr::{Distribution, Uniform};
use serde::{Deserialize, Serialize};

use crate::classifier::{Classifier, Converged, Labelled, Released};
use crate::labels::labels;
use crate::{Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Initial weights of a probe, one stream per view.
const STARTING_WEIGHTS: Purpose = Purpose::new(20);

/// How classifiers are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// L2-regularised logistic regression to the optimum. The default: the released form is far from
    /// converged, so that its figures depend on the scale of the features and on the draw of the weights.
    #[default]
    Converged,
    /// As the authors have it: full-batch Adam with early stopping on validation rows.
    Released,
}

/// Which side of a translation a classifier is trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// On translated rows of the source, tested on the target's own.
    #[default]
    Released,
    /// On the target's own rows, tested on translated rows of the source.
    Standard,
}

/// Parameters of probing and stitching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeParams {
    /// Name of the labelling; the data's first without one.
    pub label: Option<String>,
    /// How classifiers are trained.
    pub protocol: Protocol,
    /// Strength of the penalty, `protocol: converged`; like the next four refused beside the other protocol.
    pub l2: f64,
    /// Most steps, `protocol: released`.
    pub epochs: usize,
    /// Learning rate, `protocol: released`.
    pub lr: f64,
    /// Steps without a better validation accuracy, null for no end; `protocol: released`.
    pub patience: Option<usize>,
    /// Draws of the first weights, `protocol: released`; figures are means over them.
    pub seeds: Vec<u64>,
    /// Which side of a translation is trained on; stitching alone.
    pub direction: Direction,
}

impl Default for ProbeParams {
    fn default() -> Self {
        Self {
            label: None,
            protocol: Protocol::Converged,
            l2: 1e-3,
            epochs: 100,
            lr: 1e-3,
            patience: Some(10),
            seeds: vec![0],
            direction: Direction::Released,
        }
    }
}

impl ProbeParams {
    pub(crate) fn validate(&self, task: &'static str) -> Result<(), TaskError> {
        let wrong = |parameter, got: String, want| Err(TaskError::Parameter { task, parameter, got, want });
        if !(self.l2 > 0.0 && self.l2.is_finite()) {
            return wrong("l2", self.l2.to_string(), "a finite number above 0");
        }
        if self.epochs == 0 {
            return wrong("epochs", "0".into(), "at least 1");
        }
        if !(self.lr > 0.0 && self.lr.is_finite()) {
            return wrong("lr", self.lr.to_string(), "a finite number above 0");
        }
        if self.patience == Some(0) {
            return wrong("patience", "0".into(), "at least 1, or null for no end");
        }
        if self.seeds.is_empty() {
            return wrong("seeds", "[]".into(), "at least one seed");
        }
        if task == "probing" && self.direction != Direction::Released {
            return wrong("direction", "standard".into(), "nothing: it belongs to stitching");
        }
        Ok(())
    }

    /// What has no effect beside the rest.
    pub(crate) fn ignored(&self) -> Vec<Ignored> {
        let default = Self::default();
        match self.protocol {
            Protocol::Converged => {
                let beside = "beside `protocol: converged`: it is a setting of the released one";
                let of_released = [
                    ("epochs", self.epochs != default.epochs),
                    ("lr", self.lr != default.lr),
                    ("patience", self.patience != default.patience),
                    ("seeds", self.seeds != default.seeds),
                ];
                of_released.map(|(parameter, changed)| Ignored { parameter, beside, changed }).into()
            }
            Protocol::Released => {
                let beside = "beside `protocol: released`: it is a setting of the converged one";
                vec![Ignored { parameter: "l2", beside, changed: self.l2 != default.l2 }]
            }
        }
    }

    /// One classifier for each draw and each set of validation rows. `view` keys the draws.
    ///
    /// Converged classifiers that did not converge are nobody's figure: then the reason stands in their place.
    pub(crate) fn train(
        &self,
        view: usize,
        train: Labelled<'_>,
        validation: &[Labelled<'_>],
        classes: usize,
    ) -> Result<Trained, TaskError> {
        match self.protocol {
            Protocol::Converged => {
                let solved = Classifier::train_converged(train, classes, Converged { l2: self.l2 })?;
                if !solved.converged() {
                    return Ok(Err(format!(
                        "the classifier did not converge: after {} steps its objective may still be {:.1e} above the least; raise `l2`",
                        solved.steps, solved.gap
                    )));
                }
                Ok(Ok(vec![vec![solved.classifier; validation.len()]]))
            }
            Protocol::Released => {
                let how = Released { epochs: self.epochs, lr: self.lr, patience: self.patience };
                let run =
                    |&seed: &u64| start(seed, view, train.x.cols(), classes)?.train_released(train, validation, how);
                self.seeds.iter().map(run).collect::<Result<_, TaskError>>().map(Ok)
            }
        }
    }

    /// The draws behind a figure, as series name them.
    pub(crate) fn draws(&self) -> Vec<Option<u64>> {
        match self.protocol {
            Protocol::Converged => vec![None],
            Protocol::Released => self.seeds.iter().copied().map(Some).collect(),
        }
    }
}

/// By draw and set of validation rows, or why there are none.
pub(crate) type Trained = Result<Vec<Vec<Classifier>>, String>;

/// Weights and biases uniform in ±1/√d, as the authors' linear layer starts.
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

/// Class codes of the three splits: positions among the classes of train; one past the end for a class that
/// train does not have, which no classifier can get right.
pub(crate) struct Codes {
    pub(crate) classes: usize,
    pub(crate) train: Vec<u32>,
    pub(crate) validation: Vec<u32>,
    pub(crate) test: Vec<u32>,
}

impl Codes {
    pub(crate) fn new(task: &'static str, params: &ProbeParams, input: &TaskInput<'_>) -> Result<Self, TaskError> {
        let of = |split: &Split| labels(task, params.label.as_deref(), split).map(|l| l.values.clone());
        let (train, test) = (of(input.train)?, of(input.test)?);
        let validation = match (input.validation, params.protocol) {
            (Some(split), _) => of(split)?,
            (None, Protocol::Converged) => Vec::new(),
            (None, Protocol::Released) => return Err(TaskError::NoValidation { task }),
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

/// One pair's classifiers on its `rows` test rows: the figure, and hits by item for each draw; or why there is none.
pub(crate) fn report(
    place: Place<'_>,
    rows: usize,
    draws: &[Option<u64>],
    correct: Result<Vec<Vec<bool>>, String>,
    out: &mut Scores,
) {
    let correct = match correct {
        Ok(correct) => correct,
        Err(reason) => return out.undefined(place, &METRICS, rows, &reason),
    };
    let n = correct.first().map_or(0, Vec::len);
    let hits: usize = correct.iter().flatten().filter(|&&hit| hit).count();
    let share = hits as f64 / (n * correct.len()).max(1) as f64;
    out.figure(place, Metric::Accuracy, n, share);
    for (correct, &draw) in correct.into_iter().zip(draws) {
        let values = correct.into_iter().map(|hit| f32::from(u8::from(hit))).collect();
        out.keep_draw(place, Quantity::Correct, draw, values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_that_did_not_converge_is_a_reason_and_no_figure() {
        let x = Matrix::from_fn(40, 30, |i, j| ((i * 7 + j * 13) as f32 * 0.37).sin() / (1 + j * j * j) as f32);
        let codes: Vec<u32> = (0..40).map(|i| u32::from(i % 5 == 0)).collect();
        let params = ProbeParams { l2: 1e-13, ..ProbeParams::default() };
        let rows = Labelled { x: &x, codes: &codes };
        let reason = params.train(0, rows, &[rows], 2).expect("sound rows").expect_err("nearly no penalty");
        assert!(reason.starts_with("the classifier did not converge: after 3000 steps"), "{reason}");
        let mut out = Scores::default();
        let place = Place::pair(align::Coordinates::Universe, "a", "b");
        report(place, 40, &[None], Err(reason.clone()), &mut out);
        assert_eq!((out.scores[0].value, out.scores[0].n, out.series.len()), (None, 40, 0));
        assert_eq!(out.scores[0].reason, Some(reason));
    }

    #[test]
    fn weights_that_cannot_be_drawn_are_an_error() {
        let error = start(0, 0, 0, 2).expect_err("no column").to_string();
        assert!(error.starts_with("classifier: `columns` is 0, wanted at least 1"), "{error}");
    }
}
