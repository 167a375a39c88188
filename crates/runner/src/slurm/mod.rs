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
mod jobs;
mod queue;
mod script;
pub mod settings;
mod state;

use std::path::Path;

use anyhow::{Context, Result, bail};
use files::Fault;

use crate::engine::state::EngineState;
use crate::engine::{Engine, Handover, Submitted, left};
use crate::event::{Event, Observer};
use crate::run::line::on_file;
use crate::run::plan_file::PlanFile;
use grid::plan::Plan;
use store::durable::write_file;

use command::{Sbatch, max_array_size, slurm};
use cut::{Chunk, chunks};
use jobs::{Array, Jobs, Submission, folder};
use queue::{Entry, Phase};
use script::Script;
use settings::Settings;

/// Slurm's default of MaxArraySize, if the cluster does not set it.
const USUAL_MAX_ARRAY: usize = 1001;

/// The engine for a Slurm cluster.
#[derive(Clone, Debug, Default)]
pub struct Slurm {
    /// The settings from the command line.
    pub settings: Settings,
    /// Whether to take missing settings from the last submission.
    pub again: bool,
    /// Whether to submit although jobs of the grid are queued or running.
    pub allow_duplicate_jobs: bool,
    /// Whether to write the plan and the script without a submission.
    pub dry_run: bool,
}

impl Engine for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    /// Writes a plan and its script, and submits the unfinished cells. A dry run only writes.
    ///
    /// # Errors
    /// Jobs of the grid that are queued or running; no Slurm here; a cluster that does not say how long an array may be; a
    /// submission that is refused, with what Slurm says.
    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted> {
        self.submit_arrays(plan, out, observer)?;
        Ok(Submitted::Jobs)
    }

    fn state(&self, plan: &PlanFile, root: &Path) -> Result<EngineState> {
        state::state(plan, root)
    }

    fn cancel(&self, root: &Path) -> Result<Vec<String>> {
        // Jobs that wait for an event that cannot happen are included.
        let jobs = jobs_where(root, |entry| entry.phase() != Phase::Ended)?;
        if !jobs.is_empty() {
            slurm("scancel", &jobs)?;
        }
        Ok(jobs.iter().map(|job| format!("job {job}")).collect())
    }
}

/// The jobs of the grid that Slurm lists and that have a task in such a state.
fn jobs_where(root: &Path, so: impl Fn(&Entry) -> bool) -> Result<Vec<String>> {
    let entries = queue::ask(&Jobs::read(&folder(root))?.ids())?;
    let mut jobs: Vec<u64> = entries.iter().filter(|entry| so(entry)).map(|entry| entry.job).collect();
    jobs.sort_unstable();
    jobs.dedup();
    Ok(jobs.iter().map(u64::to_string).collect())
}

impl Slurm {
    fn submit_arrays(&self, planned: &Plan, out: &Path, observer: &dyn Observer) -> Result<()> {
        let grid = planned.grid.path();
        let submission = Handover::begin(planned, out)?;
        let root = submission.store.root();
        let place = std::path::absolute(root)
            .with_context(|| format!("cannot resolve the path {}", root.display()))?
            .join("slurm");
        std::fs::create_dir_all(place.join("logs"))
            .with_context(|| Fault::unwritable(format!("cannot write to {}", place.display())))?;
        let mut jobs = Jobs::read(&place)?;
        if !self.allow_duplicate_jobs {
            self.refuse_while_at_work(root, grid, out)?;
        }
        let plan = submission.file(planned, out)?;
        let plan_place = PlanFile::place(place.parent().unwrap_or(Path::new("")));
        plan.write(&plan_place)?;
        let settings = if self.again { self.settings.clone().or(&jobs.settings) } else { self.settings.clone() };
        let left = left(&plan);
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
        let chunks = chunks(&indices, group, longest(&settings, self.dry_run)?);
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
            return Ok(());
        }
        if self.dry_run {
            let merge = merge(&script, &["ID of each array, joined by colons".to_string()]);
            let commands =
                chunks.iter().map(|chunk| array(&script, chunk)).chain([merge]).map(|command| command.line());
            observer.on_event(&Event::SubmitByHand(&commands.collect::<Vec<_>>()));
            return Ok(());
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
            // The file is written at once: the jobs must be known, whatever happens next.
            jobs.add(Array { job, offset: chunk.offset, tasks: chunk.tasks.to_string() }, &place)?;
            observer.on_event(&Event::ArraySubmitted { job, tasks: &chunk.tasks, offset: chunk.offset });
        }
        let after: Vec<String> = jobs.last_arrays().iter().map(|array| array.job.to_string()).collect();
        let merge = merge(&script, &after).submit().with_context(|| {
            format!(
                "all arrays were submitted, the merge was not; when they have run: {}",
                on_file(&["merge"], &plan_place, &[])
            )
        })?;
        jobs.add_merge(merge, &place)?;
        observer.on_event(&Event::MergeSubmitted { job: merge, look: &look(grid, out) });
        Ok(())
    }

    /// Refuses a submission while jobs are queued or running: their indices are those of the present plan, and they
    /// would compute the same cells.
    fn refuse_while_at_work(&self, root: &Path, grid: &Path, out: &Path) -> Result<()> {
        let ids = match jobs_where(root, Entry::at_work) {
            // A dry run must work on a machine without Slurm.
            Err(_) if self.dry_run => return Ok(()),
            ids => ids?,
        };
        if ids.is_empty() {
            return Ok(());
        }
        bail!(
            "jobs of this grid are still queued or running: {}; wait for them ({}), end them with `{}` (or `scancel {}`), or \
             submit beside them with --allow-duplicate-jobs",
            ids.join(", "),
            look(grid, out),
            on_file(&["cancel"], root, &[]),
            ids.join(" ")
        );
    }
}

/// The submission of an array of tasks.
fn array(script: &Script<'_>, chunk: &Chunk) -> Sbatch {
    Sbatch::new(vec![format!("--array={}", chunk.tasks)], script.path(), vec![chunk.offset.to_string()])
}

/// The submission of the merge after these jobs, whatever their result is.
fn merge(script: &Script<'_>, after: &[String]) -> Sbatch {
    let options = vec![
        format!("--dependency=afterany:{}", after.join(":")),
        format!("--job-name={}-merge", script.name),
        format!("--output={}", script.merge_log()),
    ];
    Sbatch::new(options, script.path(), vec!["merge".into()])
}

/// The command that submits the missing cells.
fn resume(grid: &Path, out: &Path) -> String {
    on_file(&["resume"], grid, &["--out", &out.display().to_string(), "--engine", "slurm"])
}

/// The command that shows the state of the grid.
fn look(grid: &Path, out: &Path) -> String {
    on_file(&["status"], grid, &["--out", &out.display().to_string()])
}

/// The maximum number of tasks of an array.
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
