//! The output of `runner status`.

use std::collections::HashMap;

use crate::commands::status::{CellStatus, Standing, Status};
use grid::pick::Indices;

/// Largest number of lines of one kind.
const LINES: usize = 20;

/// The text of the output.
pub fn page(status: &Status) -> String {
    let Status { name, cells, others, .. } = status;
    let count = |standing: Standing| cells.iter().filter(|cell| cell.standing == standing).count();
    let counts: Vec<String> = Standing::ALL.map(|standing| format!("{} {}", count(standing), standing.name())).to_vec();
    let mut lines = vec![format!("`{name}`: {} cells: {}", cells.len(), counts.join(", "))];
    for standing in Standing::ALL {
        let of: Vec<&CellStatus> = cells.iter().filter(|cell| cell.standing == standing).collect();
        let its = match standing {
            Standing::Done => Vec::new(),
            Standing::Running | Standing::Queued => at_work(&of),
            Standing::Failed | Standing::Missing => left(&of),
        };
        lines.extend(first(standing.name(), its));
    }
    let mut kinds: Vec<&str> = others.iter().map(|job| job.kind).collect();
    kinds.dedup();
    for kind in kinds {
        let its = others.iter().filter(|job| job.kind == kind).map(|job| job.text.clone());
        lines.extend(first(kind, its.collect()));
    }
    lines.join("\n")
}

/// The first lines of a kind, and the number of further lines.
fn first(word: &str, lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(LINES);
    let mut told: Vec<String> = lines.into_iter().take(LINES).map(|line| format!("  {word:<8} {line}")).collect();
    if more > 0 {
        told.push(format!("  {word:<8} and {more} more"));
    }
    told
}

/// Cells that attempts have; the cells of one attempt are on one line.
fn at_work(cells: &[&CellStatus]) -> Vec<String> {
    let mut kinds: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for cell in cells {
        let Some(live) = &cell.live else { continue };
        let at = *places.entry(&live.attempt).or_insert(kinds.len());
        if at == kinds.len() {
            kinds.push((&live.text, Vec::new()));
        }
        kinds[at].1.push(cell.index);
    }
    kinds.into_iter().map(|(text, indices)| format!("{}: {text}", Indices(indices))).collect()
}

/// Cells that no attempt has, with the reason as far as results, engines and logs tell it.
fn left(cells: &[&CellStatus]) -> Vec<String> {
    let mut never = Vec::new();
    let mut lines = Vec::new();
    for CellStatus { index, id, label, why, log, .. } in cells {
        let Some(why) = why else {
            never.push(*index);
            continue;
        };
        let log = log.as_ref().map_or(String::new(), |log| format!("; log {}", log.display()));
        lines.push(format!("{index} ({id}) {label}: {why}{log}"));
    }
    if !never.is_empty() {
        lines.push(format!("{}: no trace of an attempt", Indices(never)));
    }
    lines
}
