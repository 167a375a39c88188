//! Add view: one more view is joined to a fitted universe, whose maps do not change.

use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, BaseFit, BaseViews, FitInput, FitSize, Needs, SearchSpace};
use crate::fitted::AddForm;
use crate::methods::gcpa::GcpaParams;
use crate::methods::gpa::GpaParams;
use crate::methods::shared::search::names;
use crate::moments::enough;
use crate::settings::choice;
use crate::{AlignError, Fit, FitReport, Fitted, Method, Views};

/// Model addition: the last view is added to the universe of the other views.
///
/// The base (GPA or GCPA) is fitted on all views but the last. Their maps do not change.
/// [`Universe::add`](crate::Universe::add) does the same for a universe of your own.
///
/// # Formula
/// $X$ holds the training rows of the new view, $\bar u$ the mean over the base views of an item's universe vectors
/// (corrected ones for GCPA, not normalised again), and a tilde marks columns that are standardised with the sample
/// standard deviation. `form: scaled`, the released form:
///
/// $$ \tilde X^\top \tilde u = U S V^\top , \qquad R = U V^\top . $$
///
/// A row goes in by $\tilde x R$, un-standardised with the statistics of $\bar u$, and comes back by the inverse of
/// both steps.
///
/// `form: orthogonal`: with the mean $C$ of the linear universe vectors and the new view $Z$, standardised like the
/// base views,
///
/// $$ R = \lbrack B \quad 0 \rbrack , \qquad B = U V^\top \quad \text{of} \quad Z^\top C_d = U S V^\top , $$
///
/// where $C_d$ holds the first $\min(d, D)$ columns of $C$. The report is the base's with one more map; its iterations
/// and its objective are the base's.
///
/// # Shapes
/// The new view is $N \times d$, the universe $N \times D$, $R$ is $d \times D$. A view that is wider than the universe
/// loses what lies outside $D$ directions.
///
/// # Cost
/// The base, one projection of its views, $2 N d D$ flops and one SVD of $d \times D$.
///
/// # Source
/// arXiv 2602.06205 (`GPA_ADD`, `GCPA_ADD`).
///
/// # Departures
/// `form: orthogonal` is none of the authors'. It is the step that GPA itself would make. Rows of items that the new
/// view misses are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddViewParams {
    /// Method that fits the universe of the other views: `base: gcpa`, or with parameters
    /// `base: {gcpa: {loss: {tau: 0.05}}}`.
    #[serde(deserialize_with = "choice")]
    pub base: Base,
    /// How the last view is joined to the universe.
    pub form: AddForm,
}

/// The methods whose universe can take one more view.
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
    /// The base as a method of its own.
    pub fn method(&self) -> Method {
        match self {
            Self::Gpa(params) => params.clone().into(),
            Self::Gcpa(params) => params.clone().into(),
        }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("base", "gpa", "gpa, gcpa", "Method that fits the universe of the other views"),
    ParameterDoc::new("base.gpa", "{}", "parameters of `gpa`", "GPA with its parameters"),
    ParameterDoc::new("base.gcpa", "{}", "parameters of `gcpa`", "GCPA with its parameters"),
    ParameterDoc::new(
        "form",
        "scaled",
        "scaled, orthogonal",
        "Map of the added view: a pairwise translator (released), or one orthogonal Procrustes step",
    ),
];

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

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        7
    }

    fn needs(&self) -> Needs {
        Needs::default().views(3)
    }

    fn cost(&self, size: &FitSize) -> f64 {
        1.0 + self.base.method().cost(size)
    }

    fn search(&self, _: &FitSize) -> SearchSpace {
        vec![("form", names(&["scaled", "orthogonal"]))]
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
