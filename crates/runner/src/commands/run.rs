//! The command `runner run`: from a grid file to its tables and figures.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cells::fits::Fits;
use crate::engine::in_process::InProcess;
use crate::engine::{Engine as _, Submitted};
use crate::event::{CellToRun, Event, Observer};
use crate::run::announce;
use crate::run::line::{again, on_file};
use crate::run::outcome::{Ending, RunOutcome};
use crate::run::plan_file::PlanFile;
use crate::run::settings::{RunSettings, Selection};
use grid::plan::{Cell, Plan, PlanRequest};
use report::pages::outputs::{Drawing, Outputs};
use store::cells::Store;
use store::lock::{Lock, Turn};

/// The settings of the run of a grid.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Folder of the results of all grids.
    pub out: PathBuf,
    /// Whether to list the cells and stop.
    pub dry_run: bool,
    /// The selection of cells.
    pub selection: Selection,
    /// Whether to use the stand-in of the grid if its data are not present.
    pub allow_stand_in: bool,
    /// The settings of the computation.
    pub settings: RunSettings,
}

impl RunRequest {
    /// All cells of a grid, of the data that it names, into this folder.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            dry_run: false,
            selection: Selection::default(),
            allow_stand_in: false,
            settings: RunSettings::default(),
        }
    }
}

/// Runs a grid file.
///
/// # Errors
/// Anything wrong with the grid, the data or the output folder, before the first cell; a result that
/// cannot be kept.
pub fn run(grid: &Path, request: &RunRequest, observer: &dyn Observer) -> Result<Ending> {
    let plan = PlanRequest::of(grid, request.allow_stand_in).open()?;
    let outcome = match compute(&plan, request, &Fits::within(request.settings.max_memory), observer)? {
        Computed::InPart(ending) => return Ok(ending),
        Computed::All(outcome) => outcome,
    };
    let turn = Lock::turn(outcome.store.root(), Turn::Outputs)?;
    let command = again("run", grid, false, None, &request.out);
    let drawing = Drawing::new(&plan, (&outcome.store, &outcome.states), &command, None, turn);
    show(&drawing.outputs()?, &outcome.store, observer);
    Ok(outcome.ending())
}

/// The progress of a grid.
pub(super) enum Computed {
    /// Not all cells have been tried, so no report can be drawn.
    InPart(Ending),
    /// All cells have been tried.
    All(RunOutcome),
}

/// Computes the selected cells of a plan. A dry run lists them.
///
/// # Errors
/// The errors of [`run`].
pub(super) fn compute(plan: &Plan, request: &RunRequest, fits: &Fits, observer: &dyn Observer) -> Result<Computed> {
    announce(plan, observer);
    let RunRequest { out, dry_run, selection, settings, .. } = request;
    if *dry_run {
        let folder = out.join(plan.name());
        observer.on_event(&Event::CellsToRun(&to_run(&selection.pick(plan)?, &folder), &folder));
        return Ok(Computed::InPart(Ending::Complete));
    }
    let outcome = match (InProcess { selection, settings, fits }).submit(plan, out, observer)? {
        Submitted::Computed(outcome) => *outcome,
        Submitted::Jobs | Submitted::Commands(_) => return Ok(Computed::InPart(Ending::Complete)),
    };
    if outcome.left > 0 {
        observer.on_event(&Event::Stopped { left: outcome.left, interrupted: outcome.interrupted });
        return Ok(Computed::InPart(outcome.ending()));
    }
    if selection.shard.is_some() {
        let merge = on_file(&["merge"], &PlanFile::place(outcome.store.root()), &[]);
        observer.on_event(&Event::ShardEnded { merge: &merge });
        return Ok(Computed::InPart(outcome.ending()));
    }
    Ok(Computed::All(outcome))
}

fn to_run(cells: &[&Cell], folder: &Path) -> Vec<CellToRun> {
    let states = Store::at(folder).states(&cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>());
    let each = cells.iter().zip(&states);
    each.map(|(cell, state)| CellToRun { id: cell.id.clone(), label: cell.label(), done: state.done() }).collect()
}

/// Reports the tables, figures and findings.
pub(super) fn show(outputs: &Outputs, store: &Store, observer: &dyn Observer) {
    observer.on_event(&Event::Tables(&outputs.text));
    observer.on_event(&Event::Written(&outputs.paths(store.root())));
    observer.on_event(&Event::Findings(&outputs.findings));
    observer.on_event(&Event::Warnings(&outputs.warnings));
}
