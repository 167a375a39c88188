//! Cells as commands.

use std::path::PathBuf;

use serde::Serialize;

/// The commands of a plan's cells that are not done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommandList {
    /// `runner list 1`.
    pub format: &'static str,
    /// The grid's name.
    pub name: String,
    /// The plan that the commands name.
    pub plan: PathBuf,
    /// A command for each group of cells, in any order and side by side.
    pub commands: Vec<CellCommand>,
    /// The words of the command that writes tables and figures once all of them have run.
    pub merge: Vec<String>,
}

/// A command that runs cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellCommand {
    /// Places of the cells in the plan.
    pub cells: Vec<usize>,
    /// As they are named.
    pub labels: Vec<String>,
    /// The words of the command.
    pub argv: Vec<String>,
    /// The forecast of its wall seconds, where cells have run that tell.
    pub seconds: Option<f64>,
    /// The forecast of its memory in megabytes.
    pub memory_mb: f64,
}

impl CellCommand {
    /// As a line of a shell.
    pub fn line(&self) -> String {
        files::shell::command(&self.argv)
    }
}
