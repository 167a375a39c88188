//! State of a grid in an engine: the attempts that have its cells, and the results of ended attempts.

use std::path::PathBuf;

/// State of a grid in an engine.
#[derive(Clone, Debug, Default)]
pub struct EngineState {
    /// Whether cells were submitted to the engine.
    pub submitted: bool,
    /// State of each cell of the plan, in its order; empty if the engine does not know cells.
    pub cells: Vec<CellState>,
    /// Other work of the grid in the engine.
    pub others: Vec<Job>,
}

/// State of a cell in an engine.
#[derive(Clone, Debug, Default)]
pub struct CellState {
    /// The attempt that has the cell.
    pub live: Option<Live>,
    /// Result of the ended attempt, as text.
    pub ended: Option<String>,
    /// Log of the latest attempt with one.
    pub log: Option<PathBuf>,
}

/// Attempt that has a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Phase of the attempt.
    pub phase: Phase,
    /// Id of the attempt; cells of one attempt in one phase are shown in one line.
    pub attempt: String,
    /// Description of the attempt.
    pub text: String,
}

/// Phase of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The attempt waits.
    Queued,
    /// The attempt runs.
    Running,
}

/// Work of a grid in an engine, other than its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Kind of the work, in a word.
    pub kind: &'static str,
    /// Description of the work.
    pub text: String,
}
