//! The slow step: cells that are not yet done, side by side, each kept as it ends.
//!
//! Every job has a thread pool of its own. Cells therefore never steal each other's threads: no
//! oversubscription, and a cell's CPU seconds are its own.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use align::{Dataset, FitReport};
use anyhow::{Context, Result};
use tasks::{Task, TaskInput};

use crate::cost::{Cost, PeakMemory, measured};
use crate::fits::{Fits, Fitting};
use crate::plan::{Cell, Plan, choice, params};
use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::record::Record;
use crate::store::{Store, StoredSeries};

/// How wide to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// Threads in all.
    pub threads: usize,
    /// Cells at a time.
    pub jobs: usize,
}

impl Width {
    /// Where the user does not say: all cores; one cell at a time with all threads inside it, unless there
    /// are so many cells that one thread each wastes less than the end of the queue does.
    pub fn choose(threads: Option<usize>, jobs: Option<usize>, cells: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or_else(cores).max(1);
        let jobs = jobs.unwrap_or(if cells >= 4 * threads { threads } else { 1 });
        Self { threads, jobs: jobs.clamp(1, threads) }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cells that were done before.
    pub before: usize,
    /// Cells done now.
    pub done: usize,
    /// Cells that failed now.
    pub failed: usize,
}

/// Runs the cells that the store does not have, the costliest first.
///
/// # Errors
/// What has been computed cannot be kept (disk full, folder gone). A cell that fails is no error here: it
/// becomes a record.
pub fn run(
    plan: &Plan,
    cells: &[&Cell],
    store: &Store,
    width: Width,
    provenance: &Provenance,
    fits: &Fits,
) -> Result<Tally> {
    let mut pending: Vec<&Cell> = cells.iter().copied().filter(|cell| !store.has(&cell.id)).collect();
    let before = cells.len() - pending.len();
    pending.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
    let weight = pending.iter().map(|cell| cell.weight()).sum();
    let progress = Progress::start(pending.len(), weight);
    let jobs = width.jobs.min(pending.len()).max(1);
    let threads = (width.threads / jobs).max(1);
    let queue = Mutex::new(pending.into_iter().collect::<VecDeque<_>>());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let outcome = Mutex::new((Tally { before, ..Tally::default() }, None));
    let context = Shared { plan, provenance, fits, threads, alone: jobs == 1 };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(cell) = next() {
                    let kept = run_and_keep(&context, cell, store, &progress);
                    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    match kept {
                        Ok(true) => outcome.0.done += 1,
                        Ok(false) => outcome.0.failed += 1,
                        Err(error) => {
                            outcome.1.get_or_insert(error);
                            // Nothing more can be kept, so nothing more is computed.
                            queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
                        }
                    }
                }
            });
        }
    });
    progress.finish();
    let (tally, error) = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    error.map_or(Ok(tally), Err)
}

/// What all cells of a run share.
struct Shared<'a> {
    plan: &'a Plan,
    provenance: &'a Provenance,
    fits: &'a Fits,
    threads: usize,
    alone: bool,
}

/// `true` for a cell that finished, `false` for one that failed and is kept as such.
fn run_and_keep(context: &Shared<'_>, cell: &Cell, store: &Store, progress: &Progress) -> Result<bool> {
    let start = std::time::Instant::now();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(context.threads).build().context("cannot start threads")?;
    let attempt = catch_unwind(AssertUnwindSafe(|| pool.install(|| run_cell(context, cell))));
    let Outcome { records, series, failures } = match attempt {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::failed(context, cell, &format!("{error:#}"))?,
        Err(panic) => {
            let message = format!("panicked: {}; this is a bug worth reporting", panic_message(&*panic));
            Outcome::failed(context, cell, &message)?
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    if failures.is_empty() {
        store.keep(&cell.id, &records, &series)?;
        progress.cell(&format!("{}: {seconds:.1} s", cell.label()), cell.weight());
    } else {
        store.keep_failed(&cell.id, &records)?;
        progress.cell(&format!("{} FAILED: {}", cell.label(), failures.join("; ")), cell.weight());
    }
    Ok(failures.is_empty())
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// What a cell leaves behind.
struct Outcome {
    records: Vec<Record>,
    series: Vec<StoredSeries>,
    failures: Vec<String>,
}

impl Outcome {
    fn failed(context: &Shared<'_>, cell: &Cell, error: &str) -> Result<Self> {
        let record = Record { error: Some(error.to_string()), ..context.record(cell)? };
        Ok(Self { records: vec![record], series: Vec::new(), failures: vec![error.to_string()] })
    }
}

impl Shared<'_> {
    /// The columns that all records of a cell share.
    fn record(&self, cell: &Cell) -> Result<Record> {
        Ok(Record {
            grid: self.plan.grid.value.name.clone(),
            cell: cell.id.clone(),
            data: self.plan.source.asked.clone(),
            stand_in: self.plan.source.stand_in.as_ref().map(|s| s.name.clone()),
            views: cell.views_column(),
            m: cell.views.len() as u64,
            method: Some(cell.method.name().into()),
            params: Some(params(&cell.method, cell.method.name())),
            noise: Some(cell.noise.label()),
            pairing: Some(choice(&self.plan.grid.value.pairing)),
            widths: Some(choice(&self.plan.grid.value.widths)),
            seed: Some(cell.seed),
            git: self.provenance.git.clone(),
            data_sha256: cell.data_sha256.clone(),
            host: self.provenance.host.clone(),
            cpu: self.provenance.cpu.clone(),
            threads: self.threads as u64,
            ..Record::default()
        })
    }
}

/// Noise on train, fit, then every task; a task that fails does not take the others with it.
fn run_cell(context: &Shared<'_>, cell: &Cell) -> Result<Outcome> {
    let memory = if context.alone { PeakMemory::start() } else { None };
    let data = context.plan.dataset(cell)?;
    let Fitting { fit, cost } = context.fits.of(context.plan, cell, &data)?;
    let shared = with_fit(context.record(cell)?, &fit.report, cost);
    let mut outcome = Outcome { records: Vec::new(), series: Vec::new(), failures: Vec::new() };
    for task in &context.plan.grid.value.tasks {
        run_task(task, &data, &fit.fitted, &shared, &mut outcome);
    }
    if let Some(peak) = memory.and_then(|m| m.megabytes()) {
        outcome.records.iter_mut().for_each(|record| record.peak_rss_mb = Some(peak));
    }
    Ok(outcome)
}

fn with_fit(record: Record, report: &FitReport, cost: Cost) -> Record {
    Record {
        fit_seconds: Some(cost.wall),
        fit_cpu_seconds: Some(cost.cpu),
        maps: Some(report.maps as u64),
        parameters: Some(report.parameters as u64),
        iterations: report.iterations.map(|i| i as u64),
        stop: Some(report.stop.name().into()),
        objective: report.objective,
        ..record
    }
}

fn run_task(task: &Task, data: &Dataset, fitted: &align::Fitted, shared: &Record, outcome: &mut Outcome) {
    let input = TaskInput::new(fitted, data);
    let (scores, cost) = measured(|| task.score(&input));
    let task_params = params(task, task.name());
    let shared = Record {
        task: Some(task.name().into()),
        task_params: Some(task_params.clone()),
        task_version: Some(task.version().into()),
        score_seconds: Some(cost.wall),
        ..shared.clone()
    };
    let scores = match scores {
        Ok(scores) => scores,
        Err(error) => {
            outcome.failures.push(format!("{}: {error}", task.name()));
            outcome.records.push(Record { error: Some(error.to_string()), ..shared });
            return;
        }
    };
    outcome.records.extend(scores.scores.into_iter().map(|score| Record {
        space: Some(score.space.name().into()),
        source: score.source,
        target: score.target,
        metric: Some(score.metric.name().into()),
        value: score.value,
        unit: Some(score.metric.unit().into()),
        n: Some(score.n as u64),
        error: score.reason,
        ..shared.clone()
    }));
    let stored = |series| StoredSeries { task: task.name().into(), task_params: task_params.clone(), series };
    outcome.series.extend(scores.series.into_iter().map(stored));
}
