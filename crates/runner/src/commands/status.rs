//! The command `runner status`: which cells of a grid are done, which attempts have the others, and why cells failed or
//! are missing.
//!
//! The files of results tell which cells are done or failed. The engines tell which attempts have the other cells. If
//! an engine cannot be asked, the output has less detail, and nothing else changes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::engine::Engine;
use crate::engine::local::Local;
use crate::engine::state::{CellState, EngineState, Job, Live, Phase};
use crate::run::line::on_file;
use crate::run::plan_file::PlanFile;
use crate::slurm::Slurm;
use grid::Grid;
use store::cells::{State, Store};

/// The state of a grid.
#[derive(Clone, Debug)]
pub struct Status {
    /// The grid's name.
    pub name: String,
    /// The states of the cells of its plan.
    pub cells: Vec<CellStatus>,
    /// Other work of the grid in the engines.
    pub others: Vec<Job>,
    /// The command that continues with the missing cells.
    pub resume: String,
}

/// The state of a cell.
#[derive(Clone, Debug)]
pub struct CellStatus {
    /// Its index in the plan.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// The label of the cell in progress lines.
    pub label: String,
    /// The state.
    pub standing: Standing,
    /// The attempt that has it.
    pub live: Option<Live>,
    /// The result of ended attempts, if no attempt has the cell now; `None` if there is no trace of an attempt.
    pub why: Option<String>,
    /// The log of the latest attempt that has one.
    pub log: Option<PathBuf>,
}

/// The states of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The cell is done.
    Done,
    /// An attempt runs it.
    Running,
    /// An attempt that has it waits.
    Queued,
    /// It has failed, and no attempt has it.
    Failed,
    /// It has no result, and no attempt has it.
    Missing,
}

/// The state of a grid. The plan file must exist; the data are not read.
///
/// # Errors
/// No plan yet; a file that is not this program's; a grid file that cannot be read.
pub fn status(grid: &Path, out: &Path) -> Result<Status> {
    let root = out.join(&Grid::read(grid)?.value.name);
    let plan = PlanFile::read(&PlanFile::place(&root))?;
    if data::sha256_file(grid)? != plan.grid_sha256 {
        tracing::info!("note: {} has changed since it was planned; these are the cells of the plan", grid.display());
    }
    let store = Store::at(&root);
    let states = store.states(&plan.cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>());
    let engines: [&dyn Engine; 2] = [&Slurm::default(), &Local::default()];
    let known: Vec<(&str, EngineState)> =
        engines.iter().map(|engine| Ok((engine.name(), engine.state(&plan, &root)?))).collect::<Result<_>>()?;
    let each = plan.cells.iter().zip(&states).map(|(cell, state)| {
        let of_engines = || known.iter().filter_map(|(_, known)| known.cells.get(cell.index));
        let live = of_engines().find_map(|known: &CellState| known.live.clone());
        CellStatus {
            index: cell.index,
            id: cell.id.clone(),
            label: cell.label.clone(),
            standing: standing(state, live.as_ref().map(|live| live.phase)),
            live,
            why: match state {
                State::Failed(_) => Some(store.failure(&cell.id)),
                State::Damaged(why) => Some(why.clone()),
                State::Done(_) | State::Missing => of_engines().find_map(|known| known.ended.clone()),
            },
            log: of_engines().find_map(|known| known.log.clone()),
        }
    });
    let cells = each.collect();
    let folder = out.display().to_string();
    let mut options = vec!["--out", folder.as_str()];
    // The command submits missing cells to the engine that had them.
    options.extend(known.iter().find(|(_, known)| known.submitted).iter().flat_map(|(name, _)| ["--engine", *name]));
    let resume = on_file(&["resume"], grid, &options);
    Ok(Status {
        name: plan.name,
        cells,
        others: known.into_iter().flat_map(|(_, known)| known.others).collect(),
        resume,
    })
}

impl Standing {
    /// All states, in the order of the list.
    pub const ALL: [Self; 5] = [Self::Done, Self::Running, Self::Queued, Self::Failed, Self::Missing];

    /// The name of the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Queued => "queued",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }
}

fn standing(state: &State, live: Option<Phase>) -> Standing {
    match (state, live) {
        (State::Done(_), _) => Standing::Done,
        (_, Some(Phase::Running)) => Standing::Running,
        (_, Some(Phase::Queued)) => Standing::Queued,
        (State::Failed(_), _) => Standing::Failed,
        _ => Standing::Missing,
    }
}
