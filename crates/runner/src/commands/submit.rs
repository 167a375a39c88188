//! The command `runner submit`: hands a grid to an engine.

use std::path::PathBuf;

use anyhow::Result;

use crate::engine::{Engine, Submitted};
use crate::event::Observer;
use crate::run::announce;
use grid::plan::PlanRequest;

/// The grid to submit.
#[derive(Clone, Debug)]
pub struct SubmitRequest {
    /// The grid file.
    pub grid: PathBuf,
    /// Folder of the results of all grids.
    pub out: PathBuf,
    /// Whether to use the stand-in of the grid if its data are not present.
    pub allow_stand_in: bool,
}

/// Hands the unfinished cells of a grid to an engine.
///
/// # Errors
/// Anything wrong with grid or data; whatever the engine refuses.
pub fn submit(request: &SubmitRequest, engine: &dyn Engine, observer: &dyn Observer) -> Result<Submitted> {
    let SubmitRequest { grid, out, allow_stand_in } = request;
    let plan = PlanRequest::of(grid, *allow_stand_in).open()?;
    announce(&plan, observer);
    engine.submit(&plan, out, observer)
}
