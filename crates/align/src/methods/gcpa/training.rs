//! Training of the corrector: the split of the rows, the steps, and the choice of the weights.

use rand::RngExt;

use super::data::TrainingData;
use super::params::GcpaParams;
use super::profile::{SampledValidation, Settings, Training, Validation};
use crate::corrector::train::{Adamw, Trainer};
use crate::corrector::{Batch, Corrector, Draw, Loss, NormalizedRows};
use crate::prep::norm;
use crate::progress::Watch;
use crate::report::CorrectorReport;
use crate::rng::{Purpose, permutation, stream};
use crate::{AlignError, FitReport, Matrix, Termination};

/// The draw of the rows that are held out for validation.
const HELD_OUT_ROWS: Purpose = Purpose::new(3);
/// The draws of the view and the rows of each training batch.
const BATCHES: Purpose = Purpose::new(4);
/// The draws of the view and the rows of each validation.
const VALIDATION_DRAWS: Purpose = Purpose::new(5);

/// A trained corrector. The scaffold in its report is still empty.
pub(super) struct Trained {
    pub(super) corrector: Corrector,
    pub(super) stop: Termination,
    pub(super) report: CorrectorReport,
}

/// Held-out rows and training rows.
struct Rows<T> {
    validation: T,
    train: T,
}

impl Rows<Vec<u32>> {
    /// `max(1, round(fraction·N))` rows of a random permutation are held out, the same for all views.
    fn split(total: usize, fraction: f64, seed: u64) -> Self {
        let held_out = ((fraction * total as f64).round_ties_even() as usize).clamp(1, total - 1);
        let order = permutation(total, &mut stream(seed, HELD_OUT_ROWS, None));
        let order: Vec<u32> = order.into_iter().map(|i| i as u32).collect();
        Self { validation: order[..held_out].to_vec(), train: order[held_out..].to_vec() }
    }
}

/// Largest number of rows of a validation draw. At that size checks are rarer and the patience is longer.
const VALIDATION_BATCH: usize = 4096;

/// Steps of the fast training in which its learning rate rises from zero.
const WARM_UP: f64 = 20.0;

/// Course of a training: a [`Training`] applied to a number of rows.
#[derive(Clone, Copy, Debug)]
struct Course {
    training: Training,
    steps: usize,
    batch: usize,
    lr: f64,
    /// Steps between validations.
    interval: usize,
    /// Number of validations without a better one after which the training stops.
    patience: usize,
}

impl Course {
    /// For this many training rows and this many rows per validation draw.
    fn new(training: Training, rows: usize, draw_rows: usize) -> Self {
        let Settings { epochs, steps_per_epoch, batch, lr, .. } = training.settings();
        let batch = batch.min(rows);
        let steps = match training {
            Training::Released(_) => epochs * steps_per_epoch.max(rows.div_ceil(batch)),
            Training::Fast(_) => epochs * steps_per_epoch,
        };
        let (interval, patience) = match training {
            Training::Released(_) if draw_rows < VALIDATION_BATCH => (20, 50),
            Training::Released(_) => (40, 100),
            // The learning rate ends at zero, so waiting for a better validation is pointless.
            Training::Fast(_) => ((steps / 16).max(1), usize::MAX),
        };
        Self { training, steps, batch, lr, interval, patience }
    }

    /// Learning rate of a step; the first step is 1.
    fn lr(&self, step: usize) -> f64 {
        match self.training {
            Training::Released(_) => self.lr,
            Training::Fast(_) => {
                let share = step as f64 / self.steps as f64;
                let warm = (step as f64 / WARM_UP).min(1.0);
                self.lr * warm * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
            }
        }
    }
}

/// Trains a corrector.
pub(super) fn train(params: &GcpaParams, data: &TrainingData, seed: u64, watch: &Watch) -> Result<Trained, AlignError> {
    let (width, total) = (data.consensus.cols(), data.consensus.rows());
    let Settings { weight_decay, validation_fraction, validation: chosen_by, .. } = params.training.settings();
    let rows = Rows::split(total, validation_fraction, seed);
    let own = Rows { validation: data.by_view(&rows.validation)?, train: data.by_view(&rows.train)? };
    let loss = params.loss();
    let validation = HeldOut::new(data, &own.validation, rows.validation.len());
    let course = Course::new(params.training, rows.train.len(), validation.draw_rows);

    let start = Corrector::new(width, params.hidden_width(width), seed)?;
    let adamw = Adamw { lr: course.lr, weight_decay, clip: 1.0 };
    let mut trainer = Trainer::new(start.clone(), adamw);
    let mut batches = stream(seed, BATCHES, None);
    let mut draws = stream(seed, VALIDATION_DRAWS, None);
    // A loss that is not finite is neither better nor worse than another, so it cannot choose weights.
    let mut validate = |corrector: &Corrector, step: usize| {
        let value = match chosen_by {
            Validation::Sampled(SampledValidation { batches }) => {
                validation.sampled(corrector, loss, batches, &mut draws)
            }
            Validation::Full => validation.exact(corrector, loss),
        };
        finite("validation loss", step, value)
    };
    let mut picked = Draw::default();
    let mut best: Option<(f64, usize, Corrector)> = match chosen_by {
        Validation::Sampled(_) => None,
        Validation::Full => Some((validate(&start, 0)?, 0, start.clone())),
    };
    let (mut failed, mut made, mut stop) = (0, 0, Termination::IterationCap);
    for step in 1..=course.steps {
        let view = batches.random_range(0..data.views.len());
        let from = &own.train[view];
        picked.redraw((0..course.batch).map(|_| from[batches.random_range(0..from.len())]));
        trainer.set_lr(course.lr(step));
        let seen = trainer.step(&Batch { x: &data.views[view], targets: &data.consensus, rows: &picked }, loss);
        finite("training loss", step, seen.loss)?;
        finite("gradient", step, seen.gradient_norm)?;
        made = step;
        watch.step(step, course.steps)?;
        if step % course.interval == 0 {
            let value = validate(trainer.corrector(), step)?;
            if best.as_ref().is_none_or(|(least, ..)| value < *least) {
                best = Some((value, step, trainer.corrector().clone()));
                failed = 0;
            } else {
                failed += 1;
                if failed == course.patience {
                    stop = Termination::Patience;
                    break;
                }
            }
        }
    }
    // A run shorter than the check interval keeps its last weights.
    let (best_loss, best_step, corrector) = match best {
        Some(best) => best,
        None => (validate(trainer.corrector(), made)?, made, trainer.corrector().clone()),
    };
    let mean_loss = |corrector: &Corrector, rows: &[Vec<u32>]| mean_loss(corrector, data, rows, loss);
    let report = CorrectorReport {
        scaffold: Box::new(FitReport::closed_form(0, 0, None)),
        steps: made,
        best_step,
        best_loss,
        identity_train_loss: mean_loss(&start, &own.train),
        train_loss: mean_loss(&corrector, &own.train),
        identity_validation_loss: mean_loss(&start, &own.validation),
        validation_loss: mean_loss(&corrector, &own.validation),
        drift_mean: mean_drift(&corrector, data),
    };
    Ok(Trained { corrector, stop, report })
}

/// The value, or an error if it is not finite.
fn finite(what: &'static str, iteration: usize, value: f64) -> Result<f64, AlignError> {
    if value.is_finite() { Ok(value) } else { Err(AlignError::Diverged { method: "gcpa", what, iteration, value }) }
}

/// Held-out rows of all views, stacked, so that one pass gives the loss of every row.
struct HeldOut {
    /// The views' rows stacked, Σ n_m × D.
    x: NormalizedRows,
    targets: Matrix,
    /// Range of the rows of each view.
    views: Vec<std::ops::Range<usize>>,
    draw_rows: usize,
    /// Number of draws that one pass over the held-out items takes.
    least_draws: usize,
}

impl HeldOut {
    /// `rows` holds the rows of each view; `items` is the number of held-out items.
    fn new(data: &TrainingData, rows: &[Vec<u32>], items: usize) -> Self {
        let rows: Vec<Vec<usize>> = rows.iter().map(|rows| rows.iter().map(|&i| i as usize).collect()).collect();
        let picked: Vec<NormalizedRows> = data.views.iter().zip(&rows).map(|(view, rows)| view.select(rows)).collect();
        let mut end = 0;
        let views = rows.iter().map(|rows| {
            end += rows.len();
            end - rows.len()..end
        });
        let views = views.collect();
        let draw_rows = items.min(VALIDATION_BATCH);
        Self {
            x: NormalizedRows::stack(&picked),
            targets: data.consensus.select_rows(&rows.concat()),
            views,
            draw_rows,
            least_draws: items.div_ceil(draw_rows),
        }
    }

    /// Mean over draws of (one random view, rows with replacement): the noisy value by which the released form chooses
    /// its weights.
    fn sampled(&self, corrector: &Corrector, loss: Loss, batches: usize, rng: &mut crate::rng::Stream) -> f64 {
        let draws = batches.max(self.least_draws);
        let per_row = loss.per_row(corrector, &self.x, &self.targets);
        let mut total = 0.0;
        for _ in 0..draws {
            let losses = &per_row[self.views[rng.random_range(0..self.views.len())].clone()];
            let sum: f64 = (0..self.draw_rows).map(|_| f64::from(losses[rng.random_range(0..losses.len())])).sum();
            total += sum / self.draw_rows as f64;
        }
        total / draws as f64
    }

    /// Mean over all held-out rows.
    fn exact(&self, corrector: &Corrector, loss: Loss) -> f64 {
        let losses = loss.per_row(corrector, &self.x, &self.targets);
        losses.iter().copied().map(f64::from).sum::<f64>() / losses.len() as f64
    }
}

/// Exact mean over the given rows of every view.
fn mean_loss(corrector: &Corrector, data: &TrainingData, rows: &[Vec<u32>], loss: Loss) -> f64 {
    let (mut total, mut count) = (0.0, 0);
    for (view, rows) in data.views.iter().zip(rows) {
        let rows: Vec<usize> = rows.iter().map(|&i| i as usize).collect();
        let losses = loss.per_row(corrector, &view.select(&rows), &data.consensus.select_rows(&rows));
        total = losses.into_iter().map(f64::from).fold(total, |total, loss| total + loss);
        count += rows.len();
    }
    total / count as f64
}

/// Mean of `1 − cos(f(u), u)` over all rows that exist.
fn mean_drift(corrector: &Corrector, data: &TrainingData) -> f64 {
    let (mut total, mut count) = (0.0, 0);
    for (m, view) in data.views.iter().enumerate() {
        let corrected = corrector.apply_prepared(view);
        for i in (0..view.rows()).filter(|&i| data.has(m, i)) {
            let (y, v) = (corrected.row(i), view.unit().row(i));
            let dot: f64 = y.iter().zip(v).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let lengths = f64::from(norm(y)) * f64::from(norm(v));
            total += 1.0 - dot / lengths.max(f64::MIN_POSITIVE);
            count += 1;
        }
    }
    total / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::gcpa::profile::ReleasedTraining;
    use crate::methods::gpa::GpaParams;
    use crate::views::synthetic::Synthetic;

    #[test]
    fn a_validation_loss_that_is_no_number_ends_the_training() {
        let synthetic = Synthetic { widths: vec![6; 2], fit_rows: 60, test_rows: 1, ..Synthetic::default() };
        let views = synthetic.generate(1).expect("valid").train.views;
        let fit = crate::Method::from(GpaParams::default()).fit(&views, 0).expect("valid");
        let mut data = TrainingData::new("gcpa", fit.fitted.universe().expect("GPA has one"), &views).expect("valid");
        let params = |validation| {
            let short = ReleasedTraining { epochs: 1, steps_per_epoch: 25, validation, ..ReleasedTraining::default() };
            GcpaParams { training: Training::Released(short), ..GcpaParams::default() }
        };
        let sampled = Validation::Sampled(SampledValidation::default());
        for (validation, iteration) in [(sampled, 20), (Validation::Full, 0)] {
            assert!(train(&params(validation), &data, 3, &Watch::default()).is_ok());
            let rows = Rows::split(60, params(validation).training.settings().validation_fraction, 3).validation;
            let whole = data.consensus.clone();
            rows.iter().for_each(|&row| data.consensus.row_mut(row as usize)[0] = f32::NAN);
            let error = train(&params(validation), &data, 3, &Watch::default())
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            let want = format!("gcpa: validation loss became NaN at iteration {iteration}");
            assert!(error.starts_with(&want), "{error}");
            data.consensus = whole;
        }
    }
}
