//! The cells of each task: arithmetic on the indices of a plan.
//!
//! Task t of a plan runs the cells `t·K .. (t+1)·K`, where K is the number of cells of a task. The indices of an array
//! begin at 0 and have a limit that the cluster sets (MaxArraySize). Therefore tasks are counted from an offset: index
//! i of an array is task `offset + i`.

use crate::run::plan_file::Planned;
use grid::pick::Indices;

use super::settings::TimeLimit;

/// Shortest duration of a task in seconds. Starting the task, reading the data and the work of the scheduler are then a
/// small part of it.
const WORTHWHILE: f64 = 60.0;
/// Largest number of cells of a task. If a task is lost, all cells are lost that it has not stored.
const MOST_CELLS: usize = 1000;
/// Largest number of tasks of an array. Its sparse indices are one argument of a command, which may have 128 kB.
const MOST_TASKS: usize = 10_000;

/// The tasks of one array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The task at index 0.
    pub offset: usize,
    /// The indices of the array.
    pub tasks: Indices,
}

/// Number of cells of a task. The task takes about a minute by the mean forecast, and at most half its time limit by
/// the highest forecast. The number is one if no finished cell gives a forecast.
pub fn group(cells: &[&Planned], limit: Option<&TimeLimit>) -> usize {
    let seconds: Option<Vec<f64>> = cells.iter().map(|cell| cell.seconds).collect();
    let Some(seconds) = seconds.filter(|seconds| !seconds.is_empty()) else { return 1 };
    let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    let by_limit = limit.map_or(f64::INFINITY, |limit| limit.seconds as f64 / 2.0 / longest.max(1e-3));
    let group = (WORTHWHILE / mean.max(1e-3)).min(by_limit).floor();
    (group as usize).clamp(1, MOST_CELLS)
}

/// The tasks that have at least one of these cells (ascending), in arrays of indices below `longest`.
pub fn chunks(cells: &[usize], group: usize, longest: usize) -> Vec<Chunk> {
    let mut tasks: Vec<usize> = cells.iter().map(|cell| cell / group).collect();
    tasks.dedup();
    let mut rest = tasks.as_slice();
    let mut chunks = Vec::new();
    while let Some(&offset) = rest.first() {
        let end = rest.iter().take(MOST_TASKS).take_while(|task| **task - offset < longest.max(1)).count();
        let tasks = rest[..end].iter().map(|task| task - offset).collect();
        chunks.push(Chunk { offset, tasks: Indices(tasks) });
        rest = &rest[end..];
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::forecast::Basis;

    fn cell(index: usize, seconds: Option<f64>) -> Planned {
        Planned {
            index,
            id: format!("c{index}"),
            label: String::new(),
            state: "missing".into(),
            seconds,
            basis: Basis::Records,
            work: 1.0,
            memory_mb: 100.0,
        }
    }

    #[test]
    fn arrays_have_no_index_beyond_the_bound_and_every_cell_once() {
        let cells: Vec<usize> = (0..2503).collect();
        let cut = chunks(&cells, 2, 1001);
        let lengths: Vec<(usize, String)> = cut.iter().map(|c| (c.offset, c.tasks.to_string())).collect();
        assert_eq!(lengths, [(0, "0-1000".to_string()), (1001, "0-250".to_string())]);
        let of = |c: &Chunk| c.tasks.0.iter().map(|i| i + c.offset).collect::<Vec<_>>();
        let tasks: Vec<usize> = cut.iter().flat_map(of).collect();
        assert_eq!(tasks, (0..1252).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_missing_is_a_sparse_array_that_begins_where_something_is() {
        let cut = chunks(&[2005, 2007, 2008, 9000], 1, 1001);
        assert_eq!(cut[0], Chunk { offset: 2005, tasks: Indices(vec![0, 2, 3]) });
        assert_eq!(cut[1], Chunk { offset: 9000, tasks: Indices(vec![0]) });
        assert_eq!((cut.len(), chunks(&[], 4, 10).len()), (2, 0));
        let long: Vec<usize> = (0..30_000).map(|i| 2 * i).collect();
        let cut = chunks(&long, 1, 4_000_000);
        assert_eq!(cut.len(), 3);
        assert!(cut.iter().all(|chunk| chunk.tasks.to_string().len() < 128 * 1024));
    }

    #[test]
    fn short_cells_are_grouped_and_long_or_unknown_ones_are_not() {
        let of = |seconds: Option<f64>, limit: Option<&str>| {
            let cells: Vec<Planned> = (0..10).map(|index| cell(index, seconds)).collect();
            let limit: Option<TimeLimit> = limit.map(|limit| limit.parse().expect("a limit"));
            group(&cells.iter().collect::<Vec<_>>(), limit.as_ref())
        };
        assert_eq!((of(Some(5.0), None), of(Some(600.0), None), of(None, None)), (12, 1, 1));
        assert_eq!(of(Some(0.0), None), MOST_CELLS);
        assert_eq!(of(Some(5.0), Some("0:40")), 4);
        assert_eq!(group(&[], None), 1);
    }
}
