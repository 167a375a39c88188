//! The command `runner verify`: tests whether results are unchanged and whether they can be computed again.
//!
//! The checksums of all files reveal accidental changes. A sample of the cells is computed again and compared. That
//! reveals forged results, and a program or a machine that computes other values. The comparison is bit by bit on the
//! instruction set of the records, and within [`TOLERANCE`] on another. It leaves out the columns of costs, and those
//! that name the grid, the code and the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use files::checksum;

use crate::cells::execute::{Context, Outcome, run_cell};
use crate::cells::fits::Fits;
use crate::event::{Event, Observer};
use crate::run::announce;
use crate::run::plan_file::PlanFile;
use grid::plan::{Cell, Plan, PlanRequest};
use store::cells::{State, Store, StoredSeries};
use store::gather;
use store::provenance::Provenance;
use store::record::{COST_COLUMNS, Record, first_difference};

/// The results to verify, and the size of the sample.
#[derive(Clone, Debug)]
pub struct Request {
    /// A grid file, or the folder of a grid's results.
    pub target: PathBuf,
    /// Folder of the results of all grids, for a grid file.
    pub out: PathBuf,
    /// Number of cells to compute again.
    pub sample: usize,
    /// Seed that selects these cells.
    pub seed: u64,
    /// Number of threads.
    pub threads: Option<usize>,
}

/// Tolerance for values of another instruction set, relative to the larger of 1 and the value: one item of a hundred
/// may get another rank.
pub const TOLERANCE: f64 = 0.01;

/// Columns that name the grid, the revision or the machine. They may differ.
const NAMES: [&str; 8] = ["grid", "data", "stand_in", "views", "git", "lock_sha256", "grid_git", "cpu"];

/// The result of a verification.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Number of cells of the plan.
    pub cells: usize,
    /// Number of cells that are done.
    pub done: usize,
    /// Number of done cells whose files are damaged.
    pub damaged: usize,
    /// Number of cells that were computed again.
    pub again: usize,
    /// Number of these cells that had to be equal bit by bit.
    pub exact: usize,
    /// The problems, one line each.
    pub problems: Vec<String>,
}

/// Verifies a grid's results.
///
/// # Errors
/// No such grid or results; anything wrong with the data.
pub fn run(request: &Request, observer: &dyn Observer) -> Result<Verified> {
    let (plan, root) = if request.target.is_dir() {
        (PlanFile::read(&PlanFile::place(&request.target))?.open()?, request.target.clone())
    } else {
        let plan = PlanRequest::of(&request.target, true).open()?;
        let root = request.out.join(plan.name());
        (plan, root)
    };
    announce(&plan, observer);
    let store = Store::at(&root);
    let states = gather::states(&plan, &store);
    let mut problems = checksums(&plan, &store, &states)?;
    let done: Vec<&Cell> =
        plan.cells.iter().zip(&states).filter(|(_, state)| state.done()).map(|(cell, _)| cell).collect();
    let damaged = states.iter().filter(|state| matches!(state, State::Damaged(_))).count();
    observer.on_event(&Event::ChecksumsVerified { done: done.len(), cells: states.len(), damaged });
    let sample = sample(&done, request.sample, request.seed);
    let mut exact = 0;
    if !sample.is_empty() {
        let (same, others) = recompute(&plan, &store, &sample, request.threads)?;
        exact = same;
        problems.extend(others);
    }
    Ok(Verified { cells: states.len(), done: done.len(), damaged, again: sample.len(), exact, problems })
}

/// The result of the checksums.
fn checksums(plan: &Plan, store: &Store, states: &[State]) -> Result<Vec<String>> {
    let damaged = states.iter().filter_map(|state| match state {
        State::Damaged(why) => Some(why.clone()),
        State::Done(_) | State::Failed(_) | State::Missing => None,
    });
    let mut problems: Vec<String> = damaged.collect();
    let records = store.check_records()?;
    let path = store.root().join("records.parquet");
    if records.is_empty() && path.exists() && store.gathered(&gather::inputs(plan, states)).is_none() {
        problems.push(format!(
            "{} was not gathered from the cells that are there; a run or a merge does so",
            path.display()
        ));
    }
    problems.extend(records);
    Ok(problems)
}

/// A sample of the cells. It depends on the seed, not on the order of the cells.
fn sample<'a>(cells: &[&'a Cell], size: usize, seed: u64) -> Vec<&'a Cell> {
    let mut drawn = cells.to_vec();
    drawn.sort_by_cached_key(|cell| checksum::sha256(format!("{seed} {}", cell.id).as_bytes()));
    drawn.truncate(size);
    drawn
}

/// Computes cells again, and returns the number of cells that had to be equal bit by bit, and the differences.
fn recompute(plan: &Plan, store: &Store, cells: &[&Cell], threads: Option<usize>) -> Result<(usize, Vec<String>)> {
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("cannot start threads")?;
    let provenance = Provenance::gather(plan.grid.path().parent().unwrap_or(Path::new("")));
    let context = Context { plan, provenance: &provenance, fits: &Fits::default(), threads, alone: false };
    let (mut exact, mut problems) = (0, Vec::new());
    for cell in cells {
        let again = pool.install(|| run_cell(&context, cell)).with_context(|| format!("cell {}", cell.id))?;
        let kept = store.records(&cell.id)?;
        let same_set = kept.iter().all(|record| instruction_set(&record.cpu) == instruction_set(&provenance.cpu));
        exact += usize::from(same_set);
        let compare = if same_set { Compare::Bits } else { Compare::Tolerance };
        match store.series(&cell.id) {
            Ok(series) => problems.extend(
                differences(&kept, &series, &again, compare)?
                    .map(|what| format!("cell {} ({}): {what}", cell.id, cell.label())),
            ),
            // The checksums have reported these cells.
            Err(_) => continue,
        }
    }
    Ok((exact, problems))
}

/// The instruction set, such as `avx512` in `Some Processor (avx512)`.
fn instruction_set(cpu: &str) -> &str {
    cpu.rsplit_once('(').map_or(cpu, |(_, set)| set.trim_end_matches(')'))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    Bits,
    Tolerance,
}

impl Compare {
    fn same(self, kept: f64, again: f64) -> bool {
        match self {
            Self::Bits => kept.to_bits() == again.to_bits(),
            Self::Tolerance => kept == again || (kept - again).abs() <= TOLERANCE * kept.abs().max(1.0),
        }
    }
}

/// The first difference between records.
fn differences(kept: &[Record], series: &[StoredSeries], again: &Outcome, compare: Compare) -> Result<Option<String>> {
    if kept.len() != again.records.len() {
        return Ok(Some(format!("{} records are kept, {} were computed", kept.len(), again.records.len())));
    }
    let mut without: Vec<&str> = COST_COLUMNS.iter().chain(&NAMES).copied().collect();
    if compare == Compare::Tolerance {
        // The number of steps to convergence depends on the instruction set, too.
        without.push("iterations");
    }
    let same = |kept, again| compare.same(kept, again);
    if let Some(difference) = first_difference(kept, &again.records, &without, same)? {
        return Ok(Some(difference));
    }
    Ok(of_series(series, &again.series, compare))
}

/// The first series that differs. Within the tolerance, a series differs if more than this share of its items differ.
fn of_series(kept: &[StoredSeries], again: &[StoredSeries], compare: Compare) -> Option<String> {
    if kept.len() != again.len() {
        return Some(format!("{} series of scores are kept, {} were computed", kept.len(), again.len()));
    }
    kept.iter().zip(again).find_map(|(ours, theirs)| {
        let (a, b) = (&ours.series.values, &theirs.series.values);
        let name = format!("{} of {}", ours.series.quantity.name(), ours.task);
        if a.len() != b.len() {
            return Some(format!("{name}: {} scores are kept, {} were computed", a.len(), b.len()));
        }
        let same = |(a, b): &(&f32, &f32)| match compare {
            Compare::Bits => a.to_bits() == b.to_bits(),
            Compare::Tolerance => compare.same(f64::from(**a), f64::from(**b)),
        };
        let differing = a.iter().zip(b).filter(|pair| !same(pair)).count();
        let allowed = if compare == Compare::Bits { 0.0 } else { TOLERANCE * a.len() as f64 };
        (differing as f64 > allowed).then(|| format!("{name}: {differing} of {} scores differ", a.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_count_on_the_same_instruction_set_and_a_tolerance_on_another() {
        assert_eq!(instruction_set("Some Processor (R) 9 (avx2)"), "avx2");
        let record = |value: f64| Record { value: Some(value), cell: "c".into(), ..Record::default() };
        let again = |value: f64| Outcome { records: vec![record(value)], ..Outcome::default() };
        let last_digit = 0.1 + 0.2;
        let differs = |a: f64, b: f64, compare| differences(&[record(a)], &[], &again(b), compare).expect("frames");
        assert_eq!(differs(0.3, 0.3, Compare::Bits), None);
        assert!(
            differs(0.3, last_digit, Compare::Bits).expect("a difference").starts_with("`value` of record 0 is 0.3")
        );
        assert_eq!(differs(0.3, last_digit, Compare::Tolerance), None);
        assert!(differs(0.3, 0.33, Compare::Tolerance).is_some());
    }
}
