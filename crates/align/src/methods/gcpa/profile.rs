//! Settings of the training of GCPA's corrector, as a grid file writes them.

use serde::{Deserialize, Serialize};

use crate::AlignError;
use crate::methods::shared::check::ensure;
use crate::settings::choice;

/// Training of the corrector: `training: fast`, or with settings `training: {released: {epochs: 5}}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Training {
    /// The authors' training.
    Released(ReleasedTraining),
    /// A short training: it reaches the released form's loss on held-out rows of the bundled data in less than a tenth
    /// of the time.
    Fast(FastTraining),
}

/// The authors' training: a constant learning rate, validation every 20 or 40 steps, and a stop after 1,000 or 4,000
/// steps without a better validation loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReleasedTraining {
    /// Maximal number of epochs.
    pub epochs: usize,
    /// Steps per epoch; more if one pass over the rows takes more.
    pub steps_per_epoch: usize,
    /// Rows per batch.
    pub batch: usize,
    /// Learning rate of AdamW.
    pub lr: f64,
    /// Decoupled weight decay, on every parameter.
    pub weight_decay: f64,
    /// Share of the items that are held out to choose the weights, at most 16,384 items.
    pub validation_fraction: f64,
    /// Validation by which the weights are chosen.
    #[serde(deserialize_with = "choice")]
    pub validation: Validation,
}

/// Short training: the learning rate rises in 20 steps and falls to zero along a cosine; 16 validations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FastTraining {
    /// Number of epochs.
    pub epochs: usize,
    /// Steps per epoch.
    pub steps_per_epoch: usize,
    /// Rows per batch.
    pub batch: usize,
    /// Largest learning rate of AdamW.
    pub lr: f64,
    /// Decoupled weight decay, on every parameter.
    pub weight_decay: f64,
    /// Share of the items that are held out to choose the weights, at most 16,384 items.
    pub validation_fraction: f64,
    /// Validation by which the weights are chosen.
    #[serde(deserialize_with = "choice")]
    pub validation: Validation,
}

/// Validation by which the corrector's weights are chosen: `validation: full`, or
/// `validation: {sampled: {batches: 100}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Validation {
    /// The authors' validation: every check draws held-out rows anew, each draw from one view. The untrained corrector
    /// is no candidate.
    Sampled(SampledValidation),
    /// All held-out rows of all views at every check. The untrained corrector is a candidate.
    Full,
}

/// Settings of sampled validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampledValidation {
    /// Draws whose mean is one validation loss; more if one pass over the held-out rows takes more.
    pub batches: usize,
}

impl Default for SampledValidation {
    fn default() -> Self {
        Self { batches: 50 }
    }
}

impl Default for ReleasedTraining {
    fn default() -> Self {
        Self {
            epochs: 50,
            steps_per_epoch: 200,
            batch: 4096,
            lr: 2e-3,
            weight_decay: 1e-4,
            validation_fraction: 0.1,
            validation: Validation::Sampled(SampledValidation::default()),
        }
    }
}

impl Default for FastTraining {
    fn default() -> Self {
        Self {
            epochs: 4,
            steps_per_epoch: 200,
            batch: 256,
            lr: 4e-3,
            weight_decay: 1e-4,
            validation_fraction: 0.1,
            validation: Validation::Full,
        }
    }
}

impl Default for Training {
    fn default() -> Self {
        Self::Released(ReleasedTraining::default())
    }
}

/// Settings that both trainings have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) epochs: usize,
    pub(super) steps_per_epoch: usize,
    pub(super) batch: usize,
    pub(super) lr: f64,
    pub(super) weight_decay: f64,
    pub(super) validation_fraction: f64,
    pub(super) validation: Validation,
}

impl Training {
    /// The released training for this many epochs.
    pub fn released(epochs: usize) -> Self {
        Self::Released(ReleasedTraining { epochs, ..ReleasedTraining::default() })
    }

    /// The fast training for this many epochs.
    pub fn fast(epochs: usize) -> Self {
        Self::Fast(FastTraining { epochs, ..FastTraining::default() })
    }

    /// The settings that both trainings have.
    pub(super) fn settings(self) -> Settings {
        // Each pattern names every field, so that a new setting of one training cannot be forgotten here.
        match self {
            Self::Released(ReleasedTraining {
                epochs,
                steps_per_epoch,
                batch,
                lr,
                weight_decay,
                validation_fraction,
                validation,
            })
            | Self::Fast(FastTraining {
                epochs,
                steps_per_epoch,
                batch,
                lr,
                weight_decay,
                validation_fraction,
                validation,
            }) => Settings { epochs, steps_per_epoch, batch, lr, weight_decay, validation_fraction, validation },
        }
    }

    /// Checks the settings against their domains.
    pub(super) fn check(self, method: &'static str) -> Result<(), AlignError> {
        let Settings { epochs, steps_per_epoch, batch, lr, weight_decay, validation_fraction, validation } =
            self.settings();
        ensure(epochs >= 1, method, "epochs", epochs, "at least 1")?;
        ensure(steps_per_epoch >= 1, method, "steps_per_epoch", steps_per_epoch, "at least 1")?;
        ensure(batch >= 1, method, "batch", batch, "at least 1")?;
        ensure(lr > 0.0 && lr.is_finite(), method, "lr", lr, "a finite number above 0")?;
        let sound = weight_decay >= 0.0 && weight_decay.is_finite();
        ensure(sound, method, "weight_decay", weight_decay, "a finite number, 0 or above")?;
        let (fraction, want) = (validation_fraction, "a number between 0 and 1");
        ensure(fraction > 0.0 && fraction < 1.0, method, "validation_fraction", fraction, want)?;
        match validation {
            Validation::Sampled(SampledValidation { batches }) => {
                ensure(batches >= 1, method, "batches", batches, "at least 1")
            }
            Validation::Full => Ok(()),
        }
    }
}
