//! The computation of the unfinished cells in parallel. Each cell is stored as soon as it ends.
//!
//! Every job has a thread pool of its own. Therefore cells do not take threads from each other: there are never more
//! threads than cores, and the CPU seconds of a cell are its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use align::{Coordinates, Dataset, FitReport, FitWarning, Labels, Split};
use anyhow::{Context as _, Result, anyhow, bail};
use tasks::{Quantity, Series, Task, TaskInput, group_series};

use crate::cells::cost::{Cost, PeakMemory, measured, resident};
use crate::cells::fits::{Fits, Fitting};
use crate::cells::forecast::Forecast;
use crate::cells::interrupt;
use crate::cells::isolate::Isolation;
use crate::cells::picture::picture;
use crate::cells::queue::{Queue, Waiting};
use crate::event::{Event, Observer};
use grid::keys::Params;
use grid::plan::{Cell, Plan, choice};
use store::cells::{DATA, ItemIds, State, Store, StoredSeries};
use store::durable::Durability;
use store::keeper::Keeper;
use store::picture::Picture;
use store::provenance::{LOCK_SHA256, Provenance, REVISION, now};
use store::record::{Record, SELECTION};

/// Bytes of the stack of a thread that runs cells. Methods of users call other libraries, of which some, such as OpenBLAS,
/// take half a megabyte at a time; main threads of programs have as much.
pub const STACK: usize = 8 << 20;

/// The number of threads and of parallel cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// Number of threads in all.
    pub threads: usize,
    /// Number of cells at the same time.
    pub jobs: usize,
}

impl Width {
    /// The default: all cores. One cell at a time uses all threads, unless there are so many cells that cells with one
    /// thread each lose less time than the end of the queue does.
    pub fn choose(threads: Option<usize>, jobs: Option<usize>, cells: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or_else(cores).max(1);
        let jobs = jobs.unwrap_or(if cells >= 4 * threads { threads } else { 1 });
        Self { threads, jobs: jobs.clamp(1, threads) }
    }
}

/// The result of the computation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of cells that were computed.
    pub done: usize,
    /// Number of cells that failed.
    pub failed: usize,
    /// Number of cells that were not started, because the run was interrupted or stopped at a failure.
    pub left: usize,
}

/// The cells to compute, and the settings.
pub struct Work<'a> {
    /// The plan of the cells.
    pub plan: &'a Plan,
    /// The cells.
    pub cells: Vec<&'a Cell>,
    /// The store for the results.
    pub store: &'a Store,
    /// Number of threads and of parallel cells.
    pub width: Width,
    /// The values that all records share.
    pub provenance: &'a Provenance,
    /// The shared fits.
    pub fits: &'a Fits,
    /// When files are forced to disk.
    pub durability: Durability,
    /// Limit on the memory of the process, in bytes.
    pub max_memory: Option<u64>,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// Settings of separate processes, if cells have a time limit.
    pub isolation: Option<Isolation>,
    /// The observer of the progress.
    pub observer: &'a dyn Observer,
}

impl Work<'_> {
    /// Computes the cells, those with the highest forecast first.
    ///
    /// # Errors
    /// What has been computed cannot be kept (disk full, folder gone). A cell that fails is no error here: it
    /// becomes a record.
    pub fn run(&self) -> Result<Tally> {
        let mut pending = self.cells.clone();
        pending.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
        let weight = pending.iter().map(|cell| cell.weight()).sum();
        self.observer.on_event(&Event::CellsBegin { cells: pending.len(), work: weight });
        let jobs = self.width.jobs.min(pending.len()).max(1);
        let threads = (self.width.threads / jobs).max(1);
        let queue = self.queue(pending);
        let keeper = Keeper::new(self.store, self.durability);
        let context = Context {
            plan: self.plan,
            provenance: self.provenance,
            fits: self.fits,
            threads,
            alone: jobs == 1 && self.isolation.is_none(),
        };
        let shared = Shared { work: self, context, keeper: &keeper };
        let outcome = Mutex::new((Tally::default(), None));
        let job = || {
            // Each job, not each cell, has a pool: threads are expensive compared with a small cell.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
            let pool = pool.context("cannot start threads");
            while let Some(waiting) = queue.next() {
                let kept = match &pool {
                    Ok(pool) => run_and_keep(&shared, waiting.cell, pool),
                    Err(error) => Err(anyhow!("{error:#}")),
                };
                queue.ended(waiting);
                let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                match kept {
                    Ok(Kept::Done) => outcome.0.done += 1,
                    Ok(Kept::Nothing) => {}
                    Ok(Kept::Failed) => {
                        outcome.0.failed += 1;
                        if self.fail_fast {
                            queue.stop();
                        }
                    }
                    Err(error) => {
                        outcome.1.get_or_insert(error);
                        // If results cannot be stored any more, no further cell is computed.
                        queue.stop();
                    }
                }
            }
        };
        let running = interrupt::Running::start();
        std::thread::scope(|scope| {
            keeper.start(scope);
            let jobs: Vec<_> = (0..jobs).map(|_| scope.spawn(job)).collect();
            // A panic of a job was caught inside the job.
            jobs.into_iter().for_each(|job| drop(job.join()));
            keeper.close();
        });
        drop(running);
        self.observer.on_event(&Event::CellsEnded);
        let (mut tally, error) = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        tally.left = self.cells.len() - tally.done - tally.failed;
        error.map_or(Ok(()), Err).and_then(|()| keeper.outcome())?;
        Ok(tally)
    }

    fn queue<'a>(&'a self, pending: Vec<&'a Cell>) -> Queue<'a> {
        let Some(most) = self.max_memory else {
            return Queue::new(pending.into_iter().map(|cell| Waiting { cell, bytes: 0 }).collect(), None, self.fits);
        };
        let forecast = Forecast::new(self.plan, &[]);
        let waiting = pending.into_iter().map(|cell| Waiting { cell, bytes: forecast.bytes(cell) }).collect();
        // The data set is loaded already, so fits of an earlier grid can be dropped.
        let elsewhere = resident().unwrap_or_default().saturating_sub(self.fits.bytes());
        Queue::new(waiting, Some(most.saturating_sub(elsewhere)), self.fits)
    }
}

/// The values that all jobs of a run share.
struct Shared<'a> {
    work: &'a Work<'a>,
    context: Context<'a>,
    keeper: &'a Keeper<'a>,
}

/// The inputs of a cell.
pub struct Context<'a> {
    /// The plan of the cell.
    pub plan: &'a Plan,
    /// The values that all records share.
    pub provenance: &'a Provenance,
    /// The shared fits.
    pub fits: &'a Fits,
    /// Number of threads of its pool.
    pub threads: usize,
    /// Whether the cell runs alone in this process, so that the peak memory is its own.
    pub alone: bool,
}

/// The stored results of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Done,
    Failed,
    /// The user asked for an immediate end.
    Nothing,
}

fn run_and_keep(shared: &Shared<'_>, cell: &Cell, pool: &rayon::ThreadPool) -> Result<Kept> {
    let start = std::time::Instant::now();
    let Shared { context, keeper, .. } = shared;
    let store = shared.work.store;
    let failures = match &shared.work.isolation {
        Some(isolation) => match in_process(shared, cell, isolation)? {
            Some(failures) => failures,
            None => return Ok(Kept::Nothing),
        },
        None => {
            let attempt = catch_unwind(AssertUnwindSafe(|| pool.install(|| run_cell(context, cell))));
            let Outcome { mut records, series, items, picture, failures } = match attempt {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) if interrupt::abandoned() => return Ok(Kept::Nothing),
                Ok(Err(error)) => Outcome::failed(context, cell, &format!("{error:#}"))?,
                Err(panic) => {
                    let message = format!("panicked: {}; this is a bug worth reporting", panic_message(&*panic));
                    Outcome::failed(context, cell, &message)?
                }
            };
            stamp(&mut records);
            keeper.keep(match failures.is_empty() {
                true => store.stage(&cell.id, &records, &series, &items, picture.as_ref())?,
                false => store.stage_failed(&cell.id, &records)?,
            })?;
            failures
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let (label, work) = (cell.label(), cell.weight());
    shared.work.observer.on_event(&Event::CellEnded { label: &label, seconds, failures: &failures, work });
    Ok(if failures.is_empty() { Kept::Done } else { Kept::Failed })
}

/// Computes a cell in a separate process, and returns the error if it failed; `None` if the process was ended.
fn in_process(shared: &Shared<'_>, cell: &Cell, isolation: &Isolation) -> Result<Option<Vec<String>>> {
    let Shared { context, keeper, .. } = shared;
    let store = shared.work.store;
    // The result of an earlier attempt must not count as the result of this one.
    store.forget(&cell.id)?;
    let end = isolation.run(cell, context.threads)?;
    match store.state(&cell.id) {
        State::Done(_) => Ok(Some(Vec::new())),
        State::Failed(_) if end.by_itself => store.failures(&cell.id).map(Some),
        _ if interrupt::abandoned() => Ok(None),
        _ => {
            let Outcome { mut records, failures, .. } = Outcome::failed(context, cell, &end.why)?;
            stamp(&mut records);
            keeper.keep(store.stage_failed(&cell.id, &records)?)?;
            Ok(Some(failures))
        }
    }
}

/// Reports that a cell has finished.
fn stamp(records: &mut [Record]) {
    let time = now();
    records.iter_mut().for_each(|record| record.finished_at.clone_from(&time));
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The results of a cell.
#[derive(Default)]
pub struct Outcome {
    /// Its records.
    pub records: Vec<Record>,
    /// Its per-item scores.
    pub series: Vec<StoredSeries>,
    /// The ids of the items of the scores, if the data have ids.
    pub items: Vec<ItemIds>,
    /// The positions of some items, if the fit has a universe.
    pub picture: Option<Picture>,
    /// The tasks that failed, with their errors.
    pub failures: Vec<String>,
}

impl Outcome {
    fn failed(context: &Context<'_>, cell: &Cell, error: &str) -> Result<Self> {
        let record = Record { error: Some(error.to_string()), ..context.record(cell)? };
        Ok(Self { records: vec![record], failures: vec![error.to_string()], ..Self::default() })
    }
}

impl Context<'_> {
    /// The columns that all records of a cell share.
    fn record(&self, cell: &Cell) -> Result<Record> {
        let Self { plan, provenance, .. } = self;
        Ok(Record {
            grid: plan.grid.value.name.clone(),
            cell: cell.id.clone(),
            data: plan.source.asked.clone(),
            stand_in: plan.source.stand_in.as_ref().map(|s| s.name.clone()),
            views: cell.subset(),
            m: cell.views.len() as u64,
            method: Some(cell.method.name().into()),
            params: Some(Params::of(&cell.method, cell.method.name())),
            fit_rows: cell.fit_rows.count().map(|rows| rows as u64),
            noise: Some(cell.noise.clone()),
            pairing: Some(choice(&plan.grid.value.pairing)),
            widths: Some(choice(&plan.grid.value.widths)),
            seed: Some(cell.seed),
            method_version: Some(cell.method.version().into()),
            git: Some(REVISION.into()),
            lock_sha256: LOCK_SHA256.clone(),
            grid_git: provenance.grid_git.clone(),
            data_sha256: cell.data_sha256.clone(),
            host: provenance.host.clone(),
            cpu: provenance.cpu.clone(),
            threads: self.threads as u64,
            node: Some(provenance.node.clone()),
            restarts: provenance.restarts,
            ..Record::default()
        })
    }
}

/// Applies the noise, fits the method, and runs every task. The failure of a task does not affect the others.
///
/// # Errors
/// Data that cannot be prepared, a fit that fails.
pub fn run_cell(context: &Context<'_>, cell: &Cell) -> Result<Outcome> {
    let memory = if context.alone { PeakMemory::start() } else { None };
    let Context { plan, fits, .. } = context;
    let data = plan.dataset(cell)?;
    let Fitting { fit, cost } = fits.of(plan, cell, &data)?;
    let stop = fit.report.stop.name();
    tracing::debug!(cell = cell.id, seconds = cost.wall, stop, "  {} fitted: {:.2} s, {stop}", cell.label(), cost.wall);
    let shared = with_fit(context.record(cell)?, &fit.report, cost);
    let mut outcome = Outcome { series: groups_of(&data), ..Outcome::default() };
    outcome.items.extend(ids_of(&data.test, DATA, Params::default(), None));
    keep_selection(&fit.report, &data, &mut outcome);
    for task in &plan.grid.value.tasks {
        // A task does not look at the signal by itself.
        if interrupt::abandoned() {
            bail!("abandoned before `{}`", task.name());
        }
        run_task(task, &data, &fit.fitted, &shared, &mut outcome);
    }
    // The picture is optional: a cell without one is complete.
    outcome.picture = picture(&fit.fitted, &data.test).unwrap_or_default();
    if let Some(peak) = memory.and_then(|m| m.megabytes()) {
        outcome.records.iter_mut().for_each(|record| record.peak_rss_mb = Some(peak));
    }
    Ok(outcome)
}

/// The groups of the scored items by the first grouping of the data. They are stored once for all tasks, for the
/// intervals.
fn groups_of(data: &Dataset) -> Vec<StoredSeries> {
    let stored = |groups: &Labels| StoredSeries {
        task: DATA.into(),
        task_params: Params::default(),
        series: group_series(Coordinates::Input, &groups.name, &groups.values),
    };
    data.test.groups.first().map(stored).into_iter().collect()
}

/// The ids of the held-out items, or of the items at `rows`.
fn ids_of(split: &Split, task: &str, task_params: Params, rows: Option<&[usize]>) -> Option<ItemIds> {
    let all = split.ids.as_ref()?;
    let ids = rows.map_or_else(|| all.clone(), |rows| rows.iter().filter_map(|row| all.get(*row).copied()).collect());
    Some(ItemIds { task: task.into(), task_params, ids })
}

/// Keeps, for every candidate of a choice, one value for each training item: its contribution to the score of the fold
/// that holds it out.
fn keep_selection(report: &FitReport, data: &Dataset, outcome: &mut Outcome) {
    let Some(selection) = &report.selection else { return };
    for (at, candidate) in selection.candidates.iter().enumerate() {
        let Some(values) = &candidate.items else { continue };
        let series = Series {
            space: Coordinates::Input,
            source: None,
            target: None,
            quantity: Quantity::Selection,
            draw: Some(at as u64),
            values: values.clone(),
        };
        outcome.series.push(StoredSeries { task: SELECTION.into(), task_params: Params::default(), series });
    }
    outcome.items.extend(ids_of(&data.train, SELECTION, Params::default(), None));
}

/// The warnings, one per line; `None` if there are none.
fn lines(warnings: &[FitWarning]) -> Option<String> {
    let lines: Vec<String> = warnings.iter().map(FitWarning::to_string).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
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
        optimality_gap: report.optimality_gap,
        warnings: lines(&report.warnings),
        selection: report.selection.as_deref().map(|selection| selection.clone().into()),
        selection_seconds: report.selection.as_ref().map(|selection| selection.seconds),
        ..record
    }
}

fn run_task(task: &Task, data: &Dataset, fitted: &align::Fitted, shared: &Record, outcome: &mut Outcome) {
    let input = TaskInput::new(fitted, data);
    let (scores, cost) = measured(|| task.score(&input));
    tracing::debug!(
        cell = shared.cell,
        task = task.name(),
        seconds = cost.wall,
        "  {}: {:.2} s",
        task.name(),
        cost.wall
    );
    let task_params = Params::of(task, task.name());
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
    let warnings: Vec<&str> = shared.warnings.iter().chain(&scores.notes).map(String::as_str).collect();
    let shared = Record { warnings: (!warnings.is_empty()).then(|| warnings.join("\n")), ..shared };
    // NaN counts as a missing value. Otherwise it would be the best or the worst of a table.
    let undefined = |value: Option<f64>| {
        let odd = value.filter(|value| !value.is_finite())?;
        Some(format!("undefined: the value is {odd}, no finite number"))
    };
    outcome.records.extend(scores.scores.into_iter().map(|score| Record {
        space: Some(score.space),
        source: score.source,
        target: score.target,
        metric: Some(score.metric.into()),
        value: score.value.filter(|value| value.is_finite()),
        unit: Some(score.metric.unit().into()),
        n: Some(score.n as u64),
        error: score.reason.or_else(|| undefined(score.value)),
        ..shared.clone()
    }));
    if let Some(rows) = &scores.rows {
        outcome.items.extend(ids_of(&data.test, task.name(), task_params.clone(), Some(rows)));
    }
    if let Some(ids) = scores.ids {
        outcome.items.push(ItemIds { task: task.name().into(), task_params: task_params.clone(), ids });
    }
    let stored = |series| StoredSeries { task: task.name().into(), task_params: task_params.clone(), series };
    outcome.series.extend(scores.series.into_iter().map(stored));
}
