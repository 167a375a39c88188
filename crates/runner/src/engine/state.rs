//! What an engine knows of a grid: who has its cells, and what came of those that nobody has any more.

use std::path::PathBuf;

/// What an engine knows of a grid.
#[derive(Clone, Debug, Default)]
pub struct EngineState {
    /// Whether cells were handed to it.
    pub submitted: bool,
    /// What it knows of each cell of the plan, in its order; empty where it knows nothing of cells.
    pub cells: Vec<CellState>,
    /// What else it has of the grid.
    pub others: Vec<Job>,
}

/// What an engine knows of a cell.
#[derive(Clone, Debug, Default)]
pub struct CellState {
    /// Who has it now.
    pub live: Option<Live>,
    /// What came of the attempt that had it, in words.
    pub ended: Option<String>,
    /// The log of the latest attempt that has one.
    pub log: Option<PathBuf>,
}

/// An attempt that has a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Whether it runs.
    pub phase: Phase,
    /// The id of the attempt; cells of one attempt that is in one phase are told in one line.
    pub attempt: String,
    /// What it is, in words.
    pub text: String,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits.
    Queued,
    /// It runs.
    Running,
}

/// Something that an engine has of a grid beside its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What kind of thing it is, in a word.
    pub kind: &'static str,
    /// What it is, in words.
    pub text: String,
}
