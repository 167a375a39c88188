//! GCPA: a GPA scaffold and one shared corrector trained towards the consensus of all views.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::corrector::train::{Adamw, Batch, Loss, Trainer};
use crate::corrector::{Corrector, Prepared};
use crate::method::ensure;
use crate::methods::gpa::GpaParams;
use crate::prep::{ConstantColumns, norm, unit_rows};
use crate::report::CorrectorReport;
use crate::rng::{Purpose, permutation, stream};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Spaces, Stop};

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
/// `base` is the fit of [`GcpaParams::scaffold`] on the same rows.
pub(crate) fn fit_on(params: &GcpaParams, base: &Fit, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
    if train.rows() < 2 {
        return Err(AlignError::TooFewRows { method: "gcpa", got: train.rows(), want: 2 });
    }
    let Some(universe) = base.fitted.universe() else {
        return Err(AlignError::NoSuchSpace { method: "the base of gcpa", space: "universe", offers: "others" });
    };
    let scaffold = base.report.clone();
    let prepared: Result<Vec<Prepared>, AlignError> =
        train.iter().map(|s| Ok(Prepared::new(&universe.project_linear(s.name(), s.values())?))).collect();
    let prepared = prepared?;
    let consensus = consensus_directions(&prepared);
    let trained = train_corrector(params, &prepared, &consensus, seed)?;
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

/// `C_i = norm(1/M Σ_m norm(u_{m,i}))`, N × D, over all fit rows.
pub fn consensus_directions(prepared: &[Prepared]) -> Matrix {
    let mut mean = Matrix::<f32>::zeros(prepared[0].rows(), prepared[0].unit().cols());
    for view in prepared {
        mean.as_mut_slice().iter_mut().zip(view.unit().as_slice()).for_each(|(m, &v)| *m += v);
    }
    let scale = 1.0 / prepared.len() as f32;
    mean.as_mut_slice().iter_mut().for_each(|m| *m *= scale);
    unit_rows(&mean)
}

struct Trained {
    corrector: Corrector,
    stop: Stop,
    report: CorrectorReport,
}

/// Rows held out and rows trained on.
struct Rows {
    validation: Vec<u32>,
    train: Vec<u32>,
}

impl Rows {
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

fn train_corrector(
    params: &GcpaParams,
    prepared: &[Prepared],
    consensus: &Matrix,
    seed: u64,
) -> Result<Trained, AlignError> {
    let width = consensus.cols();
    let rows = Rows::split(consensus.rows(), params.validation_fraction, seed);
    let loss = params.loss();
    let validation = Validation::new(params, prepared, consensus, &rows.validation);

    let batch = rows.train.len().min(params.batch);
    let steps = params.epochs * params.steps_per_epoch.max(rows.train.len().div_ceil(batch));
    let (interval, patience) = if validation.draw_rows < VALIDATION_BATCH { (20, 50) } else { (40, 100) };

    let start = Corrector::new(width, params.hidden_width(width), seed);
    let adamw = Adamw { lr: params.lr, weight_decay: params.weight_decay, clip: 1.0 };
    let mut trainer = Trainer::new(start.clone(), adamw);
    let mut batches = stream(seed, Purpose::CorrectorBatches, None);
    let mut draws = stream(seed, Purpose::ValidationDraws, None);
    let mut picked = vec![0u32; batch];
    let mut best: Option<(f64, usize, Corrector)> = None;
    let (mut failed, mut made, mut stop) = (0, 0, Stop::IterationCap);
    for step in 1..=steps {
        let view = batches.random_range(0..prepared.len());
        picked.fill_with(|| rows.train[batches.random_range(0..rows.train.len())]);
        let seen = trainer.step(&Batch { x: &prepared[view], targets: consensus, rows: &picked }, loss);
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
    let mean_loss = |corrector: &Corrector, rows: &[u32]| mean_loss(corrector, prepared, consensus, rows, loss);
    let report = CorrectorReport {
        scaffold: Box::new(FitReport::closed_form(0, 0, None)),
        steps: made,
        best_step,
        best_sampled_loss,
        identity_train_loss: mean_loss(&start, &rows.train),
        train_loss: mean_loss(&corrector, &rows.train),
        identity_validation_loss: mean_loss(&start, &rows.validation),
        validation_loss: mean_loss(&corrector, &rows.validation),
        drift_mean: mean_drift(&corrector, prepared),
    };
    Ok(Trained { corrector, stop, report })
}

/// Held-out rows of every view, side by side, so that one pass gives every row's loss.
struct Validation {
    /// Views stacked, M·n_val × D.
    x: Prepared,
    targets: Matrix,
    rows: usize,
    views: usize,
    draw_rows: usize,
    draws: usize,
}

impl Validation {
    fn new(params: &GcpaParams, prepared: &[Prepared], consensus: &Matrix, rows: &[u32]) -> Self {
        let rows: Vec<usize> = rows.iter().map(|&i| i as usize).collect();
        let draw_rows = rows.len().min(VALIDATION_BATCH);
        let picked: Vec<Prepared> = prepared.iter().map(|view| view.select(&rows)).collect();
        let targets = consensus.select_rows(&rows);
        let views = prepared.len();
        Self {
            x: Prepared::stack(&picked),
            targets: Matrix::from_vec(views * rows.len(), targets.cols(), targets.as_slice().repeat(views)),
            rows: rows.len(),
            views,
            draw_rows,
            draws: params.validation_batches.max(rows.len().div_ceil(draw_rows)),
        }
    }

    /// Mean over draws of (one random view, rows with replacement): the noisy figure that the released
    /// form chooses its weights by.
    fn sampled(&self, corrector: &Corrector, loss: Loss, rng: &mut crate::rng::Stream) -> f64 {
        let per_row = loss.per_row(corrector, &self.x, &self.targets);
        let mut total = 0.0;
        for _ in 0..self.draws {
            let view = rng.random_range(0..self.views);
            let losses = &per_row[view * self.rows..(view + 1) * self.rows];
            let sum: f64 = (0..self.draw_rows).map(|_| f64::from(losses[rng.random_range(0..self.rows)])).sum();
            total += sum / self.draw_rows as f64;
        }
        total / self.draws as f64
    }
}

/// Exact mean over the given rows and all views.
fn mean_loss(corrector: &Corrector, prepared: &[Prepared], consensus: &Matrix, rows: &[u32], loss: Loss) -> f64 {
    let rows: Vec<usize> = rows.iter().map(|&i| i as usize).collect();
    let targets = consensus.select_rows(&rows);
    let total: f64 =
        prepared.iter().flat_map(|view| loss.per_row(corrector, &view.select(&rows), &targets)).map(f64::from).sum();
    total / (rows.len() * prepared.len()) as f64
}

/// Mean over all rows and views of `1 − cos(f(u), u)`.
fn mean_drift(corrector: &Corrector, prepared: &[Prepared]) -> f64 {
    let mut total = 0.0;
    for view in prepared {
        let corrected = corrector.apply_prepared(view);
        for i in 0..view.rows() {
            let (y, v) = (corrected.row(i), view.unit().row(i));
            let dot: f64 = y.iter().zip(v).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let lengths = f64::from(norm(y)) * f64::from(norm(v));
            total += 1.0 - dot / lengths.max(f64::MIN_POSITIVE);
        }
    }
    total / (prepared.len() * prepared[0].rows()) as f64
}
