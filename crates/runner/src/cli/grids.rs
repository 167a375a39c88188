//! Commands that run grids: one grid, a paper file, a leaderboard, the timed star.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::commands::reproduce::{ReproduceRequest, reproduce};
use crate::commands::run::{self, RunRequest};
use crate::commands::scaling::ScalingRequest;
use crate::commands::{leaderboard, scaling};
use crate::run::outcome::Ending;
use crate::run::settings::{RunSettings, Selection};
use anyhow::Result;
use clap::{Args, ValueEnum};
use grid::only::Only;
use grid::pick::{Bytes, Shard};
use store::durable::Durability;

use super::args::{FormArg, usage};
use super::screen::Screen;

/// Run a grid: compute the cells that are not done, then write records, tables, figures and a report
#[derive(Args)]
#[command(after_help = "Examples:\n  runner run experiments/massive_clustering.yaml\n  \
    runner run G.yaml --dry-run --format json\n  runner run G.yaml --only method=gcpa,seed=0..2\n  \
    runner run G.yaml --shard 0/4\n\nResults go to results/<grid>/; report.html is the report. The same command again \
    computes only what is missing.")]
pub struct Run {
    /// Grid file
    grid: PathBuf,
    #[command(flatten)]
    options: GridArgs,
}

impl Run {
    /// Runs the grid.
    pub fn run(self) -> Result<Ending> {
        self.options.run(&self.grid)
    }
}

/// What a user can ask of the run of one grid.
#[derive(Args)]
pub struct GridArgs {
    #[command(flatten)]
    form: FormArg,
    #[command(flatten)]
    options: RunArgs,
}

impl GridArgs {
    /// Runs a grid.
    ///
    /// # Errors
    /// As [`run::run`].
    pub fn run(self, grid: &Path) -> Result<Ending> {
        let (request, json): (RunRequest, bool) = (self.options.into(), self.form.json());
        if json && !request.dry_run {
            usage("--format json is the form of a dry run; give --dry-run, or read records.parquet after the run");
        }
        run::run(grid, &request, &Screen::with(json))
    }
}

/// Reproduce tables of the paper: run their grids, set the published values beside ours, and test the claims
#[derive(Args)]
pub struct Reproduce {
    /// Files in experiments/paper/; several files end in one page of claims
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Use fewer seeds and points; the results are marked as a quick run
    #[arg(long)]
    quick: bool,
    /// Use this data set instead of the grid's: a name in data-manifests/, or a manifest's path; no stand-in is used
    #[arg(long, value_name = "MANIFEST")]
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

/// Compare methods over several grids in one table and one figure; run missing cells first
#[derive(Args)]
pub struct Leaderboard {
    /// File that names the grids, such as experiments/leaderboard.yaml
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

/// Measure the time of fits for growing numbers of views, items and columns; write a table and curves
#[derive(Args)]
pub struct Scaling {
    /// File of the sizes, such as experiments/scaling/star.yaml
    file: PathBuf,
    /// Time every size once, and skip the sizes beyond the axes
    #[arg(long)]
    quick: bool,
    /// Folder for the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// List the sizes; compute nothing
    #[arg(long)]
    dry_run: bool,
    /// Time sizes again that have been timed
    #[arg(long)]
    recompute: bool,
    /// Number of threads of a fit [default: all cores]; sizes are timed anew for another number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Scaling {
    /// Times every size.
    pub fn run(self) -> Result<Ending> {
        let Self { file, quick, out, dry_run, recompute, threads } = self;
        let threads = threads.map(usize::from);
        scaling::run(&ScalingRequest { file, quick, out, dry_run, threads, recompute }, &Screen::default())
    }
}

/// What a user can ask of a run of a grid.
#[derive(Args)]
pub struct RunArgs {
    /// Folder for the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// List the cells and their states; compute nothing
    #[arg(long)]
    dry_run: bool,
    /// Stop if the data are not present, instead of using the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
    /// Run only these cells, such as method=gcpa,seed=0..2 or views=en+fr (keys: method, views, noise, fit_rows, seed)
    #[arg(long, value_name = "KEY=VALUE,..", help_heading = "Cells")]
    only: Option<Only>,
    /// Run every N-th cell from the I-th, counted from 0; `runner merge` writes tables and figures afterwards
    #[arg(long, value_name = "I/N", help_heading = "Cells")]
    shard: Option<Shard>,
    #[command(flatten)]
    cells: CellArgs,
}

/// What a user can ask of any run of cells.
#[derive(Args)]
pub struct CellArgs {
    /// Compute cells again that are done
    #[arg(long, help_heading = "Cells")]
    recompute: bool,
    /// Stop after the first cell that fails
    #[arg(long, help_heading = "Cells")]
    fail_fast: bool,
    /// Run all cells even if some fail; this is the default
    #[arg(long, conflicts_with = "fail_fast", help_heading = "Cells")]
    keep_going: bool,
    /// Number of cells that run at the same time [default: depends on the number of cells]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Resources")]
    jobs: Option<u16>,
    /// Number of threads in all [default: all cores]; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Resources")]
    threads: Option<u16>,
    /// Limit on the memory of all running cells, such as 8G; cells that do not fit wait
    #[arg(long, value_name = "BYTES", help_heading = "Resources")]
    max_memory: Option<Bytes>,
    /// Time limit of a cell in seconds; every cell then runs in a process of its own, which reads the data again
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Resources")]
    timeout: Option<Duration>,
    /// When finished cells are forced to disk: together every two seconds, or each at once [default: batch; of run-cell: cell]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "batch|cell", help_heading = "Resources")]
    durability: Option<When>,
}

#[derive(Clone, Copy, ValueEnum)]
enum When {
    Batch,
    Cell,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = || format!("`{text}`: expected a number of seconds above 0");
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
            recompute: args.recompute,
        }
    }
}
