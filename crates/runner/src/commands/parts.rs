//! The parts of a run, for programs that run the cells themselves: `plan`, `run-cell`, `merge`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use files::Fault;

use super::run::show;
use crate::cells::fits::Fits;
use crate::cells::forecast::Forecast;
use crate::event::Observer;
use crate::run::line::again;
use crate::run::outcome::RunOutcome;
use crate::run::plan_file::PlanFile;
use crate::run::settings::RunSettings;
use crate::run::{Run, announce, announce_within};
use grid::pick::Indices;
use grid::plan::PlanRequest;
use report::pages::outputs::Drawing;
use store::cells::{State, Store};
use store::gather;
use store::lock::{Lock, Turn};

/// Cells of a plan to run, and the settings.
#[derive(Clone, Debug)]
pub struct RunCellsRequest {
    /// The plan file.
    pub plan: PathBuf,
    /// Indices of cells in the plan.
    pub indices: Indices,
    /// The run that has started this process for one of its cells.
    pub within_run: Option<String>,
    /// The settings of the run.
    pub settings: RunSettings,
}

/// Writes the plan file of a grid, with the states and forecasts of its cells, and returns the path.
///
/// # Errors
/// Anything wrong with grid or data; a folder that cannot be written.
pub fn plan(grid: &Path, out: &Path, allow_stand_in: bool, observer: &dyn Observer) -> Result<(PlanFile, PathBuf)> {
    let plan = PlanRequest::of(grid, allow_stand_in).open()?;
    announce(&plan, observer);
    let store = Store::open(out, plan.name())?;
    let _turn = Lock::turn(store.root(), Turn::Plan)?;
    let states = gather::states(&plan, &store);
    let records = gather::gather(&plan, &store, &states)?;
    let file = PlanFile::new(&plan, &states, &Forecast::new(&plan, &records), out)?;
    let place = PlanFile::place(store.root());
    file.write(&place)?;
    Ok((file, place))
}

/// Runs cells of a plan by their indices. Finished cells are skipped.
///
/// # Errors
/// No such plan or place; a plan whose grid or data have changed; another runner at work on the whole grid; a result
/// that cannot be kept.
pub fn run_cells(request: &RunCellsRequest, observer: &dyn Observer) -> Result<RunOutcome> {
    let RunCellsRequest { plan: path, indices, within_run, settings } = request;
    let file = PlanFile::read(path)?;
    if let Some(beyond) = indices.0.iter().find(|&&index| index >= file.cells.len()) {
        let last = file.cells.len().saturating_sub(1);
        let found = format!("--index {beyond}: {} has {} cells, 0 to {last}", path.display(), file.cells.len());
        bail!(Fault::usage(found));
    }
    let plan = file.open()?;
    match within_run {
        None => announce(&plan, observer),
        Some(_) => announce_within(&plan, observer),
    }
    let run = Run::of_places(&plan, (&file, path), indices, within_run.as_deref(), settings)?;
    run.run(&Fits::default(), observer)
}

/// The state of a plan's results.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The grid's name.
    pub name: String,
    /// Number of cells of the plan.
    pub cells: usize,
    /// The unfinished cells.
    pub left: Vec<CellLeft>,
}

/// An unfinished cell.
#[derive(Clone, Debug)]
pub struct CellLeft {
    /// Its index in the plan.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// The label of the cell in progress lines.
    pub label: String,
    /// Its state: `failed`, `missing` or `damaged`.
    pub state: &'static str,
    /// The error of the cell, or the problem of its files.
    pub why: Option<String>,
}

/// Writes records, tables and figures of the finished cells of a plan, and counts the unfinished ones.
///
/// # Errors
/// No such plan, or one whose grid or data have changed; files that cannot be read or written.
pub fn merge(path: &Path, observer: &dyn Observer) -> Result<Merged> {
    let file = PlanFile::read(path)?;
    let plan = file.open()?;
    announce(&plan, observer);
    let store = file.store()?;
    let turn = Lock::turn(store.root(), Turn::Outputs)?;
    let states = gather::states(&plan, &store);
    if states.iter().any(|state| matches!(state, State::Done(_) | State::Failed(_))) {
        let command = again("run", plan.grid.path(), plan.quick, None, &file.out);
        show(&Drawing::new(&plan, (&store, &states), &command, None, turn).outputs()?, &store, observer);
    }
    let left = plan.cells.iter().zip(&states).filter(|(_, state)| !state.done()).map(|(cell, state)| CellLeft {
        index: cell.index,
        id: cell.id.clone(),
        label: cell.label(),
        state: state.name(),
        why: match state {
            State::Failed(_) => Some(store.failure(&cell.id)),
            State::Damaged(why) => Some(why.clone()),
            State::Missing | State::Done(_) => None,
        },
    });
    Ok(Merged { left: left.collect(), cells: states.len(), name: file.name })
}
