//! Commands that run cells: a paper file, the timed star, and what a grid takes as well.

use std::path::PathBuf;
use std::time::Duration;

use crate::commands::reproduce::{ReproduceRequest, reproduce};
use crate::commands::run::RunRequest;
use crate::commands::scaling::ScalingRequest;
use crate::commands::{leaderboard, scaling};
use crate::run::outcome::Ending;
use crate::run::settings::{RunSettings, Selection};
use anyhow::Result;
use clap::{Args, ValueEnum};
use grid::only::Only;
use grid::pick::{Bytes, Shard};
use store::durable::Durability;

use super::screen::Screen;

/// Run paper files: their grids, the paper's figures beside ours, verdicts on its claims
#[derive(Args)]
pub struct Reproduce {
    /// Files in experiments/paper/; several end in one page of claims
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Fewer seeds and points, marked as such
    #[arg(long)]
    quick: bool,
    /// These data, a name in data-manifests/ or a manifest's path, in place of the grid's; no stand-in is taken
    #[arg(long, value_name = "NAME")]
    data: Option<String>,
    #[command(flatten)]
    options: RunArgs,
}

impl Reproduce {
    /// Runs the files one after the other.
    pub fn run(self) -> Result<Ending> {
        let Self { files, quick, data, options } = self;
        reproduce(&ReproduceRequest { files, quick, data, run: options.into() }, &Screen::default())
    }
}

/// Set the methods of several grids side by side: one table, one figure; runs what is not done
#[derive(Args)]
pub struct Leaderboard {
    /// The file that names the grids, such as experiments/leaderboard.yaml
    file: PathBuf,
    #[command(flatten)]
    options: RunArgs,
}

impl Leaderboard {
    /// Runs the grids, then draws.
    pub fn run(self) -> Result<Ending> {
        leaderboard::run(&self.file, &self.options.into(), &Screen::default())
    }
}

/// Time fits as views, items and widths grow: a table and log-log curves
#[derive(Args)]
pub struct Scaling {
    /// The star of sizes, such as experiments/scaling/star.yaml
    file: PathBuf,
    /// Every size once, and no size beyond the axes
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    options: RunArgs,
}

impl Scaling {
    /// Times every size.
    pub fn run(self) -> Result<Ending> {
        let Self { file, quick, options } = self;
        let RunRequest { out, dry_run, settings: RunSettings { threads, force, .. }, .. } = options.into();
        scaling::run(&ScalingRequest { file, quick, out, dry_run, threads, force }, &Screen::default())
    }
}

/// What a user can ask of a run of a grid.
#[derive(Args)]
pub struct RunArgs {
    /// Folder for the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Print the cells and what is done, compute nothing
    #[arg(long)]
    dry_run: bool,
    /// Only these cells, such as method=gcpa,seed=0..2 or views=en+fr (keys: method, views, noise, seed)
    #[arg(long, value_name = "KEY=VALUE,..")]
    only: Option<Only>,
    /// Every N-th cell from the I-th, counted from 0, for several processes or machines; merge draws the tables
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    cells: CellArgs,
    /// Stop where the data are not present, instead of taking the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
}

/// What a user can ask of any run of cells.
#[derive(Args)]
pub struct CellArgs {
    /// Cells at a time [default: by the number of cells]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Threads in all [default: all cores]; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Memory that all cells at a time may take, such as 8G; those that do not fit beside others wait
    #[arg(long, value_name = "BYTES")]
    max_memory: Option<Bytes>,
    /// Seconds that a cell may take; each is then run in a process of its own, which reads the data anew
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Begin no more cells once one has failed
    #[arg(long)]
    fail_fast: bool,
    /// Run all cells whatever fails; that is the default
    #[arg(long, conflicts_with = "fail_fast")]
    keep_going: bool,
    /// When cells are forced to disk [default: batch, about every two seconds; with run-cell: cell, each by itself]
    #[arg(long, value_enum)]
    durability: Option<When>,
    /// Compute cells anew that are done
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum When {
    Batch,
    Cell,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = || format!("`{text}`: wanted seconds above 0");
    let seconds: f64 = text.parse().map_err(|_| wanted())?;
    Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero()).ok_or_else(wanted)
}

impl From<RunArgs> for RunRequest {
    fn from(args: RunArgs) -> Self {
        Self {
            out: args.out,
            dry_run: args.dry_run,
            selection: Selection { only: args.only, shard: args.shard },
            allow_stand_in: !args.no_stand_in,
            settings: args.cells.into(),
        }
    }
}

impl From<CellArgs> for RunSettings {
    fn from(args: CellArgs) -> Self {
        Self {
            jobs: args.jobs.map(usize::from),
            threads: args.threads.map(usize::from),
            max_memory: args.max_memory.map(|bytes| bytes.0),
            timeout: args.timeout,
            fail_fast: args.fail_fast,
            durability: args.durability.map(|when| match when {
                When::Batch => Durability::Batch,
                When::Cell => Durability::Cell,
            }),
            force: args.force,
        }
    }
}
