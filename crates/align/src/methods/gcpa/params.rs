//! What GCPA can be told.

use serde::{Deserialize, Serialize};

use super::base::CorrectorBase;
use super::profile::Training;
use crate::corrector::Loss;
use crate::fitted::Rescale;
use crate::methods::shared::check::ensure;
use crate::prep::ConstantColumns;
use crate::settings::choice;
use crate::{AlignError, Method};

/// Parameters of `gcpa`: a base universe, GPA's or GCCA's, and one shared corrector trained towards the consensus of all views.
///
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct GcpaParams {
    /// The universe whose vectors are corrected.
    #[serde(deserialize_with = "choice")]
    pub base: CorrectorBase,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
    /// What the corrector is trained to lower.
    pub loss: LossParams,
    /// Hidden width as a multiple of the universe's.
    pub hidden: f64,
    /// How the corrector is trained.
    #[serde(deserialize_with = "choice")]
    pub training: Training,
    /// Which corrected vectors get back the length they had before.
    pub rescale: Rescale,
}

crate::former_keys!(GcpaParams:
    "scaffold" => "base: gcca",
    "solver" => "base: {gpa: {solver: accelerated}}",
    "max_iter" => "base: {gpa: {max_iter: 100}}",
    "tol" => "base: {gpa: {tol: 1.0e-6}}",
    "gauge" => "base: {gpa: {orientation: principal}}",
    "tau" => "loss: {tau: 0.05}",
    "lambda" => "loss: {lambda: 0.7}",
    "profile" => "training: fast",
    "epochs" => "training: {released: {epochs: 50}}",
    "steps_per_epoch" => "training: {released: {steps_per_epoch: 200}}",
    "batch" => "training: {released: {batch: 4096}}",
    "lr" => "training: {released: {lr: 0.002}}",
    "weight_decay" => "training: {released: {weight_decay: 0.0001}}",
    "validation_fraction" => "training: {released: {validation_fraction: 0.1}}",
    "validation" => "training: {released: {validation: full}}",
    "validation_batches" => "training: {released: {validation: {sampled: {batches: 50}}}}",
);

/// The loss of the corrector: distance to the consensus, and λ times the drift beyond τ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossParams {
    /// Trust radius τ: drift (1 − cos) below it costs nothing.
    pub tau: f64,
    /// Weight λ of drift beyond τ.
    pub lambda: f64,
}

impl Default for LossParams {
    fn default() -> Self {
        Self { tau: 0.08, lambda: 0.7 }
    }
}

impl Default for GcpaParams {
    fn default() -> Self {
        Self {
            base: CorrectorBase::default(),
            constant_columns: ConstantColumns::default(),
            loss: LossParams::default(),
            hidden: 2.0,
            training: Training::default(),
            rescale: Rescale::default(),
        }
    }
}

impl GcpaParams {
    /// Checks them against their domains.
    pub(super) fn check(&self) -> Result<(), AlignError> {
        const ME: &str = "gcpa";
        self.base_method().validate()?;
        let LossParams { tau, lambda } = self.loss;
        ensure((0.0..=2.0).contains(&tau), ME, "tau", tau, "a number from 0 to 2")?;
        ensure(lambda >= 0.0 && lambda.is_finite(), ME, "lambda", lambda, "a finite number, 0 or above")?;
        ensure(self.hidden > 0.0 && self.hidden <= 64.0, ME, "hidden", self.hidden, "a number above 0, at most 64")?;
        self.training.check(ME)
    }

    /// The fit that it starts from.
    pub(crate) fn base_method(&self) -> Method {
        self.base.method(self.constant_columns)
    }

    /// The same with unit vectors, from which a rescaled form differs in their lengths alone.
    pub(crate) fn unit(&self) -> Option<Self> {
        (self.rescale != Rescale::None).then(|| Self { rescale: Rescale::None, ..self.clone() })
    }

    pub(super) fn loss(&self) -> Loss {
        Loss { tau: self.loss.tau as f32, lambda: self.loss.lambda as f32 }
    }

    /// Hidden width for a universe of width D: `max(8, round(hidden·D))`, halves to even.
    pub(super) fn hidden_width(&self, width: usize) -> usize {
        ((self.hidden * width as f64).round_ties_even() as usize).max(8)
    }
}
