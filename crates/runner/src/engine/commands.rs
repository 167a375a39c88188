//! Cells as a list of commands.

use std::path::PathBuf;

use serde::Serialize;

/// Commands for the unfinished cells of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommandList {
    /// Format of the list: `runner list 1`.
    pub format: &'static str,
    /// The grid's name.
    pub name: String,
    /// The plan in the commands.
    pub plan: PathBuf,
    /// One command for each group of cells; they can run in any order and in parallel.
    pub commands: Vec<CellCommand>,
    /// Words of the command that writes tables and figures after all of them.
    pub merge: Vec<String>,
}

/// A command that runs cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellCommand {
    /// Indices of the cells in the plan.
    pub cells: Vec<usize>,
    /// Labels of the cells.
    pub labels: Vec<String>,
    /// The words of the command.
    pub argv: Vec<String>,
    /// Forecast of its wall seconds, if finished cells allow one.
    pub seconds: Option<f64>,
    /// The forecast of its memory in megabytes.
    pub memory_mb: f64,
}

impl CellCommand {
    /// The command as a line of a shell.
    pub fn line(&self) -> String {
        files::shell::command(&self.argv)
    }
}
