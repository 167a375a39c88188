//! What GCPA can be told.

use serde::{Deserialize, Serialize};

use crate::corrector::Loss;
use crate::fitted::Rescale;
use crate::methods::canonical::gcca::GccaParams;
use crate::methods::gpa::{GpaParams, Orientation, Solver};
use crate::methods::shared::check::ensure;
use crate::prep::ConstantColumns;
use crate::{AlignError, Ignored, Method};

/// Parameters of `gcpa`: a GPA scaffold and one shared corrector trained towards the consensus of all views.
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
#[serde(default, deny_unknown_fields)]
pub struct GcpaParams {
    /// The universe whose vectors are corrected.
    pub scaffold: Scaffold,
    /// Solver of the GPA scaffold; this and the three settings below are refused beside `scaffold: gcca`.
    pub solver: Solver,
    /// Most sweeps of the GPA scaffold; the solver's without.
    pub max_iter: Option<usize>,
    /// Tolerance of the GPA scaffold.
    pub tol: f64,
    /// Rotation of the GPA scaffold's universe, which the corrector is not indifferent to; GCCA's is fixed anyway.
    #[serde(skip_serializing_if = "Orientation::is_free")]
    pub gauge: Orientation,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
    /// Trust radius τ: drift (1 − cos) below it costs nothing.
    pub tau: f64,
    /// Weight λ of drift beyond τ.
    pub lambda: f64,
    /// Hidden width as a multiple of the universe's.
    pub hidden: f64,
    /// How the corrector is trained.
    pub profile: Profile,
    /// Most epochs; the profile's without.
    pub epochs: Option<usize>,
    /// Steps of an epoch; in the released profile more where a pass over the rows takes more.
    pub steps_per_epoch: usize,
    /// Rows of a batch; the profile's without.
    pub batch: Option<usize>,
    /// Learning rate of AdamW, in the fast profile its largest; the profile's without.
    pub lr: Option<f64>,
    /// Decoupled weight decay, on every parameter.
    pub weight_decay: f64,
    /// Fraction of the rows held out to choose the weights.
    pub validation_fraction: f64,
    /// Draws averaged by one sampled validation; refused where validation is full.
    pub validation_batches: usize,
    /// What the weights are chosen by; the profile's without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// Which corrected vectors get back the length they had before.
    pub rescale: Rescale,
}

/// The universe that a corrector starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaffold {
    /// GPA's, as released.
    #[default]
    Gpa,
    /// GCCA's in the released form, to see what of the gain is the corrector's alone.
    Gcca,
}

impl Scaffold {
    /// The fit of the universe: this GPA, or GCCA with the same rule for constant columns.
    pub(crate) fn method(self, gpa: GpaParams) -> Method {
        match self {
            Self::Gpa => gpa.into(),
            Self::Gcca => GccaParams { constant_columns: gpa.constant_columns, ..GccaParams::default() }.into(),
        }
    }
}

/// What the corrector's weights are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// As released: new draws of held-out rows at every check, each from one view; the untrained corrector is no candidate.
    Sampled,
    /// All held-out rows of all views at every check, the untrained corrector a candidate.
    Full,
}

/// How the corrector is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// As the authors released it: 50 epochs of 200 steps at a constant learning rate of 2e-3, batches of 4,096
    /// rows, sampled validation every 20 or 40 steps, stopped after 1,000 or 4,000 steps without a better one.
    #[default]
    Released,
    /// 4 epochs of 200 steps of 256 rows; the learning rate rises to 4e-3 in 20 steps and falls to zero along a
    /// cosine; 16 validations over all held-out rows of all views, the untrained corrector a candidate. Reaches
    /// the released form's loss on held-out rows in less than a tenth of the time on the bundled data.
    Fast,
}

impl Default for GcpaParams {
    fn default() -> Self {
        Self {
            scaffold: Scaffold::default(),
            solver: Solver::default(),
            max_iter: None,
            tol: 1e-8,
            gauge: Orientation::default(),
            constant_columns: ConstantColumns::default(),
            tau: 0.08,
            lambda: 0.7,
            hidden: 2.0,
            profile: Profile::default(),
            epochs: None,
            steps_per_epoch: 200,
            batch: None,
            lr: None,
            weight_decay: 1e-4,
            validation_fraction: 0.1,
            validation_batches: 50,
            validation: None,
            rescale: Rescale::default(),
        }
    }
}

impl GcpaParams {
    /// Checks them against their domains.
    pub(super) fn check(&self) -> Result<(), AlignError> {
        const ME: &str = "gcpa";
        self.scaffold().validate()?;
        ensure((0.0..=2.0).contains(&self.tau), ME, "tau", self.tau, "a number from 0 to 2")?;
        ensure(
            self.lambda >= 0.0 && self.lambda.is_finite(),
            ME,
            "lambda",
            self.lambda,
            "a finite number, 0 or above",
        )?;
        ensure(self.hidden > 0.0 && self.hidden <= 64.0, ME, "hidden", self.hidden, "a number above 0, at most 64")?;
        let epochs = self.epochs.unwrap_or(1);
        ensure(epochs >= 1, ME, "epochs", epochs, "at least 1")?;
        ensure(self.steps_per_epoch >= 1, ME, "steps_per_epoch", self.steps_per_epoch, "at least 1")?;
        let batch = self.batch.unwrap_or(1);
        ensure(batch >= 1, ME, "batch", batch, "at least 1")?;
        let lr = self.lr.unwrap_or(1.0);
        ensure(lr > 0.0 && lr.is_finite(), ME, "lr", lr, "a finite number above 0")?;
        let decay = self.weight_decay;
        ensure(decay >= 0.0 && decay.is_finite(), ME, "weight_decay", decay, "a finite number, 0 or above")?;
        let fraction = self.validation_fraction;
        ensure(fraction > 0.0 && fraction < 1.0, ME, "validation_fraction", fraction, "a number between 0 and 1")?;
        ensure(self.validation_batches >= 1, ME, "validation_batches", self.validation_batches, "at least 1")
    }

    /// What has no effect beside the rest.
    pub(super) fn without_effect(&self) -> Vec<Ignored> {
        let default = Self::default();
        let mut ignored = Vec::new();
        if self.scaffold == Scaffold::Gcca {
            let of_gpa = [
                ("solver", self.solver != default.solver),
                ("max_iter", self.max_iter.is_some()),
                ("tol", self.tol != default.tol),
                ("gauge", !self.gauge.is_free()),
            ];
            let beside = "beside `scaffold: gcca`: it is a setting of GPA";
            ignored.extend(of_gpa.map(|(parameter, changed)| Ignored { parameter, beside, changed }));
        }
        if self.validation() == Validation::Full {
            let beside = "where validation is full, as by `validation: full` or `profile: fast`: no batches are drawn";
            let changed = self.validation_batches != default.validation_batches;
            ignored.push(Ignored { parameter: "validation_batches", beside, changed });
        }
        ignored
    }

    /// The fit that it starts from.
    pub(crate) fn scaffold(&self) -> Method {
        self.scaffold.method(GpaParams {
            solver: self.solver,
            max_iter: self.max_iter,
            tol: self.tol,
            gauge: self.gauge,
            constant_columns: self.constant_columns,
            ..GpaParams::default()
        })
    }

    /// The same with unit vectors, from which a rescaled form differs in their lengths alone.
    pub(crate) fn unit(&self) -> Option<Self> {
        (self.rescale != Rescale::None).then(|| Self { rescale: Rescale::None, ..self.clone() })
    }

    /// What the weights are chosen by.
    pub(super) fn validation(&self) -> Validation {
        self.validation.unwrap_or(match self.profile {
            Profile::Released => Validation::Sampled,
            Profile::Fast => Validation::Full,
        })
    }

    pub(super) fn loss(&self) -> Loss {
        Loss { tau: self.tau as f32, lambda: self.lambda as f32 }
    }

    /// Hidden width for a universe of width D: `max(8, round(hidden·D))`, halves to even.
    pub(super) fn hidden_width(&self, width: usize) -> usize {
        ((self.hidden * width as f64).round_ties_even() as usize).max(8)
    }
}
