//! Engine that lists commands for another program that runs them: GNU parallel, Snakemake, Argo, Ray, Dask.

use std::path::Path;

use anyhow::{Context, Result, bail};
use files::Fault;

use super::commands::{CellCommand, CommandList};
use super::state::EngineState;
use super::{Engine, Handover, Submitted, left};
use crate::event::Observer;
use crate::run::line::executable;
use crate::run::plan_file::{PlanFile, Planned};
use grid::pick::Indices;
use grid::plan::Plan;

const FORMAT: &str = "runner list 1";

/// The engine for a list of commands.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Number of cells of a command.
    pub group: usize,
    /// Number of threads of a command.
    pub threads: usize,
}

impl Engine for List {
    fn name(&self) -> &'static str {
        "list"
    }

    fn submit(&self, plan: &Plan, out: &Path, _: &dyn Observer) -> Result<Submitted> {
        let submission = Handover::begin(plan, out)?;
        let file = submission.file(plan, out)?;
        let place = PlanFile::place(submission.store.root());
        file.write(&place)?;
        let place = std::path::absolute(&place).with_context(|| format!("cannot resolve {}", place.display()))?;
        let program = executable()?.display().to_string();
        let plan_path = place.display().to_string();
        let words = |words: &[&str]| [&[program.as_str()], words].concat().into_iter().map(String::from).collect();
        let threads = self.threads.to_string();
        let command = |cells: &[&Planned]| {
            let places: Vec<usize> = cells.iter().map(|cell| cell.index).collect();
            let indices = Indices(places.clone()).to_string();
            let on = ["run-cell", &plan_path, "--indices", &indices, "--jobs", "1", "--threads", &threads];
            CellCommand {
                cells: places,
                labels: cells.iter().map(|cell| cell.label.clone()).collect(),
                argv: words(&on),
                seconds: cells.iter().map(|cell| cell.seconds).sum(),
                memory_mb: cells.iter().map(|cell| cell.memory_mb).fold(0.0, f64::max),
            }
        };
        Ok(Submitted::Commands(CommandList {
            format: FORMAT,
            commands: left(&file).chunks(self.group.max(1)).map(command).collect(),
            merge: words(&["merge", &plan_path]),
            name: file.name,
            plan: place,
        }))
    }

    fn state(&self, _: &PlanFile, _: &Path) -> Result<EngineState> {
        Ok(EngineState::default())
    }

    fn cancel(&self, root: &Path) -> Result<Vec<String>> {
        let found = format!("the cells of {} were listed as commands", root.display());
        bail!(Fault::usage(format!("{found} and are run by another program; end them there")))
    }
}
