//! GCPA: a GPA scaffold and one shared corrector trained towards the consensus of all views.

mod data;
mod params;
mod training;

use crate::report::CorrectorReport;
use crate::{AlignError, Fit, FitReport, Fitted, Spaces};

pub(crate) use data::TrainingData;
pub use data::consensus_directions;
pub use params::{GcpaParams, Profile, Scaffold, Validation};

/// Fits GPA, takes each item's consensus direction `norm(1/M Σ_m norm(u_m))`, and trains the corrector to
/// turn every view's universe vectors towards it, held back by a penalty on drift beyond τ.
///
/// Source: arXiv 2602.06205, in the released form by default: a batch is one uniformly drawn view and rows drawn with
/// replacement; validation averages sampled draws, which is noisy; its rows also fed GPA and the
/// consensus; the identity (step 0) is never a candidate; no inverse of the corrector exists, so
/// translation is `f(u) R_tᵀ`. Departs: a row's validation loss is computed once per check, not once
/// per draw that hits it. Cost of a step at H = 2D: 24·batch·D² flops.
///
/// Where views miss items, an item's direction is the mean over the views that have it, and the corrector trains
/// on the items that two views have at least: an item of one view alone is its own consensus. A row of zeros, as every row
/// of a view that does not vary, has no direction and counts as missing.
///
/// `base` is the fit of [`GcpaParams::scaffold`] on the same rows, or of [`GcpaParams::unit`].
pub(crate) fn fit_on(params: &GcpaParams, base: &Fit, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
    let Some(universe) = base.fitted.universe() else {
        return Err(AlignError::NoSuchSpace { method: "the base of gcpa", space: "universe", offers: "others" });
    };
    if universe.corrector().is_some() {
        let universe = universe.clone().with_rescale(params.rescale);
        return Ok(Fit { fitted: Fitted::Universe(universe), report: base.report.clone() });
    }
    let scaffold = base.report.clone();
    let data = TrainingData::new("gcpa", universe, train)?;
    let trained = training::train(params, &data, seed)?;
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
