//! What a grid's run is made of, a verb each, for whoever runs the cells: `plan`, `run-cell`, `merge`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::run::{announce, close, show};
use crate::cells::fits::Fits;
use crate::cells::forecast::{Basis, Forecast};
use crate::cells::interrupt;
use crate::grid::pick::Indices;
use crate::grid::plan::PlanRequest;
use crate::kept::gather;
use crate::kept::lock::{Lock, Turn};
use crate::kept::store::{State, Store};
use crate::report::outputs::Drawing;
use crate::run::Run;
use crate::run::line::{again, on_file};
use crate::run::outcome::Ending;
use crate::run::plan_file::{PlanFile, Planned};
use crate::run::settings::RunSettings;

/// Cells named one by one in a message.
const NAMED: usize = 20;

/// Which cells of a plan to run, and how.
#[derive(Clone, Debug)]
pub struct RunCellsRequest {
    /// The plan's file.
    pub plan: PathBuf,
    /// Places of cells in it.
    pub indices: Indices,
    /// The run that has started this process for one of its cells.
    pub within_run: Option<String>,
    /// How they are computed.
    pub settings: RunSettings,
}

/// Writes and prints a grid's plan: its cells, what is done, what each is expected to cost.
///
/// # Errors
/// Anything wrong with grid or data; a folder that cannot be written.
pub fn plan(grid: &Path, out: &Path, allow_stand_in: bool) -> Result<Ending> {
    let plan = PlanRequest::of(grid, allow_stand_in).open()?;
    announce(&plan);
    let store = Store::open(out, plan.name())?;
    let _turn = Lock::turn(store.root(), Turn::Plan)?;
    let states = gather::states(&plan, &store);
    let records = gather::gather(&plan, &store, &states)?;
    let file = PlanFile::new(&plan, &states, &Forecast::new(&plan, &records), out)?;
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

/// Runs cells of a plan by their places in it. What is done is left alone.
///
/// # Errors
/// No such plan or place; a plan whose grid or data have changed; another runner at work on the whole grid; a result
/// that cannot be kept.
pub fn run_cells(request: &RunCellsRequest) -> Result<Ending> {
    let RunCellsRequest { plan: path, indices, within_run, settings } = request;
    let file = PlanFile::read(path)?;
    if let Some(beyond) = indices.0.iter().find(|&&index| index >= file.cells.len()) {
        let last = file.cells.len().saturating_sub(1);
        bail!("--index {beyond}: {} has {} cells, 0 to {last}", path.display(), file.cells.len());
    }
    let plan = file.open()?;
    announce(&plan);
    let run = Run::of_places(&plan, (&file, path), indices, within_run.as_deref(), settings)?;
    let outcome = run.run(&Fits::default())?;
    if outcome.interrupted {
        tracing::warn!("interrupted: {} cells are left; go on with: {}", outcome.left, interrupt::resume());
    }
    Ok(outcome.ending())
}

/// Counts what there is against a plan, says what is missing or has failed, and writes records, tables and figures of
/// the rest.
///
/// # Errors
/// No such plan, or one whose grid or data have changed; files that cannot be read or written.
pub fn merge(path: &Path) -> Result<Ending> {
    let file = PlanFile::read(path)?;
    let plan = file.open()?;
    announce(&plan);
    let store = file.store()?;
    let turn = Lock::turn(store.root(), Turn::Outputs)?;
    let states = gather::states(&plan, &store);
    let done = states.iter().filter(|state| state.done()).count();
    if states.iter().any(|state| matches!(state, State::Done(_) | State::Failed(_))) {
        let command = again("--grid", plan.grid.path(), plan.quick, None, &file.out);
        show(&Drawing::new(&plan, (&store, &states), &command, None, turn).outputs()?, &store);
    }
    let mut said = format!("{done} of {} cells of `{}` are done", states.len(), file.name);
    if done == states.len() {
        tracing::info!("{said}");
        return Ok(Ending::Complete);
    }
    let mut left = Vec::new();
    for (cell, state) in plan.cells.iter().zip(&states).filter(|(_, state)| !state.done()) {
        if left.len() < NAMED {
            let why = match state {
                State::Failed(_) => format!(": {}", store.failure(&cell.id)),
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
