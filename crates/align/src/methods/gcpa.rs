//! GCPA: a GPA scaffold and one shared corrector trained towards the consensus of all views.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::corrector::train::{Adamw, Batch, Draw, Loss, Trainer};
use crate::corrector::{Corrector, Prepared};
use crate::method::ensure;
use crate::methods::gpa::GpaParams;
use crate::prep::{ConstantColumns, norm, unit_rows};
use crate::report::CorrectorReport;
use crate::rng::{Purpose, permutation, stream};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Spaces, Stop, Universe};

/// Parameters of `gcpa`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GcpaParams {
    /// Most sweeps of the GPA scaffold.
    pub max_iter: usize,
    /// Tolerance of the GPA scaffold.
    pub tol: f64,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
    /// Trust radius τ: drift (1 − cos) below it costs nothing.
    pub tau: f64,
    /// Weight λ of drift beyond τ.
    pub lambda: f64,
    /// Hidden width as a multiple of the universe's.
    pub hidden: f64,
    /// Most epochs.
    pub epochs: usize,
    /// Steps of an epoch, unless a pass over the rows takes more.
    pub steps_per_epoch: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Learning rate of AdamW.
    pub lr: f64,
    /// Decoupled weight decay, on every parameter.
    pub weight_decay: f64,
    /// Fraction of the rows held out to choose the weights.
    pub validation_fraction: f64,
    /// Draws averaged by one validation.
    pub validation_batches: usize,
    /// Give corrected vectors back the length they had in the universe.
    pub rescale: bool,
}

impl Default for GcpaParams {
    fn default() -> Self {
        Self {
            max_iter: 100,
            tol: 1e-8,
            constant_columns: ConstantColumns::default(),
            tau: 0.08,
            lambda: 0.7,
            hidden: 2.0,
            epochs: 50,
            steps_per_epoch: 200,
            batch: 4096,
            lr: 2e-3,
            weight_decay: 1e-4,
            validation_fraction: 0.1,
            validation_batches: 50,
            rescale: false,
        }
    }
}

impl GcpaParams {
    pub(crate) fn validate(&self) -> Result<(), AlignError> {
        const ME: &str = "gcpa";
        self.scaffold().validate(ME)?;
        ensure((0.0..=2.0).contains(&self.tau), ME, "tau", self.tau, "a number from 0 to 2")?;
        ensure(
            self.lambda >= 0.0 && self.lambda.is_finite(),
            ME,
            "lambda",
            self.lambda,
            "a finite number, 0 or above",
        )?;
        ensure(self.hidden > 0.0 && self.hidden <= 64.0, ME, "hidden", self.hidden, "a number above 0, at most 64")?;
        ensure(self.epochs >= 1, ME, "epochs", self.epochs, "at least 1")?;
        ensure(self.steps_per_epoch >= 1, ME, "steps_per_epoch", self.steps_per_epoch, "at least 1")?;
        ensure(self.batch >= 1, ME, "batch", self.batch, "at least 1")?;
        ensure(self.lr > 0.0 && self.lr.is_finite(), ME, "lr", self.lr, "a finite number above 0")?;
        let decay = self.weight_decay;
        ensure(decay >= 0.0 && decay.is_finite(), ME, "weight_decay", decay, "a finite number, 0 or above")?;
        let fraction = self.validation_fraction;
        ensure(fraction > 0.0 && fraction < 1.0, ME, "validation_fraction", fraction, "a number between 0 and 1")?;
        ensure(self.validation_batches >= 1, ME, "validation_batches", self.validation_batches, "at least 1")
    }

    /// The GPA that it starts from.
    pub(crate) fn scaffold(&self) -> GpaParams {
        GpaParams { max_iter: self.max_iter, tol: self.tol, constant_columns: self.constant_columns }
    }

    fn loss(&self) -> Loss {
        Loss { tau: self.tau as f32, lambda: self.lambda as f32 }
    }

    /// Hidden width for a universe of width D: `max(8, round(hidden·D))`, halves to even.
    fn hidden_width(&self, width: usize) -> usize {
        ((self.hidden * width as f64).round_ties_even() as usize).max(8)
    }
}

/// Fits GPA, takes each item's consensus direction `norm(1/M Σ_m norm(u_m))`, and trains the corrector to
/// turn every view's universe vectors towards it, held back by a penalty on drift beyond τ.
///
/// Source: arXiv 2602.06205, in the released form: a batch is one uniformly drawn view and rows drawn with
/// replacement; validation averages sampled draws, which is noisy; its rows also fed GPA and the
/// consensus; the identity (step 0) is never a candidate; no inverse of the corrector exists, so
/// translation is `f(u) R_tᵀ`. Departs: a row's validation loss is computed once per check, not once
/// per draw that hits it. Cost of a step at H = 2D: 24·batch·D² flops.
///
/// Where views miss items, an item's direction is the mean over the views that have it, and the corrector trains
/// on the items that two views have at least: an item of one view alone is its own consensus.
///
/// `base` is the fit of [`GcpaParams::scaffold`] on the same rows.
pub(crate) fn fit_on(params: &GcpaParams, base: &Fit, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
    let Some(universe) = base.fitted.universe() else {
        return Err(AlignError::NoSuchSpace { method: "the base of gcpa", space: "universe", offers: "others" });
    };
    let scaffold = base.report.clone();
    let data = TrainingData::new(universe, train)?;
    let trained = train_corrector(params, &data, seed)?;
    let report = FitReport {
        stop: trained.stop,
        iterations: Some(trained.report.steps),
        objective: Some(trained.report.train_loss),
        residual: scaffold.residual,
        maps: scaffold.maps,
        parameters: scaffold.parameters + trained.corrector.parameters(),
        corrector: Some(CorrectorReport { scaffold: Box::new(scaffold), ..trained.report }),
    };
    let universe = universe.clone().with_corrector(trained.corrector, params.rescale);
    Ok(Fit { fitted: Fitted::Universe(universe), report })
}

/// What the corrector trains on: every view's linear universe vectors of the items that two views have at least,
/// and those items' consensus directions.
struct TrainingData {
    views: Vec<Prepared>,
    consensus: Matrix,
    spaces: Spaces,
}

impl TrainingData {
    fn new(universe: &Universe, train: &Spaces) -> Result<Self, AlignError> {
        let eligible: Vec<usize> = (0..train.rows()).filter(|&row| train.views_of(row) >= 2).collect();
        if eligible.len() < 2 {
            return Err(AlignError::TooFewRows { method: "gcpa", got: eligible.len(), want: 2 });
        }
        let spaces = if eligible.len() == train.rows() { train.clone() } else { train.select_rows(&eligible) };
        let views: Result<Vec<Prepared>, AlignError> =
            spaces.iter().map(|s| Ok(Prepared::new(&universe.project_linear(s.name(), s.values())?))).collect();
        let views = views?;
        let consensus = consensus_directions(&views, |view, row| spaces.nth(view).has(row));
        Ok(Self { views, consensus, spaces })
    }

    /// Those of `rows` that a view has.
    fn of_view(&self, view: usize, rows: &[u32]) -> Result<Vec<u32>, AlignError> {
        let space = self.spaces.nth(view);
        let own: Vec<u32> = rows.iter().copied().filter(|&row| space.has(row as usize)).collect();
        if own.is_empty() {
            return Err(AlignError::TooFewPresent { name: space.name().to_string(), got: 0, want: 1 });
        }
        Ok(own)
    }

    /// As [`TrainingData::of_view`], of every view.
    fn by_view(&self, rows: &[u32]) -> Result<Vec<Vec<u32>>, AlignError> {
        (0..self.views.len()).map(|view| self.of_view(view, rows)).collect()
    }
}

/// `C_i = norm(mean over the views that have item i of norm(u_{m,i}))`, N × D, over all fit rows.
pub fn consensus_directions(prepared: &[Prepared], has: impl Fn(usize, usize) -> bool) -> Matrix {
    let mut mean = Matrix::<f32>::zeros(prepared[0].rows(), prepared[0].unit().cols());
    for i in 0..mean.rows() {
        let row = mean.row_mut(i);
        let mut views = 0;
        for (_, view) in prepared.iter().enumerate().filter(|(m, _)| has(*m, i)) {
            row.iter_mut().zip(view.unit().row(i)).for_each(|(m, &v)| *m += v);
            views += 1;
        }
        let scale = 1.0 / views.max(1) as f32;
        row.iter_mut().for_each(|m| *m *= scale);
    }
    unit_rows(&mean)
}

struct Trained {
    corrector: Corrector,
    stop: Stop,
    report: CorrectorReport,
}

/// Rows held out and rows trained on.
struct Rows<T> {
    validation: T,
    train: T,
}

impl Rows<Vec<u32>> {
    /// `max(1, round(fraction·N))` rows of a random permutation are held out, the same for all views.
    fn split(total: usize, fraction: f64, seed: u64) -> Self {
        let held_out = ((fraction * total as f64).round_ties_even() as usize).clamp(1, total - 1);
        let order = permutation(total, &mut stream(seed, Purpose::ValidationRows, None));
        let order: Vec<u32> = order.into_iter().map(|i| i as u32).collect();
        Self { validation: order[..held_out].to_vec(), train: order[held_out..].to_vec() }
    }
}

/// Largest number of rows in a validation draw; at that size checks are rarer and patience longer.
const VALIDATION_BATCH: usize = 4096;

fn train_corrector(params: &GcpaParams, data: &TrainingData, seed: u64) -> Result<Trained, AlignError> {
    let (width, total) = (data.consensus.cols(), data.consensus.rows());
    let rows = Rows::split(total, params.validation_fraction, seed);
    let own = Rows { validation: data.by_view(&rows.validation)?, train: data.by_view(&rows.train)? };
    let loss = params.loss();
    let validation = Validation::new(params, data, &own.validation, rows.validation.len());

    let batch = rows.train.len().min(params.batch);
    let steps = params.epochs * params.steps_per_epoch.max(rows.train.len().div_ceil(batch));
    let (interval, patience) = if validation.draw_rows < VALIDATION_BATCH { (20, 50) } else { (40, 100) };

    let start = Corrector::new(width, params.hidden_width(width), seed);
    let adamw = Adamw { lr: params.lr, weight_decay: params.weight_decay, clip: 1.0 };
    let mut trainer = Trainer::new(start.clone(), adamw);
    let mut batches = stream(seed, Purpose::CorrectorBatches, None);
    let mut draws = stream(seed, Purpose::ValidationDraws, None);
    let mut picked = Draw::default();
    let mut best: Option<(f64, usize, Corrector)> = None;
    let (mut failed, mut made, mut stop) = (0, 0, Stop::IterationCap);
    for step in 1..=steps {
        let view = batches.random_range(0..data.views.len());
        let from = &own.train[view];
        picked.redraw((0..batch).map(|_| from[batches.random_range(0..from.len())]));
        let seen = trainer.step(&Batch { x: &data.views[view], targets: &data.consensus, rows: &picked }, loss);
        if !seen.loss.is_finite() {
            return Err(AlignError::Diverged {
                method: "gcpa",
                what: "training loss",
                iteration: step,
                value: seen.loss,
            });
        }
        made = step;
        if step % interval == 0 {
            let sampled = validation.sampled(trainer.corrector(), loss, &mut draws);
            if best.as_ref().is_none_or(|(value, ..)| sampled < *value) {
                best = Some((sampled, step, trainer.corrector().clone()));
                failed = 0;
            } else {
                failed += 1;
                if failed == patience {
                    stop = Stop::Patience;
                    break;
                }
            }
        }
    }
    // A run shorter than the check interval keeps its last weights.
    let (best_sampled_loss, best_step, corrector) = best.unwrap_or_else(|| {
        let last = trainer.corrector().clone();
        (validation.sampled(&last, loss, &mut draws), made, last)
    });
    let mean_loss = |corrector: &Corrector, rows: &[Vec<u32>]| mean_loss(corrector, data, rows, loss);
    let report = CorrectorReport {
        scaffold: Box::new(FitReport::closed_form(0, 0, None)),
        steps: made,
        best_step,
        best_sampled_loss,
        identity_train_loss: mean_loss(&start, &own.train),
        train_loss: mean_loss(&corrector, &own.train),
        identity_validation_loss: mean_loss(&start, &own.validation),
        validation_loss: mean_loss(&corrector, &own.validation),
        drift_mean: mean_drift(&corrector, data),
    };
    Ok(Trained { corrector, stop, report })
}

/// Held-out rows of every view, side by side, so that one pass gives every row's loss.
struct Validation {
    /// The views' rows stacked, Σ n_m × D.
    x: Prepared,
    targets: Matrix,
    /// Where each view's rows lie.
    views: Vec<std::ops::Range<usize>>,
    draw_rows: usize,
    draws: usize,
}

impl Validation {
    /// `rows` by view, of `items` held-out items in all.
    fn new(params: &GcpaParams, data: &TrainingData, rows: &[Vec<u32>], items: usize) -> Self {
        let rows: Vec<Vec<usize>> = rows.iter().map(|rows| rows.iter().map(|&i| i as usize).collect()).collect();
        let picked: Vec<Prepared> = data.views.iter().zip(&rows).map(|(view, rows)| view.select(rows)).collect();
        let mut end = 0;
        let views = rows.iter().map(|rows| {
            end += rows.len();
            end - rows.len()..end
        });
        let views = views.collect();
        let draw_rows = items.min(VALIDATION_BATCH);
        Self {
            x: Prepared::stack(&picked),
            targets: data.consensus.select_rows(&rows.concat()),
            views,
            draw_rows,
            draws: params.validation_batches.max(items.div_ceil(draw_rows)),
        }
    }

    /// Mean over draws of (one random view, rows with replacement): the noisy figure that the released
    /// form chooses its weights by.
    fn sampled(&self, corrector: &Corrector, loss: Loss, rng: &mut crate::rng::Stream) -> f64 {
        let per_row = loss.per_row(corrector, &self.x, &self.targets);
        let mut total = 0.0;
        for _ in 0..self.draws {
            let losses = &per_row[self.views[rng.random_range(0..self.views.len())].clone()];
            let sum: f64 = (0..self.draw_rows).map(|_| f64::from(losses[rng.random_range(0..losses.len())])).sum();
            total += sum / self.draw_rows as f64;
        }
        total / self.draws as f64
    }
}

/// Exact mean over every view's given rows.
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

/// Mean over all rows that there are of `1 − cos(f(u), u)`.
fn mean_drift(corrector: &Corrector, data: &TrainingData) -> f64 {
    let (mut total, mut count) = (0.0, 0);
    for (view, space) in data.views.iter().zip(data.spaces.iter()) {
        let corrected = corrector.apply_prepared(view);
        for i in (0..view.rows()).filter(|&i| space.has(i)) {
            let (y, v) = (corrected.row(i), view.unit().row(i));
            let dot: f64 = y.iter().zip(v).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let lengths = f64::from(norm(y)) * f64::from(norm(v));
            total += 1.0 - dot / lengths.max(f64::MIN_POSITIVE);
            count += 1;
        }
    }
    total / f64::from(count)
}
