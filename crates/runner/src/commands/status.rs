//! How far a grid is: what is done, what is at work on a cluster, what has failed or is missing, and why.
//!
//! Files of results say what is done and what has failed; where jobs were submitted, Slurm is asked which of them are still
//! queued or running. Without Slurm there is less to say, and nothing else changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::grid::Grid;
use crate::grid::pick::Indices;
use crate::kept::store::{State, Store};
use crate::run::line::on_file;
use crate::run::outcome::Ending;
use crate::run::plan_file::{PlanFile, Planned};
use crate::slurm;
use crate::slurm::jobs::{Attempt, Jobs};
use crate::slurm::queue::{self, Entry, Phase};

/// Lines of a kind that are printed one by one.
const LINES: usize = 20;

/// How a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Done,
    Running,
    Queued,
    Failed,
    Missing,
}

impl Standing {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Done, "done"),
        (Self::Running, "running"),
        (Self::Queued, "queued"),
        (Self::Failed, "failed"),
        (Self::Missing, "missing"),
    ];
}

/// What the scheduler knows of a grid's jobs.
#[derive(Default)]
struct Scheduled {
    tasks: HashMap<(u64, usize), Entry>,
    merges: Vec<Entry>,
}

/// Prints how far a grid is. Its plan must be there; its data are not read.
///
/// # Errors
/// No plan yet; a file that is not this program's; a grid file that cannot be read.
pub fn run(grid: &Path, out: &Path) -> Result<Ending> {
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
    let page = Page { plan: &plan, store: &store, place: &place, scheduled: &scheduled };
    let cells: Vec<Cell<'_>> = plan
        .cells
        .iter()
        .zip(&states)
        .zip(&attempts)
        .map(|((cell, state), attempts)| Cell { cell, state, attempts, live: scheduled.live(attempts) })
        .collect();
    say::out!("{}", page.text(&cells));
    let left = cells.iter().filter(|cell| matches!(cell.standing(), Standing::Failed | Standing::Missing)).count();
    if left == 0 {
        return Ok(Ending::Complete);
    }
    match jobs.ids().is_empty() {
        true => say::out!("go on with: {}", on_file(&["resume"], grid, &["--out", &out.display().to_string()])),
        false => say::out!("go on with: {}", slurm::resume(grid, out)),
    }
    Ok(Ending::Failures)
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

struct Cell<'a> {
    cell: &'a Planned,
    state: &'a State,
    attempts: &'a [Attempt],
    live: Option<(Attempt, &'a Entry)>,
}

impl Cell<'_> {
    fn standing(&self) -> Standing {
        match (self.state, self.live.map(|(_, entry)| entry.phase())) {
            (State::Done(_), _) => Standing::Done,
            (_, Some(Phase::Running)) => Standing::Running,
            (_, Some(Phase::Queued)) => Standing::Queued,
            (State::Failed(_), _) => Standing::Failed,
            _ => Standing::Missing,
        }
    }
}

struct Page<'a> {
    plan: &'a PlanFile,
    store: &'a Store,
    place: &'a Path,
    scheduled: &'a Scheduled,
}

impl Page<'_> {
    fn text(&self, cells: &[Cell<'_>]) -> String {
        let count = |standing: Standing| cells.iter().filter(|cell| cell.standing() == standing).count();
        let counts: Vec<String> =
            Standing::ALL.iter().map(|(standing, word)| format!("{} {word}", count(*standing))).collect();
        let mut lines = vec![format!("`{}`: {} cells: {}", self.plan.name, cells.len(), counts.join(", "))];
        for (standing, word) in Standing::ALL {
            let of: Vec<&Cell<'_>> = cells.iter().filter(|cell| cell.standing() == standing).collect();
            let its = match standing {
                Standing::Done => Vec::new(),
                Standing::Running => self.at_work(&of, |attempt, entry| {
                    let log = attempt.log(self.place);
                    (entry.name(), format!("job {} on {}; log {}", entry.name(), entry.node, log.display()))
                }),
                Standing::Queued => self.at_work(&of, |_, entry| {
                    let why = format!("job {} ({})", entry.job, entry.reason.trim_matches(['(', ')']));
                    let advice = entry.advice().map_or(String::new(), |advice| format!("; {advice}"));
                    (format!("{} {}", entry.job, entry.reason), format!("{why}{advice}"))
                }),
                Standing::Failed | Standing::Missing => self.left(&of),
            };
            let more = its.len().saturating_sub(LINES);
            lines.extend(its.into_iter().take(LINES).map(|line| format!("  {word:<8} {line}")));
            if more > 0 {
                lines.push(format!("  {word:<8} and {more} more"));
            }
        }
        for entry in &self.scheduled.merges {
            let word = match entry.phase() {
                Phase::Queued => "queued",
                Phase::Running => "running",
                Phase::Ended => "ended",
            };
            let state = if entry.phase() == Phase::Ended { &entry.state } else { &entry.reason };
            let advice = entry.advice().map_or(String::new(), |advice| format!("; {advice}"));
            let log = self.place.join("logs").join(format!("merge-{}.log", entry.job));
            let log = if log.exists() { format!("; log {}", log.display()) } else { String::new() };
            lines.push(format!("  merge    job {} {word} ({state}){advice}{log}", entry.job));
        }
        lines.join("\n")
    }

    /// Cells that jobs are at work on, those of one kind in a line: `key` says what is one kind, and how it is told.
    fn at_work(&self, cells: &[&Cell<'_>], kind: impl Fn(&Attempt, &Entry) -> (String, String)) -> Vec<String> {
        let mut kinds: Vec<(String, String, Vec<usize>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for cell in cells {
            let Some((attempt, entry)) = &cell.live else { continue };
            let (key, text) = kind(attempt, entry);
            let at = *places.entry(key.clone()).or_insert(kinds.len());
            if at == kinds.len() {
                kinds.push((key, text, Vec::new()));
            }
            kinds[at].2.push(cell.cell.index);
        }
        kinds.into_iter().map(|(_, text, indices)| format!("{}: {text}", Indices(indices))).collect()
    }

    /// Cells that nobody is at work on: why, as far as results, scheduler and logs tell.
    fn left(&self, cells: &[&Cell<'_>]) -> Vec<String> {
        let mut never = Vec::new();
        let mut lines = Vec::new();
        for Cell { cell, state, attempts, .. } in cells {
            let log = attempts.iter().map(|attempt| attempt.log(self.place)).find(|log| log.exists());
            let ended = attempts.iter().find_map(|attempt| self.scheduled.of(attempt));
            let why = match (state, ended) {
                (State::Failed(_), _) => self.store.failure(&cell.id),
                (State::Damaged(why), _) => why.clone(),
                (_, Some(entry)) if entry.phase() == Phase::Ended => {
                    format!("its task {} is {} ({})", entry.name(), entry.state, entry.reason)
                }
                (_, Some(entry)) => format!("its task {} waits for {}", entry.name(), entry.reason),
                (_, None) if log.is_some() => "its task has ended without it".into(),
                (_, None) => {
                    never.push(cell.index);
                    continue;
                }
            };
            let log: String = log.map_or(String::new(), |log: PathBuf| format!("; log {}", log.display()));
            lines.push(format!("{} ({}) {}: {why}{log}", cell.index, cell.id, cell.label));
        }
        if !never.is_empty() {
            lines.push(format!("{}: no trace of an attempt", Indices(never)));
        }
        lines
    }
}
