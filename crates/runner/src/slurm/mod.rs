//! Grids on a Slurm cluster: arrays of tasks that run a plan's cells, and a merge after them.
//!
//! ```text
//! <out>/<grid>/plan.json           the cells; an index is one for good                    plan_file
//! <out>/<grid>/slurm/run.sbatch    what a task does, and the merge                        script
//! <out>/<grid>/slurm/jobs.json     what was submitted: job ids and which tasks they have  jobs
//! <out>/<grid>/slurm/logs/         a log a task, a log a merge
//! ```
//!
//! Which cells a task has is arithmetic (`cut`). The scheduler is asked for one thing: which of the jobs are still
//! queued or running (`queue`). What is done, the files of results say, whoever wrote them.

mod command;
mod cut;
pub mod jobs;
pub mod queue;
mod script;
pub mod settings;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cells::forecast::Forecast;
use crate::event::{Event, Observer};
use crate::grid::plan::PlanRequest;
use crate::kept::durable::write_file;
use crate::kept::gather;
use crate::kept::lock::{Lock, Turn};
use crate::kept::store::Store;
use crate::run::announce;
use crate::run::line::on_file;
use crate::run::outcome::Ending;
use crate::run::plan_file::{PlanFile, Planned};

use command::{Sbatch, max_array_size};
use cut::{Chunk, chunks};
use jobs::{Array, Jobs, Submission};
use script::Script;
use settings::Settings;

/// Slurm's own MaxArraySize where a cluster's is not set.
const USUAL_MAX_ARRAY: usize = 1001;

/// What to submit, and how.
#[derive(Clone, Debug)]
pub struct SubmitRequest {
    /// The grid file.
    pub grid: PathBuf,
    /// Folder of all grids' outputs.
    pub out: PathBuf,
    /// Take the grid's stand-in where its data are not present.
    pub allow_stand_in: bool,
    /// Write the plan and the script, submit nothing.
    pub dry_run: bool,
    /// What the user gave.
    pub settings: Settings,
    /// Take what the user did not give from the submission before.
    pub again: bool,
    /// Submit although jobs of the grid are queued or running.
    pub force: bool,
}

/// Writes a grid's plan and its script, and submits what is not done; a dry run only writes.
///
/// # Errors
/// Anything wrong with grid or data; jobs of the grid that are queued or running; no Slurm here; a cluster that does
/// not say how long an array may be; a submission that is refused, with what Slurm says.
pub fn submit(request: &SubmitRequest, observer: &dyn Observer) -> Result<Ending> {
    let SubmitRequest { grid, out, dry_run, .. } = request;
    let planned = PlanRequest::of(grid, request.allow_stand_in).open()?;
    announce(&planned, observer);
    let store = Store::open(out, planned.name())?;
    let place = std::path::absolute(store.root())
        .with_context(|| format!("cannot resolve the path {}", store.root().display()))?
        .join("slurm");
    std::fs::create_dir_all(place.join("logs")).with_context(|| format!("cannot write to {}", place.display()))?;
    // From the look at the jobs that are there to the last job that is submitted: who comes second sees them all.
    let _turn = Lock::turn(store.root(), Turn::Plan)?;
    let mut jobs = Jobs::read(&place)?;
    if !request.force {
        refuse_while_at_work(&jobs, request)?;
    }
    let states = gather::states(&planned, &store);
    let records = {
        let _turn = Lock::turn(store.root(), Turn::Outputs)?;
        gather::records(&planned, &store, &states)?
    };
    let plan = PlanFile::new(&planned, &states, &Forecast::new(&planned, &records), out)?;
    let plan_place = PlanFile::place(place.parent().unwrap_or(Path::new("")));
    plan.write(&plan_place)?;
    let settings = if request.again { request.settings.clone().or(&jobs.settings) } else { request.settings.clone() };
    let left: Vec<&Planned> = plan.cells.iter().filter(|cell| cell.state != "done").collect();
    observer.on_event(&Event::PlanWritten { path: &plan_place, cells: plan.cells.len(), to_do: left.len() });
    let group = settings.group.unwrap_or_else(|| cut::group(&left, settings.time.as_ref()));
    let script = Script {
        name: &plan.name,
        plan: &plan_place,
        cells: plan.cells.len(),
        group,
        place: &place,
        settings: &settings,
        memory_mb: left.iter().map(|cell| cell.memory_mb).fold(0.0, f64::max),
    };
    let indices: Vec<usize> = left.iter().map(|cell| cell.index).collect();
    let chunks = chunks(&indices, group, longest(&settings, *dry_run)?);
    let text = script.text(chunks.first())?;
    write_file(&script.path(), |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
    let count: usize = chunks.iter().map(|chunk| chunk.tasks.0.len()).sum();
    observer.on_event(&Event::ScriptWritten { path: &script.path(), tasks: count, group });
    if settings.group.is_none() && left.iter().any(|cell| cell.seconds.is_none()) && left.len() > 1 {
        tracing::info!(
            "note: no cell of this grid has run yet, so short cells cannot be told from long ones and a task is one cell; \
             see --group"
        );
    }
    if chunks.is_empty() {
        tracing::info!("nothing to submit: all {} cells of `{}` are done", plan.cells.len(), plan.name);
        return Ok(Ending::Complete);
    }
    if *dry_run {
        let merge = merge(&script, &["ID of each array, joined by colons".to_string()]);
        let commands = chunks.iter().map(|chunk| array(&script, chunk)).chain([merge]).map(|command| command.line());
        observer.on_event(&Event::SubmitByHand(&commands.collect::<Vec<_>>()));
        return Ok(Ending::Complete);
    }
    jobs.begin(settings.clone(), Submission::new(&plan, group));
    for (i, chunk) in chunks.iter().enumerate() {
        let job = array(&script, chunk).submit().with_context(|| {
            let resume = resume(grid, out);
            format!(
                "{i} of {} arrays were submitted; submit the rest, when there is room, with: {resume}",
                chunks.len()
            )
        })?;
        // At once: what is at work must be known, whatever comes next.
        jobs.add(Array { job, offset: chunk.offset, tasks: chunk.tasks.to_string() }, &place)?;
        observer.on_event(&Event::ArraySubmitted { job, tasks: &chunk.tasks, offset: chunk.offset });
    }
    let after: Vec<String> = jobs.last_arrays().iter().map(|array| array.job.to_string()).collect();
    let merge = merge(&script, &after).submit().with_context(|| {
        format!(
            "all arrays were submitted, the merge was not; when they have run: {}",
            on_file(&["merge", "--plan"], &plan_place, &[])
        )
    })?;
    jobs.add_merge(merge, &place)?;
    observer.on_event(&Event::MergeSubmitted { job: merge, look: &look(grid, out) });
    Ok(Ending::Complete)
}

/// An array of some tasks.
fn array(script: &Script<'_>, chunk: &Chunk) -> Sbatch {
    Sbatch::new(vec![format!("--array={}", chunk.tasks)], script.path(), vec![chunk.offset.to_string()])
}

/// The merge after such jobs, however they end.
fn merge(script: &Script<'_>, after: &[String]) -> Sbatch {
    let options = vec![
        format!("--dependency=afterany:{}", after.join(":")),
        format!("--job-name={}-merge", script.name),
        format!("--output={}", script.merge_log()),
    ];
    Sbatch::new(options, script.path(), vec!["merge".into()])
}

/// What to type to submit what is left.
pub fn resume(grid: &Path, out: &Path) -> String {
    on_file(&["resume"], grid, &["--out", &out.display().to_string(), "--engine", "slurm"])
}

/// What to type to see how far it is.
fn look(grid: &Path, out: &Path) -> String {
    on_file(&["status"], grid, &["--out", &out.display().to_string()])
}

/// How many tasks an array may have.
fn longest(settings: &Settings, dry_run: bool) -> Result<usize> {
    match settings.max_array {
        Some(most) => Ok(most),
        None => match max_array_size() {
            Err(error) if dry_run => {
                tracing::info!("note: {error:#}; arrays are cut for the usual MaxArraySize of {USUAL_MAX_ARRAY}");
                Ok(USUAL_MAX_ARRAY)
            }
            most => most,
        },
    }
}

/// Jobs that are queued or running have indices of the plan as it is, and would do what is about to be submitted.
fn refuse_while_at_work(jobs: &Jobs, request: &SubmitRequest) -> Result<()> {
    let ids = jobs.ids();
    if ids.is_empty() {
        return Ok(());
    }
    let entries = match queue::ask(&ids) {
        // Whoever only writes files may be where there is no Slurm.
        Err(_) if request.dry_run => return Ok(()),
        entries => entries?,
    };
    let mut at_work: Vec<u64> = entries.iter().filter(|entry| entry.at_work()).map(|entry| entry.job).collect();
    at_work.sort_unstable();
    at_work.dedup();
    if at_work.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = at_work.iter().map(u64::to_string).collect();
    bail!(
        "jobs of this grid are still queued or running: {}; wait for them ({}), end them with `scancel {}`, or submit \
         beside them with --force",
        ids.join(", "),
        look(&request.grid, &request.out),
        ids.join(" ")
    );
}

/// The folder of what Slurm needs, below a grid's results.
pub fn folder(root: &Path) -> PathBuf {
    root.join("slurm")
}
