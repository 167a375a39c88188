//! A method and a task that polyalign does not know, registered and run in a grid by its library.
//!
//! * `kernel_gcca.rs`: the method, which implements `Aligner`, and its fit, which implements `FittedMaps`;
//! * `consensus_retrieval.rs`: the task, which implements `Evaluation`;
//! * `bent.rs`: the data;
//! * `grid.yaml`: the methods, tasks and seeds to run.

pub mod bent;
mod consensus_retrieval;
mod kernel_gcca;

use std::path::Path;

use anyhow::Result;
use runner::commands::run::{RunRequest, run};
use runner::event::Observer;
use runner::run::outcome::Ending;

pub use consensus_retrieval::ConsensusRetrieval;
pub use kernel_gcca::KernelGcca;

/// Registers the method and the task, once in a process. From then on grid files can name them.
///
/// # Errors
/// A name that another method or task has.
pub fn register() -> Result<()> {
    align::Method::register::<KernelGcca>()?;
    tasks::Task::register::<ConsensusRetrieval>()?;
    Ok(())
}

/// Writes the data of `grid.yaml` into `data/` of a folder, where they are missing.
///
/// # Errors
/// A folder that cannot be written.
pub fn write_data(folder: &Path) -> Result<()> {
    let data = folder.join("data");
    if data.join("bent.yaml").exists() { Ok(()) } else { bent::write(&data) }
}

/// Runs `grid.yaml` of a folder: computes the cells that are not in `results/` yet, and writes tables, figures and the report,
/// `results/own/report.html`. The observer is told how it goes.
///
/// # Errors
/// Anything wrong with the grid or the data, with file, line and column; a folder that cannot be written.
pub fn run_grid(folder: &Path, observer: &dyn Observer) -> Result<Ending> {
    write_data(folder)?;
    run(&folder.join("grid.yaml"), &RunRequest::new(folder.join("results")), observer)
}
