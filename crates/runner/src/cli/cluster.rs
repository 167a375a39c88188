//! Commands for clusters: submit a grid, see how far it is.

use std::path::PathBuf;

use crate::commands::cancel::{Cancelled, cancel};
use crate::commands::status::{Standing, status};
use crate::commands::submit::{SubmitRequest, submit};
use crate::engine::list::List;
use crate::engine::local::Local;
use crate::engine::{self as runs, Submitted};
use crate::run::outcome::Ending;
use crate::slurm::Slurm;
use crate::slurm::settings::{Memory, Settings, TimeLimit};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use files::Fault;
use grid::Grid;

use super::args::FormArg;
use super::json;
use super::screen::status::page;
use super::screen::{Screen, json as told};

/// Submit the missing cells of a grid: to Slurm, to a process in the background, or as a list of commands
#[derive(Args)]
#[command(after_help = "Examples:\n  runner submit G.yaml --engine slurm --partition long --time 2:00:00 --cpus 4\n  \
    runner submit G.yaml --engine slurm --dry-run\n  runner submit G.yaml --engine local --cpus 4\n  \
    runner submit G.yaml --engine list > commands.txt\n\nThe script of \
    Slurm is results/<grid>/slurm/run.sbatch, which can be edited and submitted by hand.")]
pub struct Submit {
    /// Grid file
    grid: PathBuf,
    /// Where the tasks run
    #[arg(long, value_enum, default_value = "slurm")]
    engine: Engine,
    /// Folder for the results of all grids, on a file system that all nodes share
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Write the plan and the script; submit nothing
    #[arg(long)]
    dry_run: bool,
    /// Stop if the data are not present, instead of using the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
    #[command(flatten)]
    slurm: SlurmArgs,
    /// Form of a list of commands: one command a line, or one JSON object with forecasts and the merge [default: lines]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "lines|json")]
    format: Option<Format>,
    /// Submit cells even if jobs of the grid are queued or running
    #[arg(long)]
    allow_duplicate_jobs: bool,
}

/// What runs a grid's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Job arrays of Slurm
    Slurm,
    /// A process in the background of this machine, which outlives the terminal; with --cpus and --mem
    Local,
    /// Commands on standard output, for GNU parallel, Snakemake and others; with --cpus and --group
    List,
}

/// Form of a list of commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One command a line
    #[default]
    Lines,
    /// One JSON object
    Json,
}

/// What a user can ask of the scheduler.
#[derive(Args)]
#[command(next_help_heading = "Tasks")]
pub struct SlurmArgs {
    /// Partition [default: the cluster's]
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// Time limit of a task, as Slurm reads it: minutes, HH:MM:SS, D-HH:MM:SS [default: the partition's]
    #[arg(long, value_name = "LIMIT")]
    time: Option<TimeLimit>,
    /// Number of CPUs of a task, which is its number of threads [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    cpus: Option<u16>,
    /// Memory of a task, such as 4G [default: 1.5 times the forecast of the plan]
    #[arg(long, value_name = "SIZE")]
    mem: Option<Memory>,
    /// Give every task a node of its own, so that other jobs do not disturb its times
    #[arg(long)]
    exclusive: bool,
    /// Maximum number of tasks in an array [default: the cluster's MaxArraySize]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_array: Option<u32>,
    /// Number of cells in a task [default: about a minute of cells by the forecast of the plan]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
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
    /// Submits or lists the grid.
    pub fn run(self) -> Result<Ending> {
        let Self { grid, engine, out, dry_run, no_stand_in, slurm, format, allow_duplicate_jobs } = self;
        let request = SubmitRequest { grid, out, allow_stand_in: !no_stand_in };
        let slurm = Slurm { settings: slurm.into(), again: false, allow_duplicate_jobs, dry_run };
        submitted(&request, engine, slurm, format)
    }
}

/// Hands a grid to an engine, and prints what it is to be told of.
///
/// # Errors
/// As [`submit`].
pub fn submitted(request: &SubmitRequest, engine: Engine, slurm: Slurm, format: Option<Format>) -> Result<Ending> {
    ensure!(
        format.is_none() || engine == Engine::List,
        Fault::usage("--format is the form of a list of commands; give it with --engine list")
    );
    let submitted = match engine {
        Engine::Slurm => submit(request, &slurm, &Screen::default())?,
        Engine::Local => submit(request, &local(slurm)?, &Screen::default())?,
        Engine::List => submit(request, &list(slurm)?, &Screen::default())?,
    };
    let commands = match submitted {
        Submitted::Commands(commands) => commands,
        Submitted::Computed(outcome) => return Ok(outcome.ending()),
        Submitted::Jobs => return Ok(Ending::Complete),
    };
    match format.unwrap_or_default() {
        Format::Lines => commands.commands.iter().for_each(|command| say::out!("{}", command.line())),
        Format::Json => say::out!("{}", serde_json::to_string_pretty(&commands)?),
    }
    let count = commands.commands.len();
    tracing::info!("{count} commands; when all of them have run: {}", files::shell::command(&commands.merge));
    Ok(Ending::Complete)
}

/// What a process can be asked for; the rest is Slurm's.
fn local(slurm: Slurm) -> Result<Local> {
    let Slurm {
        settings: Settings { partition, time, cpus, mem, exclusive, max_array, group },
        allow_duplicate_jobs,
        dry_run,
        ..
    } = slurm;
    let others = partition.is_some()
        || time.is_some()
        || exclusive
        || max_array.is_some()
        || group.is_some()
        || allow_duplicate_jobs;
    ensure!(
        !others,
        Fault::usage(
            "a process in the background has no --partition, --time, --exclusive, --max-array, --group or \
             --allow-duplicate-jobs; give --cpus and --mem alone"
        )
    );
    // To Slurm a bare number is megabytes.
    let memory = mem
        .map(|mem| mem.to_string())
        .map(|mem| if mem.ends_with(|c: char| c.is_ascii_digit()) { mem + "M" } else { mem });
    Ok(Local { threads: cpus, max_memory: memory, dry_run })
}

/// What a list can be asked for; the rest is Slurm's.
fn list(slurm: Slurm) -> Result<List> {
    let Slurm {
        settings: Settings { partition, time, cpus, mem, exclusive, max_array, group },
        allow_duplicate_jobs,
        dry_run,
        ..
    } = slurm;
    let others = partition.is_some() || time.is_some() || mem.is_some() || exclusive || max_array.is_some();
    ensure!(
        !others && !allow_duplicate_jobs && !dry_run,
        Fault::usage(
            "a list has no --partition, --time, --mem, --exclusive, --max-array, --allow-duplicate-jobs or --dry-run, because \
             nothing is submitted; give --cpus and --group alone"
        )
    );
    Ok(List { group: group.unwrap_or(1), threads: cpus.unwrap_or(1) })
}

/// Show which cells of a grid are done, running, queued, failed or missing, and why
#[derive(Args)]
#[command(after_help = "Examples:\n  runner status G.yaml\n  runner status G.yaml --format json\n\n\
    The exit code is 0 if all cells are done or at work, and 1 if some have failed or are missing.")]
pub struct Status {
    /// Grid file
    grid: PathBuf,
    /// Folder of the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    #[command(flatten)]
    form: FormArg,
}

impl Status {
    /// Prints it.
    pub fn run(self) -> Result<Ending> {
        let Self { grid, out, form } = self;
        let status = status(&grid, &out)?;
        let left = status.cells.iter().any(|cell| matches!(cell.standing, Standing::Failed | Standing::Missing));
        if form.json() {
            json(&told::status(&status))?;
        } else {
            say::out!("{}", page(&status));
            if left {
                say::out!("continue with: {}", status.resume);
            }
        }
        Ok(if left { Ending::Failures } else { Ending::Complete })
    }
}

/// End the jobs or the background process of a grid
#[derive(Args)]
#[command(
    after_help = "Examples:\n  runner cancel results/massive_clustering\n  runner cancel G.yaml --engine slurm\n\nCells that are \
    done are kept; `runner resume` runs the others."
)]
pub struct Cancel {
    /// Folder of the results of a grid, or its grid file
    target: PathBuf,
    /// Folder of the results of all grids, used with a grid file
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// End only the tasks of this engine [default: all engines]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "slurm|local|list")]
    engine: Option<Engine>,
}

impl Cancel {
    /// Ends it, and says what that was.
    pub fn run(self) -> Result<Ending> {
        let Self { target, out, engine } = self;
        let root = if target.is_dir() { target } else { out.join(&Grid::read(&target)?.value.name) };
        let (slurm, local, list) = (Slurm::default(), Local::default(), List::default());
        let engines: Vec<&dyn runs::Engine> = match engine {
            None => vec![&slurm, &local],
            Some(Engine::Slurm) => vec![&slurm],
            Some(Engine::Local) => vec![&local],
            Some(Engine::List) => vec![&list],
        };
        let Cancelled { name, ended, others } = cancel(&root, &engines)?;
        ended.iter().for_each(|line| say::out!("ended {line}"));
        if ended.is_empty() {
            say::out!("nothing of `{name}` is queued or running that could be ended from here");
        }
        others.iter().for_each(|attempt| say::out!("attempt {attempt} still writes here; end it where it was started"));
        Ok(Ending::Complete)
    }
}
