//! What a run came to.

use crate::cells::interrupt::EXIT_CODE;
use store::cells::{State, Store};

/// What a run came to. The counts are of the cells that it was to run.
#[derive(Debug)]
pub struct RunOutcome {
    /// Where the results are.
    pub store: Store,
    /// What there is of each cell of the plan now; after a run of cells by their places, of these alone.
    pub states: Vec<State>,
    /// Cells that were done before.
    pub before: usize,
    /// Cells done now.
    pub done: usize,
    /// Cells that failed now.
    pub failed: usize,
    /// Cells that were not begun: the run was interrupted, or stopped at a failure.
    pub left: usize,
    /// Whether someone wanted an end before all cells had begun.
    pub interrupted: bool,
}

impl RunOutcome {
    /// Whether everything that was to run is there now.
    pub fn ending(&self) -> Ending {
        match self {
            Self { interrupted: true, .. } => Ending::Interrupted,
            Self { failed: 0, left: 0, .. } => Ending::Complete,
            _ => Ending::Failures,
        }
    }
}

/// Whether everything asked for is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Yes.
    Complete,
    /// Cells have failed or are missing; the next run tries them again.
    Failures,
    /// Someone wanted an end; the next run goes on from here.
    Interrupted,
}

impl Ending {
    /// The worse of two.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Interrupted, _) | (_, Self::Interrupted) => Self::Interrupted,
            (Self::Failures, _) | (_, Self::Failures) => Self::Failures,
            (Self::Complete, Self::Complete) => Self::Complete,
        }
    }

    /// The exit code that says so: 0, 1, 130.
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failures => 1,
            Self::Interrupted => EXIT_CODE,
        }
    }
}
