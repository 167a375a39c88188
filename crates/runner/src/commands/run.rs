//! A grid from its file to its tables and figures.

use std::path::{Path, PathBuf};

use anyhow::Result;
use data::summarise;

use crate::cells::fits::Fits;
use crate::cells::interrupt;
use crate::grid::plan::{Cell, Plan, PlanRequest};
use crate::kept::lock::{Lock, Turn};
use crate::kept::store::{State, Store};
use crate::report::outputs::{Drawing, Outputs};
use crate::run::Run;
use crate::run::line::{again, on_file};
use crate::run::outcome::{Ending, RunOutcome};
use crate::run::plan_file::PlanFile;
use crate::run::settings::{RunSettings, Selection};
use figures::Column;

/// What a user can ask of the run of a grid.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Folder of all grids' outputs.
    pub out: PathBuf,
    /// Print the cells and stop.
    pub dry_run: bool,
    /// Some of the cells.
    pub selection: Selection,
    /// Take a grid's stand-in where its data are not present.
    pub allow_stand_in: bool,
    /// How the cells are computed.
    pub settings: RunSettings,
}

/// Runs a grid file.
///
/// # Errors
/// Anything wrong with the grid, the data or the output folder, before the first cell; a result that
/// cannot be kept.
pub fn run(grid: &Path, request: &RunRequest) -> Result<Ending> {
    let plan = PlanRequest::of(grid, request.allow_stand_in).open()?;
    let outcome = match compute(&plan, request, &Fits::within(request.settings.max_memory))? {
        Computed::InPart(ending) => return Ok(ending),
        Computed::All(outcome) => outcome,
    };
    let turn = Lock::turn(outcome.store.root(), Turn::Outputs)?;
    let command = again("--grid", grid, false, None, &request.out);
    let drawing = Drawing::new(&plan, (&outcome.store, &outcome.states), &command, None, turn);
    show(&drawing.outputs()?, &outcome.store);
    Ok(outcome.ending())
}

/// How far a grid has come.
pub(super) enum Computed {
    /// Not all cells have been tried: no report can be drawn.
    InPart(Ending),
    /// All have.
    All(RunOutcome),
}

/// Computes the cells of a plan that are requested; a dry run prints them.
///
/// # Errors
/// As [`run`].
pub(super) fn compute(plan: &Plan, request: &RunRequest, fits: &Fits) -> Result<Computed> {
    announce(plan);
    let RunRequest { out, dry_run, selection, settings, .. } = request;
    if *dry_run {
        say::out!("{}", cells_to_run(&selection.pick(plan)?, &out.join(plan.name())));
        return Ok(Computed::InPart(Ending::Complete));
    }
    let outcome = Run::new(plan, out, selection, settings)?.run(fits)?;
    if outcome.left > 0 {
        let why = if outcome.interrupted { "interrupted" } else { "stopped at a failure" };
        tracing::info!("{why}: {} cells are left; go on with: {}", outcome.left, interrupt::resume());
        return Ok(Computed::InPart(outcome.ending()));
    }
    if selection.shard.is_some() {
        let merge = on_file(&["merge", "--plan"], &PlanFile::place(outcome.store.root()), &[]);
        tracing::info!("when all shards have run: {merge}");
        return Ok(Computed::InPart(outcome.ending()));
    }
    Ok(Computed::All(outcome))
}

/// Says what has to be known about the data.
pub(crate) fn announce(plan: &Plan) {
    if let Some(stand_in) = &plan.source.stand_in {
        tracing::info!("note: {}", stand_in.notice(&plan.source.asked));
    }
    for line in summarise(plan.source.warnings()) {
        tracing::warn!("{}: {line}", plan.source.used());
    }
}

fn cells_to_run(cells: &[&Cell], folder: &Path) -> String {
    let store = Store::at(folder);
    let states = store.states(&cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>());
    let word = |state: &State| if state.done() { "done" } else { "to do" };
    let lines: Vec<String> = cells
        .iter()
        .zip(&states)
        .map(|(cell, state)| format!("{}  {:<8} {}", cell.id, word(state), cell.label()))
        .collect();
    let to_do = states.iter().filter(|state| !state.done()).count();
    format!("{}\n{} cells, {to_do} to do; results go to {}", lines.join("\n"), cells.len(), folder.display())
}

/// Prints what tables, figures and report say.
pub(super) fn show(outputs: &Outputs, store: &Store) {
    say::print(format_args!("\n{}", outputs.text));
    close(&outputs.paths(store.root()));
    warn(&outputs.warnings);
}

/// Says what a reader must know before any figure, after everything else, where it is seen.
pub fn warn(warnings: &[String]) {
    warnings.iter().for_each(|line| tracing::warn!("{line}"));
}

/// Says what has been written.
pub fn close(files: &[PathBuf]) {
    say::out!("written:");
    // The same figures once more, for the columns of a page: a line for all of them.
    let column = |file: &&PathBuf| {
        let folder = file.parent().and_then(Path::file_name);
        Column::ALL.iter().any(|column| folder == Some(column.folder().as_ref()))
    };
    for file in files.iter().filter(|file| !column(file)) {
        say::out!("  {}", file.display());
    }
    let columns: Vec<&PathBuf> = files.iter().filter(column).collect();
    if let Some(folder) = columns.first().and_then(|file| file.parent()?.parent()) {
        say::out!("  {}/{{single,double}}/: {} figures for the columns of a page", folder.display(), columns.len() / 4);
    }
}
