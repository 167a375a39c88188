//! How far a grid is, as it is printed.

use std::collections::HashMap;

use crate::commands::status::{CellStatus, Standing, Status, Trace};
use crate::slurm::jobs::Attempt;
use crate::slurm::queue::{Entry, Phase};
use grid::pick::Indices;

/// Lines of a kind that are printed one by one.
const LINES: usize = 20;

const STANDINGS: [(Standing, &str); 5] = [
    (Standing::Done, "done"),
    (Standing::Running, "running"),
    (Standing::Queued, "queued"),
    (Standing::Failed, "failed"),
    (Standing::Missing, "missing"),
];

/// The page.
pub fn page(status: &Status) -> String {
    let Status { name, cells, merges, place, .. } = status;
    let count = |standing: Standing| cells.iter().filter(|cell| cell.standing == standing).count();
    let counts: Vec<String> = STANDINGS.iter().map(|(standing, word)| format!("{} {word}", count(*standing))).collect();
    let mut lines = vec![format!("`{name}`: {} cells: {}", cells.len(), counts.join(", "))];
    for (standing, word) in STANDINGS {
        let of: Vec<&CellStatus> = cells.iter().filter(|cell| cell.standing == standing).collect();
        let its = match standing {
            Standing::Done => Vec::new(),
            Standing::Running => at_work(&of, |attempt, entry| {
                let log = attempt.log(place);
                (entry.name(), format!("job {} on {}; log {}", entry.name(), entry.node, log.display()))
            }),
            Standing::Queued => at_work(&of, |_, entry| {
                let why = format!("job {} ({})", entry.job, entry.reason.trim_matches(['(', ')']));
                (format!("{} {}", entry.job, entry.reason), format!("{why}{}", advice(entry)))
            }),
            Standing::Failed | Standing::Missing => left(&of),
        };
        let more = its.len().saturating_sub(LINES);
        lines.extend(its.into_iter().take(LINES).map(|line| format!("  {word:<8} {line}")));
        if more > 0 {
            lines.push(format!("  {word:<8} and {more} more"));
        }
    }
    for entry in merges {
        let (word, state) = match entry.phase() {
            Phase::Queued => ("queued", &entry.reason),
            Phase::Running => ("running", &entry.reason),
            Phase::Ended => ("ended", &entry.state),
        };
        let log = place.join("logs").join(format!("merge-{}.log", entry.job));
        let log = if log.exists() { format!("; log {}", log.display()) } else { String::new() };
        lines.push(format!("  merge    job {} {word} ({state}){}{log}", entry.job, advice(entry)));
    }
    lines.join("\n")
}

fn advice(entry: &Entry) -> String {
    entry.advice().map_or(String::new(), |advice| format!("; {advice}"))
}

/// Cells that jobs are at work on, those of one kind in a line: `kind` says what is one kind, and how it is told.
fn at_work(cells: &[&CellStatus], kind: impl Fn(&Attempt, &Entry) -> (String, String)) -> Vec<String> {
    let mut kinds: Vec<(String, Vec<usize>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for cell in cells {
        let Some((attempt, entry)) = &cell.live else { continue };
        let (key, text) = kind(attempt, entry);
        let at = *places.entry(key).or_insert(kinds.len());
        if at == kinds.len() {
            kinds.push((text, Vec::new()));
        }
        kinds[at].1.push(cell.index);
    }
    kinds.into_iter().map(|(text, indices)| format!("{}: {text}", Indices(indices))).collect()
}

/// Cells that nobody is at work on: why, as far as results, scheduler and logs tell.
fn left(cells: &[&CellStatus]) -> Vec<String> {
    let mut never = Vec::new();
    let mut lines = Vec::new();
    for CellStatus { index, id, label, trace, log, .. } in cells {
        let why = match trace {
            Some(Trace::Failed(why) | Trace::Damaged(why)) => why.clone(),
            Some(Trace::Task(entry)) if entry.phase() == Phase::Ended => {
                format!("its task {} is {} ({})", entry.name(), entry.state, entry.reason)
            }
            Some(Trace::Task(entry)) => format!("its task {} waits for {}", entry.name(), entry.reason),
            Some(Trace::Ended) => "its task has ended without it".into(),
            None => {
                never.push(*index);
                continue;
            }
        };
        let log = log.as_ref().map_or(String::new(), |log| format!("; log {}", log.display()));
        lines.push(format!("{index} ({id}) {label}: {why}{log}"));
    }
    if !never.is_empty() {
        lines.push(format!("{}: no trace of an attempt", Indices(never)));
    }
    lines
}
