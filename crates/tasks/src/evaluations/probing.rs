//! Probing: a linear classifier is trained on one view's vectors and tested on another view's.

use align::named::ParameterDoc;
use align::parallel::prelude::*;
use align::{Coordinates, Matrix, Split};
use serde::{Deserialize, Serialize};

use crate::classifier::Labelled;
use crate::evaluation::Evaluation;
use crate::evaluations::parameters;
use crate::probe::{Codes, METRICS, Protocol, report};
use crate::scores::score::check_finite;
use crate::{ItemScope, Place, Scores, TaskError, TaskInput};

const TASK: &str = "probing";

/// Probing: a linear classifier is trained on one view's vectors and tested on another view's.
///
/// # Formula
/// For every ordered pair $(s, t)$, $s = t$ included, the classifier $x W + b$ is trained by cross-entropy on the
/// training rows of $s$, and
///
/// $$ \operatorname{accuracy}(s, t) = \frac{1}{n} \sum_i \mathbf{1} \lbrace \arg\max_c ( x_{ti} \cdot w_c + b_c ) = y_i \rbrace $$
///
/// is computed on the test rows of $t$. With a universe, the rows are universe vectors without further scaling. Without
/// one, only $s = t$ is possible, and rows are standardised by the view's training rows.
///
/// # Shapes
/// Rows are $n \times d$, $W$ is $d \times k$ for $k$ classes. Every pair gets one accuracy, and one correct or wrong
/// per item. Pairwise maps share no space, so they get no value.
///
/// # Cost
/// $M$ classifiers, each some hundred times $4 n d k$ flops.
///
/// # Source
/// arXiv 2602.06205; `scripts/4_probing.py` of the authors' code at e4f854e.
///
/// # Departures
/// The default [`Protocol`] trains to the optimum. The authors stop early, far from it; `protocol: released` does the
/// same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct ProbingParams {
    /// Name of the labelling. Default: the first labelling of the data.
    pub label: Option<String>,
    /// Training of the classifiers.
    #[serde(deserialize_with = "align::choice")]
    pub protocol: Protocol,
}

align::former_keys!(ProbingParams:
    "l2" => "protocol: {converged: {l2: 0.001}}",
    "epochs" => "protocol: {released: {epochs: 100}}",
    "lr" => "protocol: {released: {lr: 0.001}}",
    "patience" => "protocol: {released: {patience: 10}}",
    "seeds" => "protocol: {released: {seeds: [0]}}",
);

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    parameters::LABEL,
    parameters::PROTOCOL,
    parameters::L2,
    parameters::EPOCHS,
    parameters::LR,
    parameters::PATIENCE,
    parameters::SEEDS,
];

impl Evaluation for ProbingParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Probing"
    }

    fn summary(&self) -> &'static str {
        "a linear classifier trained on one view's vectors, tested on another's: accuracy"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        match self.protocol {
            Protocol::Released(_) => 1,
            Protocol::Converged(_) => 2,
        }
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
        true
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

/// Scores every ordered pair of views that share a space.
fn score(params: &ProbingParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let space = input.fitted.coordinates()[0];
    if !input.fitted.projects() {
        let reason = "pairwise maps share no space to probe";
        return Ok(Scores::not_applicable(space, &METRICS, input.test.views.rows(), reason));
    }
    let codes = Codes::new(TASK, params.label.as_deref(), &params.protocol, input)?;
    let names: Vec<&str> = input.test.views.names().collect();
    let train = features(input, input.train)?;
    let validation = input.validation.map(|split| features(input, split)).transpose()?.unwrap_or_default();
    // Only the rows that a view has, like its features.
    let validation_codes: Vec<std::borrow::Cow<'_, [u32]>> = input
        .validation
        .iter()
        .flat_map(|split| split.views.iter().map(|view| view.observed_of(&codes.validation)))
        .collect();
    let test = features(input, input.test)?;
    let targets = |s: usize| if space == Coordinates::Input { s..s + 1 } else { 0..names.len() };
    let all: Vec<Vec<Result<Vec<Vec<bool>>, String>>> = (0..names.len())
        .into_par_iter()
        .map(|s| {
            let own_codes = input.train.views.nth(s).observed_of(&codes.train);
            let on = Labelled { x: &train[s], codes: &own_codes };
            // Without validation rows nothing chooses among steps, and every target gets the same classifier.
            let held_out: Vec<Labelled<'_>> = targets(s)
                .map(|t| match validation.get(t) {
                    Some(x) => Labelled { x, codes: &validation_codes[t] },
                    None => on,
                })
                .collect();
            let trained = params.protocol.train(s, on, &held_out, codes.classes)?;
            let correct = |(i, t): (usize, usize)| {
                let own_codes = input.test.views.nth(t).observed_of(&codes.test);
                let rows = Labelled { x: &test[t], codes: &own_codes };
                match &trained {
                    Ok(trained) => {
                        trained.iter().map(|of_draw| of_draw[i].correct(rows)).collect::<Result<_, _>>().map(Ok)
                    }
                    Err(reason) => Ok(Err(reason.clone())),
                }
            };
            targets(s).enumerate().map(correct).collect::<Result<_, TaskError>>()
        })
        .collect::<Result<_, TaskError>>()?;
    let mut out = Scores::default();
    for (s, by_target) in all.into_iter().enumerate() {
        for (t, correct) in targets(s).zip(by_target) {
            report(
                Place::pair(space, names[s], names[t]),
                input.test.views.nth(t),
                &params.protocol.draws(),
                correct,
                &mut out,
            );
        }
    }
    Ok(out)
}

/// The rows of a split that each view has, as the classifier sees them.
fn features(input: &TaskInput<'_>, split: &Split) -> Result<Vec<Matrix>, TaskError> {
    let of = |view: &align::views::View| {
        let x = match input.fitted.coordinates()[0] {
            Coordinates::Input => input.standardisation(view.name())?.apply(&view.observed())?,
            _ => input.fitted.project(view.name(), &view.observed())?,
        };
        check_finite(input.fitted.coordinates()[0], &|| view.name().to_string(), &x)?;
        Ok(x)
    };
    split.views.iter().map(of).collect()
}
