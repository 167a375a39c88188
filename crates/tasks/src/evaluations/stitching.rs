//! Stitching: a linear classifier is trained on one side of a translation and tested on the other side.

use align::named::ParameterDoc;
use std::borrow::Cow;

use align::parallel::prelude::*;
use align::prep::ZScore;
use align::{Coordinates, Matrix, Projections, Split};
use serde::{Deserialize, Serialize};

use crate::classifier::Labelled;
use crate::evaluation::Evaluation;
use crate::evaluations::parameters;
use crate::probe::{Codes, METRICS, Protocol, Trained, report};
use crate::scores::score::check_finite;
use crate::{ItemScope, Place, Scores, TaskError, TaskInput};

const TASK: &str = "stitching";

/// Stitching: a linear classifier is trained on one side of a translation and tested on the other side.
///
/// # Formula
/// For every ordered pair $s \ne t$, with the translation $T_{st}$ and the standardisation $z_t$ by the target's
/// training rows (population standard deviation), a classifier $g$ is trained and
///
/// $$ \operatorname{accuracy}(s, t) = \frac{1}{n} \sum_i \mathbf{1} \lbrace g(x_i) = y_i \rbrace . $$
///
/// - `direction: released`: trained on $z_t(T_{st}(X_s))$ of the training rows, tested on $z_t(X_t)$ of the test rows.
/// - `direction: standard`: trained on $z_t(X_t)$ of the training rows, tested on $z_t(T_{st}(X_s))$ of the test rows.
///
/// # Shapes
/// All rows are $n \times d_t$, in the target's coordinates. Every pair gets one accuracy, and one correct or wrong per
/// item.
///
/// # Cost
/// $M(M-1)$ classifiers, or $M$ in the standard direction.
///
/// # Source
/// arXiv 2602.06205; `scripts/4_probing.py` of the authors' code at e4f854e, the TRANSFORMED values.
///
/// # Departures
/// The default [`Protocol`] trains to the optimum; `protocol: released` stops early, as the authors do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct StitchingParams {
    /// Name of the labelling. Default: the first labelling of the data.
    pub label: Option<String>,
    /// Training of the classifiers.
    #[serde(deserialize_with = "align::choice")]
    pub protocol: Protocol,
    /// Side of the translation on which the classifier is trained.
    pub direction: Direction,
}

align::former_keys!(StitchingParams:
    "l2" => "protocol: {converged: {l2: 0.001}}",
    "epochs" => "protocol: {released: {epochs: 100}}",
    "lr" => "protocol: {released: {lr: 0.001}}",
    "patience" => "protocol: {released: {patience: 10}}",
    "seeds" => "protocol: {released: {seeds: [0]}}",
);

/// Side of a translation on which a classifier is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// Trained on translated rows of the source, tested on the target's own rows.
    #[default]
    Released,
    /// Trained on the target's own rows, tested on translated rows of the source.
    Standard,
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    parameters::LABEL,
    parameters::PROTOCOL,
    parameters::L2,
    parameters::EPOCHS,
    parameters::LR,
    parameters::PATIENCE,
    parameters::SEEDS,
    ParameterDoc::new(
        "direction",
        "released",
        "released, standard",
        "Training side of a classifier: the translated source rows (released), or the target's own rows",
    ),
];

impl Evaluation for StitchingParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Stitching"
    }

    fn summary(&self) -> &'static str {
        "a linear classifier across a translation, in either direction: accuracy"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn needs_labels(&self) -> bool {
        true
    }

    fn needs_validation(&self) -> bool {
        self.protocol.needs_validation()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn projects_training_rows(&self) -> bool {
        self.direction == Direction::Released
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.protocol.validate(TASK)
    }

    fn item_scope(&self) -> ItemScope {
        ItemScope::OwnRows
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

/// Scores every ordered pair of different views.
fn score(params: &StitchingParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let space = Coordinates::Translated;
    if !input.fitted.translates() {
        let reason = "without alignment nothing is translated";
        return Ok(Scores::not_applicable(space, &METRICS, input.test.views.rows(), reason));
    }
    let codes = Codes::new(TASK, params.label.as_deref(), &params.protocol, input)?;
    let names: Vec<&str> = input.test.views.names().collect();
    let targets: Vec<Target<'_>> =
        names.iter().map(|name| Target::new(input, name)).collect::<Result<_, TaskError>>()?;
    let pairs: Vec<(usize, usize)> =
        (0..names.len()).flat_map(|s| (0..names.len()).map(move |t| (s, t))).filter(|(s, t)| s != t).collect();
    let validate = |t: usize, on: Labelled<'_>| -> Result<Trained, TaskError> {
        let own_codes = input.validation.map(|split| split.views.nth(t).observed_of(&codes.validation));
        let held_out = match (&targets[t].validation, &own_codes) {
            (Some(x), Some(codes)) => Labelled { x, codes },
            _ => on,
        };
        params.protocol.train(t, on, &[held_out], codes.classes)
    };
    // The side that is translated; each view is projected once for all targets.
    let split = if params.direction == Direction::Released { input.train } else { input.test };
    let observed: Vec<Cow<'_, Matrix>> = split.views.iter().map(|space| space.observed()).collect();
    let moving = input.fitted.projections(split.views.names().zip(observed.iter().map(Cow::as_ref)))?;
    let train_codes = |view: usize| input.train.views.nth(view).observed_of(&codes.train);
    let test_codes = |view: usize| input.test.views.nth(view).observed_of(&codes.test);
    // In the standard direction one classifier serves every source.
    let own: Vec<Trained> = match params.direction {
        Direction::Released => Vec::new(),
        Direction::Standard => (0..names.len())
            .into_par_iter()
            .map(|t| validate(t, Labelled { x: &targets[t].train, codes: &train_codes(t) }))
            .collect::<Result<_, TaskError>>()?,
    };
    let correct: Vec<Result<Vec<Vec<bool>>, String>> = pairs
        .par_iter()
        .map(|&(s, t)| match params.direction {
            Direction::Released => {
                let moved = targets[t].translated(&moving, split, names[s])?;
                let trained = validate(t, Labelled { x: &moved, codes: &train_codes(s) })?;
                hits(&trained, Labelled { x: &targets[t].test, codes: &test_codes(t) })
            }
            Direction::Standard => {
                let moved = targets[t].translated(&moving, split, names[s])?;
                hits(&own[t], Labelled { x: &moved, codes: &test_codes(s) })
            }
        })
        .collect::<Result<_, TaskError>>()?;
    let mut out = Scores::default();
    for (&(s, t), correct) in pairs.iter().zip(correct) {
        let tested = input.test.views.nth(if params.direction == Direction::Released { t } else { s });
        report(Place::pair(space, names[s], names[t]), tested, &params.protocol.draws(), correct, &mut out);
    }
    Ok(out)
}

fn hits(trained: &Trained, rows: Labelled<'_>) -> Result<Result<Vec<Vec<bool>>, String>, TaskError> {
    match trained {
        Ok(trained) => {
            trained.iter().flatten().map(|classifier| classifier.correct(rows)).collect::<Result<_, _>>().map(Ok)
        }
        Err(reason) => Ok(Err(reason.clone())),
    }
}

/// A view to which others are translated.
struct Target<'a> {
    name: &'a str,
    standardise: ZScore,
    train: Matrix,
    validation: Option<Matrix>,
    test: Matrix,
}

impl<'a> Target<'a> {
    fn new(input: &TaskInput<'a>, name: &'a str) -> Result<Self, TaskError> {
        let standardise = input.standardisation(name)?;
        let own = |split: &Split| {
            let z = standardise.apply(&split.views.space(name)?.observed())?;
            check_finite(Coordinates::Translated, &|| name.to_string(), &z)?;
            Ok::<_, TaskError>(z)
        };
        Ok(Self {
            name,
            train: own(input.train)?,
            validation: input.validation.map(own).transpose()?,
            test: own(input.test)?,
            standardise,
        })
    }

    /// The rows that `source` has in a split, translated to this view and standardised.
    fn translated(&self, rows: &Projections<'_>, split: &Split, source: &str) -> Result<Matrix, TaskError> {
        let moved = rows.standardised(split.views.position(source)?, self.name, &self.standardise)?;
        check_finite(Coordinates::Translated, &|| format!("{source}->{}", self.name), &moved)?;
        Ok(moved)
    }
}
