//! What runs the cells of a plan: this process (`in_process`), a process of its own in the background (`local`), a cluster (`slurm`), or
//! whatever takes a list of commands (`list`).

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

/// What runs the cells of a plan.
pub trait Engine {
    /// As the command line names it.
    fn name(&self) -> &'static str;

    /// Takes the cells of a plan that are not done; `out` is the folder of all grids' results.
    ///
    /// # Errors
    /// A folder that cannot be written; whatever the engine refuses.
    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted>;

    /// What it knows of the cells of a plan; `root` is the folder of the grid's results. An engine that cannot be asked now says so in a note
    /// and returns what files tell.
    ///
    /// # Errors
    /// A file of the engine that cannot be read.
    fn state(&self, plan: &PlanFile, root: &Path) -> Result<EngineState>;

    /// Ends what it has queued or running of a grid, and tells what that is, a line each; nothing where there is nothing.
    ///
    /// # Errors
    /// The engine cannot, or refuses.
    fn cancel(&self, root: &Path) -> Result<Vec<String>>;
}

/// What became of a submission.
#[derive(Debug)]
pub enum Submitted {
    /// The cells have been computed, as far as nobody wanted an end.
    Computed(Box<RunOutcome>),
    /// Jobs have them, or nothing was left to do.
    Jobs,
    /// Commands that somebody else is to run.
    Commands(CommandList),
}

/// A plan that is about to be submitted. Nobody else plans or submits the grid while this lives: who comes second sees the jobs
/// of the first.
pub(crate) struct Handover {
    /// Where the results go.
    pub(crate) store: Store,
    _turn: Lock,
}

impl Handover {
    /// Of a plan, as soon as nobody else plans or submits it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn begin(plan: &Plan, out: &Path) -> Result<Self> {
        let store = Store::open(out, plan.name())?;
        let turn = Lock::turn(store.root(), Turn::Plan)?;
        Ok(Self { store, _turn: turn })
    }

    /// The plan as a file, with what is done by now and forecasts from it.
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

/// The cells of a plan that are not done.
pub(crate) fn left(file: &PlanFile) -> Vec<&Planned> {
    file.cells.iter().filter(|cell| cell.state != "done").collect()
}
