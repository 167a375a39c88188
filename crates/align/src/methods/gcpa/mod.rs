//! GCPA: the universe of GPA or GCCA, and one shared corrector trained towards the consensus of all views.

mod base;
mod data;
mod params;
mod profile;
mod training;

use crate::aligner::{Aligner, BaseFit, BaseViews, FitInput, FitSize, Method};
use crate::report::CorrectorReport;
use crate::{AlignError, Fit, FitReport, Fitted};

pub use base::{CorrectorBase, GpaBase};
pub(crate) use data::TrainingData;
pub use data::consensus_directions;
pub use params::{GcpaParams, LossParams};
pub use profile::{FastTraining, ReleasedTraining, SampledValidation, Training, Validation};

impl Aligner for GcpaParams {
    fn name(&self) -> &'static str {
        "gcpa"
    }

    fn title(&self) -> &'static str {
        "GCPA"
    }

    fn summary(&self) -> &'static str {
        "GPA, then one shared corrector towards the consensus of all views"
    }

    fn version(&self) -> u32 {
        3
    }

    fn cost(&self, size: &FitSize) -> f64 {
        100.0 + 6.0 * size.views as f64
    }

    fn validate(&self) -> Result<(), AlignError> {
        self.check()
    }

    fn base(&self) -> Option<BaseFit> {
        let method = self.unit().map_or_else(|| self.base_method(), Method::from);
        Some(BaseFit { method, views: BaseViews::All })
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        fit_on(self, &self.base_method().fit(*input, seed)?, input, seed)
    }

    fn fit_on(&self, base: &Fit, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        fit_on(self, base, input, seed)
    }
}

/// Trains the corrector. `base` is the fit of [`GcpaParams::base_method`] or of [`GcpaParams::unit`] on the same rows.
fn fit_on(params: &GcpaParams, base: &Fit, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
    let Some(universe) = base.fitted.universe() else {
        return Err(AlignError::NoSuchSpace { method: "the base of gcpa", space: "universe", offers: "others" });
    };
    if universe.corrector().is_some() {
        let universe = universe.clone().with_rescale(params.rescale);
        return Ok(Fit { fitted: Fitted::Universe(universe), report: base.report.clone() });
    }
    let scaffold = base.report.clone();
    let data = TrainingData::new("gcpa", universe, input.views)?;
    let trained = training::train(params, &data, seed, &input.watch())?;
    let report = FitReport {
        stop: trained.stop,
        iterations: Some(trained.report.steps),
        objective: Some(trained.report.train_loss),
        residual: scaffold.residual,
        spread: scaffold.spread,
        optimality_gap: None,
        maps: scaffold.maps,
        parameters: scaffold.parameters + trained.corrector.parameters(),
        kept: scaffold.kept.clone(),
        warnings: scaffold.warnings.clone(),
        corrector: Some(CorrectorReport { scaffold: Box::new(scaffold), ..trained.report }),
    };
    let universe = universe.clone().with_corrector(trained.corrector, params.rescale)?;
    Ok(Fit { fitted: Fitted::Universe(universe), report })
}
