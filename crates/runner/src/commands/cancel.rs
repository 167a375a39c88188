//! Ends what is queued or running of a grid.

use std::path::Path;

use anyhow::Result;

use crate::engine::Engine;
use crate::run::plan_file::PlanFile;
use store::lock::workers;

/// What was ended of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The grid's name.
    pub name: String,
    /// What was ended, or told to end, a line each.
    pub ended: Vec<String>,
    /// Attempts that still write into the folder and belong to no engine: they were started by hand, or by whatever runs a list.
    pub others: Vec<String>,
}

/// Ends what the engines have of a grid whose results are in a folder.
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
