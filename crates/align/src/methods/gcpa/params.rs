//! Parameters of GCPA.

use serde::{Deserialize, Serialize};

use super::base::CorrectorBase;
use super::profile::Training;
use crate::corrector::Loss;
use crate::fitted::Rescale;
use crate::methods::shared::check::ensure;
use crate::prep::ConstantColumns;
use crate::settings::choice;
use crate::{AlignError, Method};

/// GPA with a corrector (GCPA): a universe and one shared network trained towards the consensus of all views.
///
/// # Formula
/// The base gives the universe vectors $u_{mi}$. With $\operatorname{norm}(u) = u / \lVert u \rVert$, the consensus
/// direction of item $i$ is
///
/// $$ t_i = \operatorname{norm} \Bigl( \frac{1}{M} \sum_m \operatorname{norm}(u_{mi}) \Bigr) . $$
///
/// The corrector $f$ of all views, with $v = \operatorname{norm}(u)$ and $x = \operatorname{LayerNorm}(v)$, is
///
/// $$ f(u) = \operatorname{norm} \bigl( v + \sigma(x W_g + b_g) \odot ( \operatorname{gelu}(x W_1 + b_1) W_2 + b_2 ) \bigr) . $$
///
/// It minimises the mean over rows of
///
/// $$ \bigl( 1 - f(u) \cdot t \bigr) + \lambda \max \bigl( 0, 1 - f(u) \cdot v - \tau \bigr) , $$
///
/// the distance to the consensus plus a penalty on drift beyond $\tau$. At the start $W_2$, $b_2$, $W_g$ and $b_g$ are
/// zero, so $f(u) = v$. AdamW trains it; gradients are clipped to norm 1. The weights with the lowest validation loss
/// are kept. $f$ has no inverse: translation to view $t$ multiplies $f(u)$ by $R_t^\top$.
///
/// # Shapes
/// The base's views are $N \times d_m$ and its universe has width $D$. $W_1$ is $D \times H$, $W_2$ is $H \times D$,
/// $W_g$ is $D \times D$, with $H = \max(8, \operatorname{round}(\text{hidden} \cdot D))$. Corrected vectors have unit
/// length, unless `rescale` gives them back their length.
///
/// # Cost
/// The base; per training step at $H = 2 D$ about $24 b D^2$ flops for a batch of $b$ rows.
///
/// # Source
/// arXiv 2602.06205.
///
/// # Departures
/// None in the released form, which is the default, except that a row's validation loss is computed once per check, not
/// once per draw that hits the row. The released form has these properties: a batch is one uniformly drawn view and
/// rows drawn with replacement; validation averages sampled draws, which are noisy; the validation rows also take part
/// in the base and in the consensus; the untrained corrector is never a candidate. One departure concerns large data:
/// at most 16,384 items are held out, and of more than 147,456 training items the losses in the report are means over a
/// random 147,456.
///
/// `training: fast`, `validation: full`, `base: gcca` and `rescale: all` are none of the authors'. If views miss items,
/// the consensus direction of an item is the mean over the views that have it, and the corrector trains on the items
/// that at least two views have: an item of a single view is its own consensus. A row of zeros, like every row of a
/// view whose columns are all constant, has no direction and counts as missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct GcpaParams {
    /// Method that fits the universe.
    #[serde(deserialize_with = "choice")]
    pub base: CorrectorBase,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
    /// Loss of the corrector.
    pub loss: LossParams,
    /// Hidden width of the corrector, as a multiple of the universe's width.
    pub hidden: f64,
    /// Training of the corrector.
    #[serde(deserialize_with = "choice")]
    pub training: Training,
    /// Vectors that get back the length they had before the corrector.
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

/// Loss of the corrector: distance to the consensus, plus λ times the drift beyond τ.
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
    /// Checks the parameters against their domains.
    pub(super) fn check(&self) -> Result<(), AlignError> {
        const ME: &str = "gcpa";
        self.base_method().validate()?;
        let LossParams { tau, lambda } = self.loss;
        ensure((0.0..=2.0).contains(&tau), ME, "tau", tau, "a number from 0 to 2")?;
        ensure(lambda >= 0.0 && lambda.is_finite(), ME, "lambda", lambda, "a finite number, 0 or above")?;
        ensure(self.hidden > 0.0 && self.hidden <= 64.0, ME, "hidden", self.hidden, "a number above 0, at most 64")?;
        self.training.check(ME)
    }

    /// The method that fits the universe.
    pub(crate) fn base_method(&self) -> Method {
        self.base.method(self.constant_columns)
    }

    /// The same parameters with unit vectors; the rescaled forms differ only in the lengths of vectors.
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
