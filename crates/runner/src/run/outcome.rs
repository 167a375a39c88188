//! The result of a run.

use crate::cells::interrupt::EXIT_CODE;
use store::cells::{State, Store};

/// The result of a run. The counts are over the cells that the run had to compute.
#[derive(Debug)]
pub struct RunOutcome {
    /// The store of the results.
    pub store: Store,
    /// The state of each cell of the plan; after a run of cells by their indices, of these cells only.
    pub states: Vec<State>,
    /// Number of cells that were done before.
    pub before: usize,
    /// Number of cells that this run computed.
    pub done: usize,
    /// Number of cells that failed in this run.
    pub failed: usize,
    /// Number of cells that were not started, because the run was interrupted or stopped at a failure.
    pub left: usize,
    /// Whether the user interrupted the run before all cells had started.
    pub interrupted: bool,
}

impl RunOutcome {
    /// Whether all cells of the run are done.
    pub fn ending(&self) -> Ending {
        match self {
            Self { interrupted: true, .. } => Ending::Interrupted,
            Self { failed: 0, left: 0, .. } => Ending::Complete,
            _ => Ending::Failures,
        }
    }
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// All cells are done.
    Complete,
    /// Cells have failed or are missing; the next run tries them again.
    Failures,
    /// The user interrupted the run; the next run continues.
    Interrupted,
}

impl Ending {
    /// The worse of two ends.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Interrupted, _) | (_, Self::Interrupted) => Self::Interrupted,
            (Self::Failures, _) | (_, Self::Failures) => Self::Failures,
            (Self::Complete, Self::Complete) => Self::Complete,
        }
    }

    /// The exit code: 0, 1 or 130.
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failures => 1,
            Self::Interrupted => EXIT_CODE,
        }
    }
}
