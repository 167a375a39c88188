//! Training of the corrector: the split of the rows, the steps, and the choice of the weights.

use rand::RngExt;

use super::examples::Examples;
use super::params::GcpaParams;
use super::profile::{SampledValidation, Settings, Training, Validation};
use crate::corrector::train::{Adamw, StepReport, Trainer};
use crate::corrector::{Corrector, Draw, Loss, NormalizedRows};
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

/// Most items that are held out. They are in memory during the training, and every validation computes them all.
const MOST_HELD_OUT: usize = 16_384;

/// Most training items over which the losses of the report are means: nine times as many, so that nothing is sampled
/// where a tenth of the items is held out and fits.
const MOST_MEASURED: usize = 9 * MOST_HELD_OUT;

/// Held-out items and training items.
struct Items {
    /// A random order of all items, of which the first are held out.
    order: Vec<u32>,
    held_out: usize,
}

impl Items {
    /// `max(1, round(fraction·N))` items are held out, at most [`MOST_HELD_OUT`], the same for all views.
    fn split(total: usize, fraction: f64, seed: u64) -> Self {
        let share = (fraction * total as f64).round_ties_even() as usize;
        let order = permutation(total, &mut stream(seed, HELD_OUT_ROWS, None));
        let order = order.into_iter().map(|i| i as u32).collect();
        Self { order, held_out: share.min(MOST_HELD_OUT).clamp(1, total - 1) }
    }

    fn validation(&self) -> &[u32] {
        &self.order[..self.held_out]
    }

    fn train(&self) -> &[u32] {
        &self.order[self.held_out..]
    }

    /// The training items over which losses are means.
    fn measured(&self) -> &[u32] {
        let train = self.train();
        &train[..train.len().min(MOST_MEASURED)]
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
pub(super) fn train(params: &GcpaParams, data: &dyn Examples, seed: u64, watch: &Watch) -> Result<Trained, AlignError> {
    let width = data.width();
    let Settings { weight_decay, validation_fraction, validation: chosen_by, .. } = params.training.settings();
    let items = Items::split(data.items(), validation_fraction, seed);
    let own = data.by_view(items.train())?;
    let loss = params.loss();
    let validation = HeldOut::new(data, items.validation())?;
    let course = Course::new(params.training, items.train().len(), validation.draw_rows);

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
        let view = batches.random_range(0..data.views());
        let from = &own[view];
        picked.redraw((0..course.batch).map(|_| from[batches.random_range(0..from.len())]));
        trainer.set_lr(course.lr(step));
        let mut seen = Ok(());
        data.batch(view, &picked, &mut |batch| {
            let StepReport { loss, gradient_norm } = trainer.step(batch, loss);
            seen = finite("training loss", step, loss).and_then(|_| finite("gradient", step, gradient_norm)).map(drop);
        })?;
        seen?;
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
    let both = Both { start: &start, trained: &corrector, loss };
    let train = both.over(data, items.measured())?;
    let validation = both.over(data, items.validation())?;
    let report = CorrectorReport {
        scaffold: Box::new(FitReport::closed_form(0, 0, None)),
        steps: made,
        best_step,
        best_loss,
        identity_train_loss: train.identity_loss / train.rows as f64,
        train_loss: train.loss / train.rows as f64,
        identity_validation_loss: validation.identity_loss / validation.rows as f64,
        validation_loss: validation.loss / validation.rows as f64,
        drift_mean: (train.drift + validation.drift) / (train.rows + validation.rows) as f64,
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
    fn new(data: &dyn Examples, items: &[u32]) -> Result<Self, AlignError> {
        let (mut rows, mut targets, mut views, mut end) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (view, own) in data.by_view(items)?.iter().enumerate() {
            for piece in own.chunks(PIECE) {
                let (x, consensus) = data.select(view, piece)?;
                rows.push(x);
                targets.extend(consensus.into_vec());
            }
            views.push(end..end + own.len());
            end += own.len();
        }
        let draw_rows = items.len().min(VALIDATION_BATCH);
        Ok(Self {
            x: NormalizedRows::stack(&rows),
            targets: Matrix::from_vec(end, data.width(), targets),
            views,
            draw_rows,
            least_draws: items.len().div_ceil(draw_rows),
        })
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

/// Rows of a view that are read at a time, whole blocks of the corrector.
const PIECE: usize = 4096;

/// The corrector before its training and after it.
struct Both<'a> {
    start: &'a Corrector,
    trained: &'a Corrector,
    loss: Loss,
}

/// Sums over rows.
#[derive(Default)]
struct Sums {
    /// Loss of the corrector before its training.
    identity_loss: f64,
    /// Loss of the trained corrector.
    loss: f64,
    /// Drift of the trained corrector.
    drift: f64,
    rows: usize,
}

impl Both<'_> {
    /// Exact sums over these items of every view.
    fn over(&self, data: &dyn Examples, items: &[u32]) -> Result<Sums, AlignError> {
        let mut sums = Sums::default();
        for (view, own) in data.by_view(items)?.iter().enumerate() {
            for piece in own.chunks(PIECE) {
                let (x, targets) = data.select(view, piece)?;
                for loss in self.loss.per_row(self.start, &x, &targets) {
                    sums.identity_loss += f64::from(loss);
                }
                for (loss, drift) in self.loss.and_drift(self.trained, &x, &targets) {
                    sums.loss += f64::from(loss);
                    sums.drift += f64::from(drift);
                }
            }
            sums.rows += own.len();
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::gcpa::data::TrainingData;
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
            let items = Items::split(60, params(validation).training.settings().validation_fraction, 3);
            let whole = data.consensus.clone();
            items.validation().iter().for_each(|&row| data.consensus.row_mut(row as usize)[0] = f32::NAN);
            let error = train(&params(validation), &data, 3, &Watch::default())
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            let want = format!("gcpa: validation loss became NaN at iteration {iteration}");
            assert!(error.starts_with(&want), "{error}");
            data.consensus = whole;
        }
    }

    #[test]
    fn large_data_hold_out_and_measure_a_bounded_number_of_items() {
        let all = Items::split(163_840, 0.1, 1);
        assert_eq!((all.validation().len(), all.measured().len()), (16_384, 147_456));
        let mut together = [all.validation(), all.measured()].concat();
        together.sort_unstable();
        assert_eq!(together, (0..163_840).collect::<Vec<u32>>());
        let sampled = Items::split(1_000_000, 0.1, 1);
        assert_eq!((sampled.validation().len(), sampled.train().len()), (16_384, 983_616));
        let mut measured = [sampled.validation(), sampled.measured()].concat();
        measured.sort_unstable();
        assert_eq!(measured.len(), 163_840);
        assert!(measured.is_sorted_by(|a, b| a < b) && measured.iter().any(|&item| item > 990_000));
    }
}
