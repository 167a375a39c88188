//! Add view: one more view joined to a fitted universe, whose maps stay as they are.

use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, BaseFit, BaseViews, FitInput, FitSize, Needs};
use crate::fitted::AddForm;
use crate::methods::gcpa::GcpaParams;
use crate::methods::gpa::GpaParams;
use crate::moments::enough;
use crate::settings::choice;
use crate::{AlignError, Fit, FitReport, Fitted, Method, Views};

/// Parameters of `add_view`.
///
/// Adds the last view to the universe of the others. Cost: the base views projected once, one
/// SVD of d × D.
///
/// The report is the base's with one more map; what it says of the iteration and the objective is of the
/// base. Nothing is drawn.
///
/// Source: arXiv 2602.06205 (GPA_ADD, GCPA_ADD).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddViewParams {
    /// What the universe of the other views is fitted by: `base: gcpa`, or with parameters
    /// `base: {gcpa: {loss: {tau: 0.05}}}`.
    #[serde(deserialize_with = "choice")]
    pub base: Base,
    /// How the last view is joined to it.
    pub form: AddForm,
}

/// The methods whose universe can be extended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Base {
    /// Generalised Procrustes analysis.
    Gpa(GpaParams),
    /// GPA with one shared corrector.
    Gcpa(GcpaParams),
}

impl Default for Base {
    fn default() -> Self {
        Self::Gpa(GpaParams::default())
    }
}

impl Base {
    /// As a method of its own.
    pub fn method(&self) -> Method {
        match self {
            Self::Gpa(params) => params.clone().into(),
            Self::Gcpa(params) => params.clone().into(),
        }
    }
}

impl Aligner for AddViewParams {
    fn name(&self) -> &'static str {
        "add_view"
    }

    fn title(&self) -> &'static str {
        match self.base {
            Base::Gpa(_) => "Add view to GPA",
            Base::Gcpa(_) => "Add view to GCPA",
        }
    }

    fn summary(&self) -> &'static str {
        "GPA or GCPA on all views but the last, which is then added to their universe"
    }

    fn version(&self) -> u32 {
        3
    }

    fn needs(&self) -> Needs {
        Needs::default().views(3)
    }

    fn cost(&self, size: &FitSize) -> f64 {
        1.0 + self.base.method().cost(size)
    }

    fn validate(&self) -> Result<(), AlignError> {
        self.base.method().validate()
    }

    fn base(&self) -> Option<BaseFit> {
        Some(BaseFit { method: self.base.method(), views: BaseViews::AllButLast })
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let base = self.base.method().fit(input.of_views(&BaseViews::AllButLast.of(input.views)?), seed)?;
        fit_on(self, &base, input.views)
    }

    fn fit_on(&self, base: &Fit, input: &FitInput<'_>, _: u64) -> Result<Fit, AlignError> {
        fit_on(self, base, input.views)
    }
}

fn fit_on(params: &AddViewParams, base: &Fit, train: &Views) -> Result<Fit, AlignError> {
    let Some(universe) = base.fitted.universe() else {
        return Err(AlignError::NoSuchSpace { method: "the base of add_view", space: "universe", offers: "others" });
    };
    let at = train.len() - 1;
    let rows: Vec<usize> = (0..train.rows()).filter(|&row| train.nth(at).has(row)).collect();
    enough(train.nth(at).name(), rows.len())?;
    let train = if train.complete() { train.clone() } else { train.select_rows(&rows) };
    let new = train.nth(at);
    let wider = universe.add(&BaseViews::AllButLast.of(&train)?, new.name(), new.values(), params.form)?;
    let (width, universe_width) = (new.values().cols(), universe.width());
    let report = FitReport {
        maps: base.report.maps + 1,
        parameters: base.report.parameters + params.form.parameters(width, universe_width),
        ..base.report.clone()
    };
    Ok(Fit { fitted: Fitted::Universe(wider), report })
}
