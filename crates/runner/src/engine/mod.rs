//! Engines, which run the cells of a plan: this process (`in_process`), a background process (`local`), a cluster
//! (`slurm`), or any program that runs a list of commands (`list`).

pub mod commands;
pub mod in_process;
pub mod list;
pub mod local;
mod process;
pub mod state;

use std::path::Path;

use anyhow::Result;

use crate::cells::forecast::Forecast;
use crate::event::Observer;
use crate::run::outcome::RunOutcome;
use crate::run::plan_file::{PlanFile, Planned};
use commands::CommandList;
use grid::plan::Plan;
use state::EngineState;
use store::cells::Store;
use store::gather;
use store::lock::{Lock, Turn};

/// Engine that runs the cells of a plan.
pub trait Engine {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Takes the unfinished cells of a plan; `out` is the folder of all grids' results.
    ///
    /// # Errors
    /// A folder that cannot be written; errors of the engine.
    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted>;

    /// State of a plan's cells in the engine; `root` is the folder of the grid's results. If the engine cannot be
    /// asked, it logs a note and returns the information in its files.
    ///
    /// # Errors
    /// A file of the engine that cannot be read.
    fn state(&self, plan: &PlanFile, root: &Path) -> Result<EngineState>;

    /// Ends the queued and running work of a grid, and returns a line for each ended piece; an empty list if there is
    /// none.
    ///
    /// # Errors
    /// Errors of the engine.
    fn cancel(&self, root: &Path) -> Result<Vec<String>>;
}

/// Result of a submission.
#[derive(Debug)]
pub enum Submitted {
    /// The cells were computed, unless the run was interrupted.
    Computed(Box<RunOutcome>),
    /// The cells are in jobs, or nothing was left to do.
    Jobs,
    /// Commands that another program must run.
    Commands(CommandList),
}

/// A plan during its submission. No other process plans or submits the grid meanwhile, so a second submission sees the
/// jobs of the first.
pub(crate) struct Handover {
    /// Store of the results.
    pub(crate) store: Store,
    _turn: Lock,
}

impl Handover {
    /// Begins when no other process plans or submits the grid.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn begin(plan: &Plan, out: &Path) -> Result<Self> {
        let store = Store::open(out, plan.name())?;
        let turn = Lock::turn(store.root(), Turn::Plan)?;
        Ok(Self { store, _turn: turn })
    }

    /// The plan as a file, with the finished cells and forecasts from them.
    ///
    /// # Errors
    /// Records that cannot be read or written.
    pub(crate) fn file(&self, plan: &Plan, out: &Path) -> Result<PlanFile> {
        let states = gather::states(plan, &self.store);
        let records = {
            let _turn = Lock::turn(self.store.root(), Turn::Outputs)?;
            gather::records(plan, &self.store, &states)?
        };
        PlanFile::new(plan, &states, &Forecast::new(plan, &records), out)
    }
}

/// The unfinished cells of a plan.
pub(crate) fn left(file: &PlanFile) -> Vec<&Planned> {
    file.cells.iter().filter(|cell| cell.state != "done").collect()
}
