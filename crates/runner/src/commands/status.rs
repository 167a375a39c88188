//! How far a grid is: what is done, who is at work on the rest, what has failed or is missing, and why.
//!
//! Files of results say what is done and what has failed; the engines are asked who has the other cells. Where an engine cannot be
//! asked there is less to say, and nothing else changes.

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

/// How far a grid is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The grid's name.
    pub name: String,
    /// The cells of its plan.
    pub cells: Vec<CellStatus>,
    /// What engines have of the grid beside its cells.
    pub others: Vec<Job>,
    /// The command that goes on with what is left.
    pub resume: String,
}

/// How far a cell is.
#[derive(Clone, Debug)]
pub struct CellStatus {
    /// Its place in the plan.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// As it is named in progress lines.
    pub label: String,
    /// How it stands.
    pub standing: Standing,
    /// The attempt that has it.
    pub live: Option<Live>,
    /// What came of the attempts at it, where nobody is at work on it; `None` where there is no trace of one.
    pub why: Option<String>,
    /// The log of the latest attempt that has one.
    pub log: Option<PathBuf>,
}

/// How a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is done.
    Done,
    /// An attempt runs it.
    Running,
    /// An attempt that has it waits.
    Queued,
    /// It has failed, and nobody is at work on it.
    Failed,
    /// There is nothing of it, and nobody is at work on it.
    Missing,
}

/// How far a grid is. Its plan must be there; its data are not read.
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
    // Cells go on where they were submitted.
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
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Done, Self::Running, Self::Queued, Self::Failed, Self::Missing];

    /// Its name.
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
