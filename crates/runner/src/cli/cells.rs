//! Commands that run a grid in parts (its plan, some of its cells, the merge), that verify results, and that sum rows shard by shard.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cells::forecast::Basis;
use crate::cells::interrupt;
use crate::commands::parts::{CellLeft, Merged, RunCellsRequest};
use crate::commands::run::{self, RunRequest};
use crate::commands::submit::SubmitRequest;
use crate::commands::universe::moments;
use crate::commands::verify::{TOLERANCE, Verified};
use crate::commands::{parts, verify};
use crate::event::Watcher;
use crate::run::line::on_file;
use crate::run::outcome::Ending;
use crate::run::plan_file::{PlanFile, Planned};
use crate::slurm::Slurm;
use crate::slurm::settings::Settings;
use align::moments::Precision;
use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use data::SplitName;
use grid::pick::{Indices, Shard};

use super::args::{FormArg, usage};
use super::cluster::{Engine, SlurmArgs, submitted};
use super::grids::{CellArgs, RunArgs};
use super::screen::{Screen, json as told, written};
use super::{json, said};

/// Write the plan of a grid: its cells, their states, and the expected cost of each
#[derive(Args)]
#[command(after_help = "Examples:\n  runner plan G.yaml\n  runner plan G.yaml --format json\n\n\
    The plan is written to results/<grid>/plan.json, which run-cell and merge read. Write it again when the grid or \
    its data change.")]
pub struct Plan {
    /// Grid file
    grid: PathBuf,
    /// Folder for the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Stop if the data are not present, instead of using the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
    #[command(flatten)]
    form: FormArg,
}

impl Plan {
    /// Writes and prints the plan.
    pub fn run(self) -> Result<Ending> {
        let (plan, place) = parts::plan(&self.grid, &self.out, !self.no_stand_in, &Screen::default())?;
        if self.form.json() {
            json(&plan)?;
            return Ok(Ending::Complete);
        }
        say::out!("{}", page(&plan));
        written(&[place]);
        Ok(Ending::Complete)
    }
}

/// Run cells of a plan by their places in it; cells that are done are skipped
#[derive(Args)]
#[command(after_help = "Examples:\n  runner run-cell results/g/plan.json --index 3\n  \
    runner run-cell results/g/plan.json --indices 3,5-9")]
pub struct RunCell {
    /// Plan file, which `runner plan` or a run has written
    plan: PathBuf,
    /// Place of the cell in the plan, counted from 0
    #[arg(long, value_name = "I", required_unless_present = "indices", conflicts_with = "indices")]
    index: Option<usize>,
    /// Places of several cells, such as 3,5-9
    #[arg(long, value_name = "I,J-K")]
    indices: Option<Indices>,
    #[command(flatten)]
    cells: CellArgs,
    /// Attempt of the run that has started this process
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
            tracing::warn!("Interrupted: {} cells are left; continue with: {}", outcome.left, interrupt::resume());
        }
        Ok(outcome.ending())
    }
}

/// Write the tables, figures and report of a plan's cells, and name the cells that are missing
#[derive(Args)]
#[command(after_help = "Example:\n  runner merge results/g/plan.json\n\nThe exit code is 1 while cells are missing.")]
pub struct Merge {
    /// Plan file, which `runner plan` or a run has written
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
        let again = on_file(&["run-cell"], &self.plan, &["--indices", &rest.to_string()]);
        tracing::warn!("{said}\nrun the cells that are left with: {again}");
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

/// Run the cells that are missing of a grid, here or where they were submitted
#[derive(Args)]
#[command(after_help = "Examples:\n  runner resume G.yaml\n  runner resume G.yaml --engine slurm\n\n\
    With --engine slurm, the cells that are missing are submitted as an array. Options that are not given are those of \
    the previous submission. --dry-run then writes only the plan and the script.")]
pub struct Resume {
    /// Grid file
    grid: PathBuf,
    /// Where the tasks run: a Slurm cluster, a process in the background, or a list of commands [default: this process]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "slurm|local|list", conflicts_with_all = ["only", "shard",
        "recompute", "jobs", "threads", "max_memory", "timeout", "fail_fast", "keep_going", "durability"])]
    engine: Option<Engine>,
    /// Submit cells even if jobs of the grid are queued or running
    #[arg(long, requires = "engine")]
    allow_duplicate_jobs: bool,
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
            usage("options of a scheduler need an engine; add `--engine slurm`");
        }
        match self.engine {
            None => run::run(&self.grid, &request, &Screen::default()),
            Some(engine) => {
                let RunRequest { out, dry_run, allow_stand_in, .. } = request;
                let allow_duplicate_jobs = self.allow_duplicate_jobs;
                let submit = SubmitRequest { grid: self.grid, out, allow_stand_in };
                submitted(&submit, engine, Slurm { settings, again: true, allow_duplicate_jobs, dry_run }, None)
            }
        }
    }
}

/// Verify the checksums of results, and compute a sample of cells again
#[derive(Args)]
pub struct Verify {
    /// Folder of the results of a grid, or its grid file
    target: PathBuf,
    /// Folder of the results of all grids, used with a grid file
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Number of cells to compute again
    #[arg(long, value_name = "N", default_value_t = 3)]
    sample: usize,
    /// Seed that selects the cells to compute again
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Number of threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    #[command(flatten)]
    form: FormArg,
}

impl Verify {
    /// Verifies.
    pub fn run(self) -> Result<Ending> {
        let Self { target, out, sample, seed, threads, form } = self;
        let request = verify::Request { target, out, sample, seed, threads: threads.map(usize::from) };
        let found = verify::run(&request, &Screen::with(form.json()))?;
        if form.json() {
            json(&told::verified(&found, &request))?;
            return Ok(if found.problems.is_empty() { Ending::Complete } else { Ending::Failures });
        }
        let Verified { again, exact, problems, .. } = found;
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

/// Sum the rows of a data set, or a shard of them; `runner fit --moments` fits the sums without the rows
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:\n  runner moments mine --shard 0/4 --out 0.safetensors\n  \
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
        /// Files of the shards
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Write the result even if some rows are missing
        #[arg(long)]
        partial: bool,
        /// Overwrite a file that exists
        #[arg(long)]
        overwrite: bool,
    },
}

#[derive(Args)]
struct MomentsArgs {
    /// Data set: a name in data-manifests/, or a manifest's path
    manifest: String,
    /// Split whose rows are summed
    #[arg(
        long,
        value_enum,
        default_value = "train",
        hide_possible_values = true,
        value_name = "train|test|validation"
    )]
    split: Split,
    /// Views to sum, in this order [default: all]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Sum only the I-th of N shards of the rows, counted from 0 [default: all rows]
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// File to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
    /// Arithmetic of the products: single is about twice as fast, with an error of up to 3e-7 per row
    #[arg(long, value_enum, default_value = "double", hide_possible_values = true, value_name = "double|single")]
    precision: Arithmetic,
    /// Skip the verification of checksums, which reads every file whole
    #[arg(long)]
    unverified: bool,
    /// Number of threads [default: all cores]
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
            (Some(MomentsCommand::Merge { files, out, partial, overwrite }), _) => {
                moments::merge(&files, &out, partial, overwrite).map(said)
            }
            (None, Some(args)) => {
                let screen: Watcher = Arc::new(Screen::default());
                moments::sum(&args.into(), &screen).map(said)
            }
            (None, None) => usage("nothing to sum; give a manifest and --out, or the command `merge`"),
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
            overwrite: args.overwrite,
            threads: args.threads.map(usize::from),
        }
    }
}
