//! The state of a grid's cells, from the queue of Slurm and the logs.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;

use super::jobs::{Attempt, Jobs, folder};
use super::queue::{self, Entry, Phase};
use crate::engine::state::{self, CellState, EngineState, Job, Live};
use crate::run::plan_file::PlanFile;

/// The state of a grid in Slurm.
#[derive(Default)]
struct Scheduled {
    tasks: HashMap<(u64, usize), Entry>,
    merges: Vec<Entry>,
}

/// The state of the cells of a plan that were submitted.
///
/// # Errors
/// A file of jobs that is not this program's.
pub(super) fn state(plan: &PlanFile, root: &Path) -> Result<EngineState> {
    let place = folder(root);
    let jobs = Jobs::read(&place)?;
    let scheduled = ask(&jobs);
    let attempts = jobs.attempts(plan)?;
    let cell = |attempts: &Vec<Attempt>| {
        let log = attempts.iter().map(|attempt| attempt.log(&place)).find(|log| log.exists());
        let ended = match attempts.iter().find_map(|attempt| scheduled.of(attempt)) {
            Some(entry) if entry.phase() == Phase::Ended => {
                Some(format!("its task {} is {} ({})", entry.name(), entry.state, entry.reason))
            }
            Some(entry) => Some(format!("its task {} waits for {}", entry.name(), entry.reason)),
            None => log.is_some().then(|| "its task has ended without it".to_string()),
        };
        CellState { live: scheduled.live(attempts).map(|(attempt, entry)| live(&attempt, entry, &place)), ended, log }
    };
    let merge = |entry: &Entry| Job { kind: "merge", text: merge(entry, &place) };
    Ok(EngineState {
        submitted: !jobs.ids().is_empty(),
        cells: attempts.iter().map(cell).collect(),
        others: scheduled.merges.iter().map(merge).collect(),
    })
}

/// If Slurm cannot be asked, a note says so, and the results alone give the states.
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
    /// The task that has a cell: a running task before a waiting one.
    fn live(&self, attempts: &[Attempt]) -> Option<(Attempt, &Entry)> {
        let known = || attempts.iter().filter_map(|attempt| Some((*attempt, self.of(attempt)?)));
        let of = |phase: Phase| known().find(|(_, entry)| entry.phase() == phase && entry.at_work());
        of(Phase::Running).or_else(|| of(Phase::Queued))
    }

    fn of(&self, attempt: &Attempt) -> Option<&Entry> {
        self.tasks.get(&(attempt.job, attempt.task))
    }
}

/// The attempt of a task. Waiting tasks of an array with the same reason form one attempt.
fn live(attempt: &Attempt, entry: &Entry, place: &Path) -> Live {
    match entry.phase() {
        Phase::Running => Live {
            phase: state::Phase::Running,
            attempt: entry.name(),
            text: format!("job {} on {}; log {}", entry.name(), entry.node, attempt.log(place).display()),
        },
        Phase::Queued | Phase::Ended => {
            let reason = entry.reason.trim_matches(['(', ')']);
            Live {
                phase: state::Phase::Queued,
                attempt: format!("{} {reason}", entry.job),
                text: format!("job {} ({reason}){}", entry.job, advice(entry)),
            }
        }
    }
}

fn merge(entry: &Entry, place: &Path) -> String {
    let (word, state) = match entry.phase() {
        Phase::Queued => ("queued", &entry.reason),
        Phase::Running => ("running", &entry.reason),
        Phase::Ended => ("ended", &entry.state),
    };
    let log = place.join("logs").join(format!("merge-{}.log", entry.job));
    let log = if log.exists() { format!("; log {}", log.display()) } else { String::new() };
    format!("job {} {word} ({state}){}{log}", entry.job, advice(entry))
}

fn advice(entry: &Entry) -> String {
    entry.advice().map_or(String::new(), |advice| format!("; {advice}"))
}
