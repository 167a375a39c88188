//! The settings of a run: the selection of cells, and how they are computed.

use std::time::Duration;

use anyhow::Result;

use grid::only::Only;
use grid::pick::Shard;
use grid::plan::{Cell, Plan};
use store::durable::Durability;

/// How cells are computed.
#[derive(Clone, Debug, Default)]
pub struct RunSettings {
    /// Number of cells at the same time; by default it depends on the number of cells.
    pub jobs: Option<usize>,
    /// Number of threads in all; all cores by default.
    pub threads: Option<usize>,
    /// Limit on the memory of all running cells, in bytes.
    pub max_memory: Option<u64>,
    /// Time limit of a cell. With a limit, each cell runs in a separate process.
    pub timeout: Option<Duration>,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// When files are forced to disk, if it is not the default of the command.
    pub durability: Option<Durability>,
    /// Whether to compute cells again that are done.
    pub recompute: bool,
}

/// The selection of cells of a plan: all cells by default.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The cells that this filter accepts.
    pub only: Option<Only>,
    /// Every n-th cell of the plan; a merge writes the tables and figures.
    pub shard: Option<Shard>,
}

impl Selection {
    /// The selected cells in the order of the plan.
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

    /// The name of the lock of a run of some cells, so that no second run of the same cells starts; `None` for a run of
    /// all cells.
    pub fn part(&self) -> Option<String> {
        let shard = self.shard.map(|shard| format!("shard {}-{}", shard.index, shard.count));
        let only = self.only.as_ref().map(|only| format!("only {only}"));
        let parts: Vec<String> = shard.into_iter().chain(only).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}
