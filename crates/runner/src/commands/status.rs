//! How far a grid is: what is done, what is at work on a cluster, what has failed or is missing, and why.
//!
//! Files of results say what is done and what has failed; where jobs were submitted, Slurm is asked which of them are still
//! queued or running. Without Slurm there is less to say, and nothing else changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::run::plan_file::PlanFile;
use crate::slurm;
use crate::slurm::jobs::{Attempt, Jobs};
use crate::slurm::queue::{self, Entry, Phase};
use grid::Grid;
use store::cells::{State, Store};

/// How far a grid is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The grid's name.
    pub name: String,
    /// The cells of its plan.
    pub cells: Vec<CellStatus>,
    /// What the scheduler has of merges.
    pub merges: Vec<Entry>,
    /// The folder of what Slurm needs.
    pub place: PathBuf,
    /// Whether jobs were submitted.
    pub submitted: bool,
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
    /// The task that is at work on it.
    pub live: Option<(Attempt, Entry)>,
    /// What came of the attempts at it, where nobody is at work on it; `None` where there is no trace of one.
    pub trace: Option<Trace>,
    /// The log of the latest attempt that has one.
    pub log: Option<PathBuf>,
}

/// How a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is done.
    Done,
    /// A task runs it.
    Running,
    /// A task that has it waits.
    Queued,
    /// It has failed, and nobody is at work on it.
    Failed,
    /// There is nothing of it, and nobody is at work on it.
    Missing,
}

/// What came of the attempts at a cell.
#[derive(Clone, Debug)]
pub enum Trace {
    /// It has failed, and why.
    Failed(String),
    /// Its files cannot be trusted, and why.
    Damaged(String),
    /// The scheduler still knows a task that had it, which is not at work any more or never will be.
    Task(Entry),
    /// A task has ended without it.
    Ended,
}

/// What the scheduler knows of a grid's jobs.
#[derive(Default)]
struct Scheduled {
    tasks: HashMap<(u64, usize), Entry>,
    merges: Vec<Entry>,
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
    let place = slurm::folder(&root);
    let jobs = Jobs::read(&place)?;
    let scheduled = ask(&jobs);
    let attempts = jobs.attempts(&plan)?;
    let each = plan.cells.iter().zip(&states).zip(&attempts);
    let cells = each.map(|((cell, state), attempts)| {
        let live = scheduled.live(attempts).map(|(attempt, entry)| (attempt, entry.clone()));
        let log = attempts.iter().map(|attempt| attempt.log(&place)).find(|log| log.exists());
        CellStatus {
            index: cell.index,
            id: cell.id.clone(),
            label: cell.label.clone(),
            standing: standing(state, live.as_ref().map(|(_, entry)| entry.phase())),
            live,
            trace: match (state, attempts.iter().find_map(|attempt| scheduled.of(attempt))) {
                (State::Failed(_), _) => Some(Trace::Failed(store.failure(&cell.id))),
                (State::Damaged(why), _) => Some(Trace::Damaged(why.clone())),
                (_, Some(entry)) => Some(Trace::Task(entry.clone())),
                (_, None) => log.is_some().then_some(Trace::Ended),
            },
            log,
        }
    });
    let cells = cells.collect();
    Ok(Status { name: plan.name, cells, merges: scheduled.merges, place, submitted: !jobs.ids().is_empty() })
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

/// Where the scheduler cannot be asked, that is said, and results speak for themselves.
fn ask(jobs: &Jobs) -> Scheduled {
    let ids = jobs.ids();
    if ids.is_empty() {
        return Scheduled::default();
    }
    let entries = queue::ask(&ids).unwrap_or_else(|error| {
        tracing::info!("note: jobs were submitted, and which of them are queued or running cannot be told: {error:#}");
        Vec::new()
    });
    let merges = jobs.merges();
    let (merges, tasks): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| merges.contains(&entry.job));
    let tasks = tasks.into_iter().filter_map(|entry| Some(((entry.job, entry.task?), entry))).collect();
    Scheduled { tasks, merges }
}

impl Scheduled {
    /// The task that is at work on a cell, one that runs before one that waits.
    fn live(&self, attempts: &[Attempt]) -> Option<(Attempt, &Entry)> {
        let known = || attempts.iter().filter_map(|attempt| Some((*attempt, self.of(attempt)?)));
        let of = |phase: Phase| known().find(|(_, entry)| entry.phase() == phase && entry.at_work());
        of(Phase::Running).or_else(|| of(Phase::Queued))
    }

    fn of(&self, attempt: &Attempt) -> Option<&Entry> {
        self.tasks.get(&(attempt.job, attempt.task))
    }
}
