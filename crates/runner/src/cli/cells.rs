//! Commands that take a grid's run apart: its plan, some of its cells, what they come to, whether that is right; and sums
//! over rows, shard by shard.

use std::path::PathBuf;

use crate::cells::forecast::Basis;
use crate::cells::interrupt;
use crate::commands::parts::{CellLeft, Merged, RunCellsRequest};
use crate::commands::run::{self, RunRequest};
use crate::commands::submit::SubmitRequest;
use crate::commands::universe::moments;
use crate::commands::verify::{TOLERANCE, Verified};
use crate::commands::{parts, verify};
use crate::run::line::on_file;
use crate::run::outcome::Ending;
use crate::run::plan_file::{PlanFile, Planned};
use crate::run::settings::RunSettings;
use crate::slurm::Slurm;
use crate::slurm::settings::Settings;
use align::moments::Precision;
use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Subcommand, ValueEnum};
use data::SplitName;
use grid::pick::{Indices, Shard};

use super::cluster::{Engine, SlurmArgs, submitted};
use super::grids::{CellArgs, RunArgs};
use super::screen::{Screen, written};
use super::{Cli, said};

/// Write a grid's plan: its cells, what is done, what each is expected to cost
#[derive(Args)]
#[command(
    after_help = "The plan is results/<grid>/plan.json, for run-cell and merge. It has to be made anew when the \
    grid or its data change."
)]
pub struct Plan {
    /// The grid file
    grid: PathBuf,
    /// Folder for the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Stop where the data are not present, instead of taking the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
}

impl Plan {
    /// Writes and prints the plan.
    pub fn run(self) -> Result<Ending> {
        let (plan, place) = parts::plan(&self.grid, &self.out, !self.no_stand_in, &Screen::default())?;
        say::out!("{}", page(&plan));
        written(&[place]);
        Ok(Ending::Complete)
    }
}

/// Run cells of a plan by their places in it; what is done is left alone
#[derive(Args)]
#[command(after_help = "Examples:\n  runner run-cell --plan results/g/plan.json --index 3\n  \
    runner run-cell --plan results/g/plan.json --indices 3,5-9")]
pub struct RunCell {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// A cell's place, from 0
    #[arg(long, value_name = "I", required_unless_present = "indices", conflicts_with = "indices")]
    index: Option<usize>,
    /// Several of them, such as 3,5-9
    #[arg(long, value_name = "I,J-K")]
    indices: Option<Indices>,
    #[command(flatten)]
    cells: CellArgs,
    /// The attempt of the run that has started this process; it has to be at work
    #[arg(long, hide = true, value_name = "ATTEMPT")]
    within_run: Option<String>,
}

impl RunCell {
    /// Runs the cells.
    pub fn run(self) -> Result<Ending> {
        let indices = self.indices.unwrap_or_else(|| Indices(self.index.into_iter().collect()));
        let Self { plan, cells, within_run, .. } = self;
        let request = RunCellsRequest { plan, indices, within_run, settings: cells.into() };
        let outcome = parts::run_cells(&request, &Screen::default())?;
        if outcome.interrupted {
            tracing::warn!("interrupted: {} cells are left; go on with: {}", outcome.left, interrupt::resume());
        }
        Ok(outcome.ending())
    }
}

/// Count what there is against a plan, name what is missing, write tables and figures
#[derive(Args)]
pub struct Merge {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

impl Merge {
    /// Merges.
    pub fn run(self) -> Result<Ending> {
        let Merged { name, cells, left } = parts::merge(&self.plan, &Screen::default())?;
        let mut said = format!("{} of {cells} cells of `{name}` are done", cells - left.len());
        if left.is_empty() {
            tracing::info!("{said}");
            return Ok(Ending::Complete);
        }
        for CellLeft { index, id, label, state, why } in left.iter().take(NAMED) {
            let why = why.as_ref().map_or(String::new(), |why| format!(": {why}"));
            said += &format!("\n  {state} {index} ({id}) {label}{why}");
        }
        if left.len() > NAMED {
            said += &format!("\n  and {} more", left.len() - NAMED);
        }
        // One message, and a warning: what is missing is also said where nothing else is.
        let rest = Indices(left.iter().map(|cell| cell.index).collect());
        let again = on_file(&["run-cell", "--plan"], &self.plan, &["--indices", &rest.to_string()]);
        tracing::warn!("{said}\nrun what is left with: {again}");
        Ok(Ending::Failures)
    }
}

/// Cells named one by one in a message.
const NAMED: usize = 20;

/// A plan as it is printed.
fn page(file: &PlanFile) -> String {
    let line = |cell: &Planned| {
        let seconds = match cell.seconds {
            Some(seconds) => format!("{seconds:.2} s"),
            None => format!("work {:.0}", cell.work),
        };
        let Planned { index, id, state, memory_mb, label, .. } = cell;
        format!("{index:>5}  {id}  {state:<8} {seconds:>10} {memory_mb:>8.0} MB  {label}")
    };
    let lines: Vec<String> = file.cells.iter().map(line).collect();
    let left: Vec<&Planned> = file.cells.iter().filter(|cell| cell.state != "done").collect();
    let seconds: Option<f64> = left.iter().map(|cell| cell.seconds).sum();
    let basis = match left.iter().map(|cell| cell.basis).find(|basis| *basis != Basis::Records) {
        _ if left.is_empty() => "nothing is left to do".to_string(),
        None => "by cells that have run".to_string(),
        Some(Basis::Scaled) => "by cells that have run and, where none of the kind has, by their forecast work".into(),
        Some(_) => "nothing has run yet, so work has no unit of time: cells compare with each other alone".into(),
    };
    let total = seconds.filter(|_| !left.is_empty()).map_or(String::new(), |s| format!(", about {s:.1} s one by one"));
    format!("{}\n{} cells, {} to do{total} ({basis})", lines.join("\n"), file.cells.len(), left.len())
}

/// Run what is missing of a grid: the same as --grid, or on a cluster
#[derive(Args)]
#[command(
    after_help = "With --engine slurm, what is missing is submitted as a sparse array; what is not given is as it was at \
    the submission before. There, --force submits although jobs of the grid are queued or running, and --dry-run writes \
    the plan and the script alone."
)]
pub struct Resume {
    /// The grid file
    grid: PathBuf,
    /// What runs the tasks [default: this process]
    #[arg(long, value_enum, conflicts_with_all = ["only", "shard", "jobs", "threads", "max_memory", "timeout", "fail_fast",
        "keep_going", "durability"])]
    engine: Option<Engine>,
    #[command(flatten)]
    slurm: SlurmArgs,
    #[command(flatten)]
    options: RunArgs,
}

impl Resume {
    /// Runs or submits the grid.
    pub fn run(self) -> Result<Ending> {
        let request: RunRequest = self.options.into();
        let settings: Settings = self.slurm.into();
        if self.engine.is_none() && settings != Settings::default() {
            let wanted = "options of a scheduler are given and no --engine; wanted `--engine slurm` beside them";
            Cli::command().error(ErrorKind::MissingRequiredArgument, wanted).exit();
        }
        match self.engine {
            None => run::run(&self.grid, &request, &Screen::default()),
            Some(engine) => {
                let RunRequest { out, dry_run, allow_stand_in, settings: RunSettings { force, .. }, .. } = request;
                let submit = SubmitRequest { grid: self.grid, out, allow_stand_in };
                submitted(&submit, engine, Slurm { settings, again: true, force, dry_run }, None)
            }
        }
    }
}

/// Verify results: all checksums, and a sample of cells computed again
#[derive(Args)]
pub struct Verify {
    /// A grid file, or the folder of a grid's results
    target: PathBuf,
    /// Folder of the results of all grids, for a grid file
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Cells to compute again
    #[arg(long, value_name = "N", default_value_t = 3)]
    sample: usize,
    /// Which: another seed, other cells
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Verify {
    /// Verifies.
    pub fn run(self) -> Result<Ending> {
        let Self { target, out, sample, seed, threads } = self;
        let request = verify::Request { target, out, sample, seed, threads: threads.map(usize::from) };
        let Verified { again, exact, problems } = verify::run(&request, &Screen::default())?;
        if again > 0 {
            say::out!(
                "{again} of them computed again (seed {seed}), {exact} to be the same bit by bit, {} within {TOLERANCE}",
                again - exact
            );
        }
        if problems.is_empty() {
            return Ok(said("nothing is wrong".into()));
        }
        problems.iter().for_each(|problem| tracing::error!("wrong: {problem}"));
        tracing::info!("{} problems; a cell whose files are deleted is computed anew by the next run", problems.len());
        Ok(Ending::Failures)
    }
}

/// Sum the rows of a data set, or a shard of them, for fits that never see them
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:\n  runner moments --manifest mine --shard 0/4 --out 0.safetensors\n  \
    runner moments merge 0.safetensors 1.safetensors 2.safetensors 3.safetensors --out all.safetensors")]
pub struct Moments {
    #[command(subcommand)]
    merge: Option<MomentsCommand>,
    #[command(flatten)]
    sum: Option<MomentsArgs>,
}

#[derive(Subcommand)]
enum MomentsCommand {
    /// Add the sums of several shards
    Merge {
        /// The shards' files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Do not ask for all rows
        #[arg(long)]
        partial: bool,
    },
}

#[derive(Args)]
struct MomentsArgs {
    /// A name in data-manifests/, or a manifest's path
    #[arg(long, value_name = "NAME")]
    manifest: String,
    /// The split
    #[arg(long, value_enum, default_value = "train")]
    split: Split,
    /// Some of the views, in this order [default: all]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Which of so many runs of rows, from 0 [default: all rows]
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// The file to write, a .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Arithmetic of the products; single is about twice as fast and off by up to 3e-7 per row
    #[arg(long, value_enum, default_value = "double")]
    precision: Arithmetic,
    /// Do not verify the files' checksums, for which they are read whole
    #[arg(long)]
    unverified: bool,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Split {
    Train,
    Test,
    Validation,
}

#[derive(Clone, Copy, ValueEnum)]
enum Arithmetic {
    Double,
    Single,
}

impl Moments {
    /// Sums or adds.
    pub fn run(self) -> Result<Ending> {
        match (self.merge, self.sum) {
            (Some(MomentsCommand::Merge { files, out, partial }), _) => moments::merge(&files, &out, partial).map(said),
            (None, Some(args)) => moments::sum(&args.into()).map(said),
            (None, None) => anyhow::bail!("nothing to sum; give --manifest and --out, or the command merge"),
        }
    }
}

impl From<MomentsArgs> for moments::Request {
    fn from(args: MomentsArgs) -> Self {
        Self {
            manifest: args.manifest,
            split: match args.split {
                Split::Train => SplitName::Train,
                Split::Test => SplitName::Test,
                Split::Validation => SplitName::Validation,
            },
            views: args.views,
            shard: args.shard.unwrap_or(Shard::WHOLE),
            precision: match args.precision {
                Arithmetic::Double => Precision::Double,
                Arithmetic::Single => Precision::Single,
            },
            verify: !args.unverified,
            out: args.out,
            threads: args.threads.map(usize::from),
        }
    }
}
