//! Training of a network of a pair by gradient descent: AdamW, a warm-up and a cosine, the best weights on held-out pairs.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::corrector::optimiser::{Adamw, Optimiser};
use crate::corrector::residual::Network;
use crate::methods::shared::check::ensure;
use crate::named::ParameterDoc;
use crate::progress::Watch;
use crate::rng::{Purpose, permutation, stream};
use crate::{AlignError, Matrix};

/// The draw of the pairs that are held out to choose the weights.
const HELD_OUT_PAIRS: Purpose = Purpose::new(72);
/// The draws of the pairs of each batch.
const PAIR_BATCHES: Purpose = Purpose::new(73);

/// Steps in which the learning rate rises from zero.
const WARM_UP: f64 = 20.0;
/// Number of checks on held-out pairs.
const CHECKS: usize = 16;

/// Settings of the training of a map: the learning rate rises in 20 steps and falls to zero along a cosine; the weights
/// with the least loss on held-out pairs are kept, those before the first step included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairTraining {
    /// Number of steps.
    pub steps: usize,
    /// Pairs per batch, drawn with replacement.
    pub batch: usize,
    /// Largest learning rate of AdamW.
    pub lr: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Share of the pairs that are held out to choose the weights.
    pub validation_fraction: f64,
}

impl Default for PairTraining {
    fn default() -> Self {
        Self { steps: 600, batch: 128, lr: 1e-3, weight_decay: 1e-4, validation_fraction: 0.1 }
    }
}

impl PairTraining {
    pub(super) fn validate(&self, method: &'static str) -> Result<(), AlignError> {
        let Self { steps, batch, lr, weight_decay, validation_fraction } = *self;
        ensure(steps >= 1, method, "training.steps", steps, "at least 1")?;
        ensure(batch >= 1, method, "training.batch", batch, "at least 1")?;
        ensure(lr > 0.0 && lr.is_finite(), method, "training.lr", lr, "a finite number above 0")?;
        let finite = weight_decay >= 0.0 && weight_decay.is_finite();
        ensure(finite, method, "training.weight_decay", weight_decay, "a finite number, 0 or above")?;
        let share = validation_fraction > 0.0 && validation_fraction < 1.0;
        ensure(share, method, "training.validation_fraction", validation_fraction, "a number between 0 and 1")
    }

    /// Its parameters, for lists, each with this prefix.
    pub(super) const fn docs(names: [&'static str; 5]) -> [ParameterDoc; 5] {
        [
            ParameterDoc::new(names[0], "600", "integer >= 1", "Number of steps"),
            ParameterDoc::new(names[1], "128", "integer >= 1", "Pairs per batch"),
            ParameterDoc::new(names[2], "0.001", "number > 0", "Largest learning rate of AdamW"),
            ParameterDoc::new(names[3], "0.0001", "number >= 0", "Decoupled weight decay"),
            ParameterDoc::new(names[4], "0.1", "number between 0 and 1", "Share of the pairs that choose the weights"),
        ]
    }

    fn rate(&self, step: usize) -> f64 {
        let warm = (step as f64 / WARM_UP).min(1.0);
        let share = step as f64 / self.steps as f64;
        self.lr * warm * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
    }
}

/// Work of one training among several.
#[derive(Clone, Copy)]
pub(super) struct Course<'a> {
    pub(super) method: &'static str,
    pub(super) training: &'a PairTraining,
    pub(super) seed: u64,
    /// Number of this training, from 0, and of all.
    pub(super) nth: usize,
    pub(super) of: usize,
    pub(super) watch: &'a Watch,
}

/// The network with the least loss on held-out pairs, and that loss.
pub(super) fn train<N: Network>(
    start: N,
    (x, targets): (&Matrix, &Matrix),
    course: Course<'_>,
) -> Result<(N, f64), AlignError> {
    let Course { method, training, seed, nth, of, watch } = course;
    let rows = x.rows();
    if rows < 2 {
        return Err(AlignError::TooFewRows { method, got: rows, want: 2 });
    }
    let held_out = ((training.validation_fraction * rows as f64).round() as usize).clamp(1, rows - 1);
    let order = permutation(rows, &mut stream(seed, HELD_OUT_PAIRS, None));
    let (chosen_by, fitted) = order.split_at(held_out);
    let (check_x, check_targets) = (x.select_rows(chosen_by), targets.select_rows(chosen_by));
    let adamw = Adamw { lr: training.lr, weight_decay: training.weight_decay, clip: 1.0 };
    let mut network = start;
    let mut optimiser = Optimiser::new(network.weights().len(), adamw);
    let mut gradient = vec![0.0; network.weights().len()];
    let mut batches = stream(seed, PAIR_BATCHES, Some(nth));
    let finite = |what, iteration, value: f64| {
        if value.is_finite() { Ok(value) } else { Err(AlignError::Diverged { method, what, iteration, value }) }
    };
    let mut best = (network.clone(), finite("validation loss", 0, network.loss(&check_x, &check_targets))?);
    let interval = (training.steps / CHECKS).max(1);
    let count = training.batch.min(fitted.len());
    for step in 1..=training.steps {
        let picked: Vec<usize> = (0..count).map(|_| fitted[batches.random_range(0..fitted.len())]).collect();
        let loss = network.gradient(&x.select_rows(&picked), &targets.select_rows(&picked), &mut gradient);
        finite("training loss", step, loss)?;
        optimiser.adamw.lr = training.rate(step);
        finite("gradient", step, optimiser.step(network.weights_mut(), &gradient))?;
        watch.step(nth * training.steps + step, of * training.steps)?;
        if step % interval == 0 {
            let value = finite("validation loss", step, network.loss(&check_x, &check_targets))?;
            if value < best.1 {
                best = (network.clone(), value);
            }
        }
    }
    Ok(best)
}
