//! Commands for clusters: submit a grid, see how far it is.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use runner::commands::status::{Standing, status};
use runner::run::line::on_file;
use runner::run::outcome::Ending;
use runner::slurm::settings::{Memory, Settings, TimeLimit};
use runner::slurm::{self, SubmitRequest};

use super::screen::Screen;
use super::status::page;

/// Submit what is missing of a grid to a cluster: arrays of tasks, and a merge after them
#[derive(Args)]
#[command(after_help = "Examples:\n  runner submit G.yaml --engine slurm --partition long --time 2:00:00 --cpus 4\n  \
    runner submit G.yaml --engine slurm --dry-run\n\nThe script is results/<grid>/slurm/run.sbatch; it can be edited and \
    submitted by hand.")]
pub struct Submit {
    /// The grid file
    grid: PathBuf,
    /// What runs the tasks
    #[arg(long, value_enum)]
    engine: Engine,
    /// Folder for the results of all grids, on a file system that all nodes share
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Write the plan and the script, submit nothing
    #[arg(long)]
    dry_run: bool,
    /// Stop where the data are not present, instead of taking the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
    #[command(flatten)]
    slurm: SlurmArgs,
    /// Submit although jobs of the grid are queued or running
    #[arg(long)]
    force: bool,
}

/// What runs a grid's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Job arrays of Slurm
    Slurm,
}

/// What a user can ask of the scheduler.
#[derive(Args)]
pub struct SlurmArgs {
    /// The partition [default: the cluster's]
    #[arg(long, value_name = "NAME", requires = "engine")]
    partition: Option<String>,
    /// Time limit of a task, as Slurm reads it: minutes, HH:MM:SS, D-HH:MM:SS [default: the partition's]
    #[arg(long, value_name = "LIMIT", requires = "engine")]
    time: Option<TimeLimit>,
    /// CPUs of a task, which are its threads [default: 1]
    #[arg(long, value_name = "N", requires = "engine", value_parser = clap::value_parser!(u16).range(1..))]
    cpus: Option<u16>,
    /// Memory of a task, such as 4G [default: half as much again as the plan forecasts]
    #[arg(long, value_name = "SIZE", requires = "engine")]
    mem: Option<Memory>,
    /// A node for each task, so that neighbours do not spoil its times
    #[arg(long, requires = "engine")]
    exclusive: bool,
    /// Tasks of an array at most [default: the cluster's MaxArraySize]
    #[arg(long, value_name = "N", requires = "engine", value_parser = clap::value_parser!(u32).range(1..))]
    max_array: Option<u32>,
    /// Cells of a task [default: as many as take about a minute by the plan's forecast]
    #[arg(long, value_name = "K", requires = "engine", value_parser = clap::value_parser!(u32).range(1..))]
    group: Option<u32>,
}

impl From<SlurmArgs> for Settings {
    fn from(args: SlurmArgs) -> Self {
        Self {
            partition: args.partition,
            time: args.time,
            cpus: args.cpus.map(usize::from),
            mem: args.mem,
            exclusive: args.exclusive,
            max_array: args.max_array.map(|most| most as usize),
            group: args.group.map(|cells| cells as usize),
        }
    }
}

impl Submit {
    /// Submits the grid.
    pub fn run(self) -> Result<Ending> {
        let Self { grid, engine: Engine::Slurm, out, dry_run, no_stand_in, slurm, force } = self;
        let (allow_stand_in, settings) = (!no_stand_in, slurm.into());
        slurm::submit(
            &SubmitRequest { grid, out, allow_stand_in, dry_run, settings, again: false, force },
            &Screen::default(),
        )
    }
}

/// See how far a grid is: what is done, running, queued, failed or missing, and why
#[derive(Args)]
#[command(after_help = "Exit codes: 0 all cells are done or at work, 1 some have failed or are missing.")]
pub struct Status {
    /// The grid file
    grid: PathBuf,
    /// Folder of the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
}

impl Status {
    /// Prints it.
    pub fn run(self) -> Result<Ending> {
        let Self { grid, out } = self;
        let status = status(&grid, &out)?;
        say::out!("{}", page(&status));
        if !status.cells.iter().any(|cell| matches!(cell.standing, Standing::Failed | Standing::Missing)) {
            return Ok(Ending::Complete);
        }
        let again = match status.submitted {
            true => slurm::resume(&grid, &out),
            false => on_file(&["resume"], &grid, &["--out", &out.display().to_string()]),
        };
        say::out!("go on with: {again}");
        Ok(Ending::Failures)
    }
}
