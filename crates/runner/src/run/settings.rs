//! What a user can ask of a run: which cells, and how they are computed.

use std::time::Duration;

use anyhow::Result;

use grid::only::Only;
use grid::pick::Shard;
use grid::plan::{Cell, Plan};
use store::durable::Durability;

/// How cells are computed.
#[derive(Clone, Debug, Default)]
pub struct RunSettings {
    /// Cells at a time; by their number without one.
    pub jobs: Option<usize>,
    /// Threads in all; all cores without a number.
    pub threads: Option<usize>,
    /// Bytes for all cells that run at a time.
    pub max_memory: Option<u64>,
    /// What a cell may take; each is then run in a process of its own.
    pub timeout: Option<Duration>,
    /// The first failure ends the run.
    pub fail_fast: bool,
    /// When files are forced to disk, where that is not as the command has it.
    pub durability: Option<Durability>,
    /// Compute cells anew that are done.
    pub recompute: bool,
}

/// Which cells of a plan: all of them by default.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Those that the filter names.
    pub only: Option<Only>,
    /// Every n-th of the plan; tables and figures are left to a merge.
    pub shard: Option<Shard>,
}

impl Selection {
    /// The cells in the plan's order.
    ///
    /// # Errors
    /// A filter that no cell of the plan passes.
    pub fn pick<'a>(&self, plan: &'a Plan) -> Result<Vec<&'a Cell>> {
        let mut cells = match &self.only {
            Some(only) => only.pick(&plan.cells)?,
            None => plan.cells.iter().collect(),
        };
        cells.retain(|cell| self.shard.is_none_or(|shard| shard.has(cell.index)));
        Ok(cells)
    }

    /// What a run of some of the cells is called, so that the same one does not run twice at a time; `None` for a run of all.
    pub fn part(&self) -> Option<String> {
        let shard = self.shard.map(|shard| format!("shard {}-{}", shard.index, shard.count));
        let only = self.only.as_ref().map(|only| format!("only {only}"));
        let parts: Vec<String> = shard.into_iter().chain(only).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}
