//! What a grid's run is made of, a verb each, for whoever runs the cells: `plan`, `run-cell`, `merge`.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cells::execute::Tally;
use crate::cells::fits::Fits;
use crate::cells::forecast::{Basis, Forecast};
use crate::cells::interrupt;
use crate::grid::pick::Indices;
use crate::grid::plan::{Cell, Plan};
use crate::kept::durable::Durability;
use crate::kept::lock::{Lock, Turn};
use crate::kept::store::{State, Store};
use crate::run::finished::Finished;
use crate::run::plan_file::{PlanFile, Planned};
use crate::run::prepared::Prepared;
use crate::run::{Ending, Options, close, on_file, warn};

/// Cells named one by one in a message.
const NAMED: usize = 20;

/// Writes and prints a grid's plan: its cells, what is done, what each is expected to cost.
///
/// # Errors
/// Anything wrong with grid or data; a folder that cannot be written.
pub fn plan(path: &Path, options: &Options) -> Result<Ending> {
    let prepared = Prepared::new(Plan::open(path, &serde_json::Value::Null, options)?, options);
    let store = Store::open(&options.out, &prepared.plan.grid.value.name)?;
    let _turn = Lock::turn(store.root(), Turn::Plan)?;
    let states = prepared.states(&store);
    let records = prepared.gather(&store, &states)?;
    let forecast = Forecast::new(&prepared.plan, &records);
    let file = PlanFile::new(&prepared.plan, &states, &forecast, options)?;
    let place = PlanFile::place(store.root());
    file.write(&place)?;
    say::out!("{}", page(&file));
    close(&[place]);
    Ok(Ending::Complete)
}

/// A plan as it is printed.
fn page(file: &PlanFile) -> String {
    let line = |cell: &Planned| {
        let seconds = match cell.seconds {
            Some(seconds) => format!("{seconds:.2} s"),
            None => format!("work {:.0}", cell.work),
        };
        let Planned { index, id, state, memory_mb, label, .. } = cell;
        format!("{index:>5}  {id}  {state:<8} {seconds:>10} {memory_mb:>8.0} MB  {label}")
    };
    let lines: Vec<String> = file.cells.iter().map(line).collect();
    let left: Vec<&Planned> = file.cells.iter().filter(|cell| cell.state != "done").collect();
    let seconds: Option<f64> = left.iter().map(|cell| cell.seconds).sum();
    let basis = match left.iter().map(|cell| cell.basis).find(|basis| *basis != Basis::Records) {
        _ if left.is_empty() => "nothing is left to do".to_string(),
        None => "by cells that have run".to_string(),
        Some(Basis::Scaled) => "by cells that have run and, where none of the kind has, by their forecast work".into(),
        Some(_) => "nothing has run yet, so work has no unit of time: cells compare with each other alone".into(),
    };
    let total = seconds.filter(|_| !left.is_empty()).map_or(String::new(), |s| format!(", about {s:.1} s one by one"));
    format!("{}\n{} cells, {} to do{total} ({basis})", lines.join("\n"), file.cells.len(), left.len())
}

/// Runs cells of a plan by their places in it. What is done is left alone. `within_run` names the run that has started this
/// process for one of its cells.
///
/// # Errors
/// No such plan or place; a plan whose grid or data have changed; another runner at work on the whole grid; a result
/// that cannot be kept.
pub fn run_cells(path: &Path, indices: &Indices, within_run: Option<&str>, options: &Options) -> Result<Ending> {
    let file = PlanFile::read(path)?;
    if let Some(beyond) = indices.0.iter().find(|&&index| index >= file.cells.len()) {
        let last = file.cells.len().saturating_sub(1);
        bail!("--index {beyond}: {} has {} cells, 0 to {last}", path.display(), file.cells.len());
    }
    let prepared = Prepared::new(file.open()?, options);
    let store = file.store()?;
    // A run that gives its cells processes of their own has the lock already, and has swept.
    let (_lock, sweep) = match within_run {
        Some(run) => (Lock::within(store.root(), run)?, false),
        None => (Lock::part(store.root(), None)?, true),
    };
    let cells: Vec<&Cell> = indices.0.iter().map(|&index| &prepared.plan.cells[index]).collect();
    let mut states = vec![State::Missing; prepared.plan.cells.len()];
    cells.iter().for_each(|cell| states[cell.index] = store.state(&cell.id));
    let options = Options { durability: options.durability.or(Some(Durability::Cell)), ..options.clone() };
    let tally = prepared.run_cells(&cells, &mut states, &store, sweep, &options, &Fits::default(), path)?;
    if interrupt::requested() && tally.left > 0 {
        tracing::warn!("interrupted: {} cells are left; go on with: {}", tally.left, interrupt::resume());
        return Ok(Ending::Interrupted);
    }
    Ok(if tally.failed + tally.left > 0 { Ending::Failures } else { Ending::Complete })
}

/// Counts what there is against a plan, says what is missing or has failed, and writes records, tables and figures of
/// the rest.
///
/// # Errors
/// No such plan, or one whose grid or data have changed; files that cannot be read or written.
pub fn merge(path: &Path) -> Result<Ending> {
    let file = PlanFile::read(path)?;
    let options = Options { out: file.out.clone(), quick: file.quick, ..Options::default() };
    let prepared = Prepared::new(file.open()?, &options);
    let store = file.store()?;
    let turn = Lock::turn(store.root(), Turn::Outputs)?;
    let states = prepared.states(&store);
    let done = states.iter().filter(|state| state.done()).count();
    let finished = Finished::new(prepared, store, states, Tally { before: done, ..Tally::default() }, turn);
    let states = &finished.states;
    if states.iter().any(|state| matches!(state, State::Done(_) | State::Failed(_))) {
        let outputs = finished.outputs()?;
        say::print(format_args!("\n{}", outputs.text));
        close(&outputs.paths(finished.store.root()));
        warn(&outputs.warnings);
    }
    let mut said = format!("{done} of {} cells of `{}` are done", states.len(), file.name);
    if done == states.len() {
        tracing::info!("{said}");
        return Ok(Ending::Complete);
    }
    let mut left = Vec::new();
    for (cell, state) in finished.prepared.plan.cells.iter().zip(states).filter(|(_, state)| !state.done()) {
        if left.len() < NAMED {
            let why = match state {
                State::Failed(_) => format!(": {}", why_failed(&finished.store, &cell.id)),
                State::Damaged(why) => format!(": {why}"),
                State::Missing | State::Done(_) => String::new(),
            };
            said += &format!("\n  {} {} ({}) {}{why}", state.name(), cell.index, cell.id, cell.label());
        }
        left.push(cell.index);
    }
    if left.len() > NAMED {
        said += &format!("\n  and {} more", left.len() - NAMED);
    }
    // One message, and a warning: what is missing is also said where nothing else is.
    let rest = Indices(left);
    let again = on_file(&["run-cell", "--plan"], path, &["--indices", &rest.to_string()]);
    tracing::warn!("{said}\nrun what is left with: {again}");
    Ok(Ending::Failures)
}

/// Why a cell has failed, by its record.
pub(crate) fn why_failed(store: &Store, id: &str) -> String {
    let reason = store.failures(id).unwrap_or_default().into_iter().next();
    reason.unwrap_or_else(|| "no reason was kept".into())
}
