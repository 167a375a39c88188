//! The command `runner cancel`: ends the queued and running work of a grid.

use std::path::Path;

use anyhow::Result;

use crate::engine::Engine;
use crate::run::plan_file::PlanFile;
use store::lock::workers;

/// The result of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The grid's name.
    pub name: String,
    /// The work that was ended, one line each.
    pub ended: Vec<String>,
    /// Attempts that still write into the folder and belong to no engine: a user or another program has started them.
    pub others: Vec<String>,
}

/// Ends the work of all engines on a grid, given the folder of its results.
///
/// # Errors
/// A folder without a plan; whatever an engine refuses.
pub fn cancel(root: &Path, engines: &[&dyn Engine]) -> Result<Cancelled> {
    let name = PlanFile::read(&PlanFile::place(root))?.name;
    let mut ended = Vec::new();
    for engine in engines {
        ended.extend(engine.cancel(root)?);
    }
    let others = match ended.is_empty() {
        true => workers(root)?.into_iter().map(|worker| worker.attempt).collect(),
        false => Vec::new(),
    };
    Ok(Cancelled { name, ended, others })
}
