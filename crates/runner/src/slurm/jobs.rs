//! What was submitted for a grid: `slurm/jobs.json`. It tells whose log a cell's is and which jobs to ask after, never what
//! is done.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use files::checksum;
use serde::{Deserialize, Serialize};

use crate::run::plan_file::PlanFile;
use grid::pick::Indices;
use store::durable::write_file;

use super::settings::Settings;

const FORMAT: &str = "runner slurm jobs 1";

/// The folder of what Slurm needs, below a grid's results.
pub fn folder(root: &Path) -> PathBuf {
    root.join("slurm")
}

/// Everything that was submitted for a grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
    /// `runner slurm jobs 1`.
    format: String,
    /// What was asked of the scheduler the last time.
    pub settings: Settings,
    /// In the order in which they were made.
    pub submissions: Vec<Submission>,
}

/// What was submitted at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Checksum of the plan's cells: other cells, other indices.
    plan: String,
    /// Cells of a task.
    group: usize,
    /// Its arrays.
    arrays: Vec<Array>,
    /// The merge after them.
    merge: Option<u64>,
}

/// An array job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Array {
    /// Its id.
    pub job: u64,
    /// The task that index 0 means.
    pub offset: usize,
    /// Its indices, such as `0-3,7`.
    pub tasks: String,
}

/// A task that has a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The array.
    pub job: u64,
    /// The index in it.
    pub task: usize,
}

impl Attempt {
    /// Its log.
    pub fn log(&self, place: &Path) -> PathBuf {
        place.join("logs").join(format!("{}_{}.log", self.job, self.task))
    }
}

impl Submission {
    /// Of a plan, with so many cells a task; nothing is submitted yet.
    pub fn new(plan: &PlanFile, group: usize) -> Self {
        Self { plan: cells_of(plan), group, arrays: Vec::new(), merge: None }
    }
}

fn cells_of(plan: &PlanFile) -> String {
    let mut sum = checksum::Combined::default();
    plan.cells.iter().for_each(|cell| sum.add(&cell.id));
    sum.finish()
}

impl Jobs {
    fn file(place: &Path) -> PathBuf {
        place.join("jobs.json")
    }

    /// What the folder has; where there is no such file, nothing was submitted.
    ///
    /// # Errors
    /// A file that is not this program's.
    pub fn read(place: &Path) -> Result<Self> {
        let path = Self::file(place);
        let remedy =
            || format!("cannot read {}; remove it once no job of the grid is queued or running", path.display());
        let bytes = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { format: FORMAT.into(), settings: Settings::default(), submissions: Vec::new() });
            }
            bytes => bytes.with_context(remedy)?,
        };
        let jobs: Self = serde_json::from_slice(&bytes).with_context(remedy)?;
        if jobs.format != FORMAT {
            bail!("{}: its format is `{}`, expected `{FORMAT}`", remedy(), jobs.format);
        }
        Ok(jobs)
    }

    fn write(&self, place: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        write_file(&Self::file(place), |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))
    }

    /// Ids of all jobs.
    pub fn ids(&self) -> Vec<u64> {
        self.submissions.iter().flat_map(|made| made.arrays.iter().map(|array| array.job).chain(made.merge)).collect()
    }

    /// Ids of the merges.
    pub fn merges(&self) -> Vec<u64> {
        self.submissions.iter().filter_map(|made| made.merge).collect()
    }

    /// Begins a submission. Those of plans with other cells are forgotten: their indices mean nothing any more.
    pub fn begin(&mut self, settings: Settings, submission: Submission) {
        self.settings = settings;
        self.submissions.retain(|made| made.plan == submission.plan);
        self.submissions.push(submission);
    }

    /// Notes an array of the submission that has begun.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn add(&mut self, array: Array, place: &Path) -> Result<()> {
        if let Some(last) = self.submissions.last_mut() {
            last.arrays.push(array);
        }
        self.write(place)
    }

    /// Notes its merge.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn add_merge(&mut self, merge: u64, place: &Path) -> Result<()> {
        if let Some(last) = self.submissions.last_mut() {
            last.merge = Some(merge);
        }
        self.write(place)
    }

    /// The arrays of the last submission.
    pub fn last_arrays(&self) -> &[Array] {
        self.submissions.last().map_or(&[], |last| &last.arrays)
    }

    /// For each cell of a plan the tasks that have had it, the latest first.
    ///
    /// # Errors
    /// Indices that are none.
    pub fn attempts(&self, plan: &PlanFile) -> Result<Vec<Vec<Attempt>>> {
        let cells = cells_of(plan);
        let mut attempts = vec![Vec::new(); plan.cells.len()];
        for made in self.submissions.iter().rev().filter(|made| made.plan == cells) {
            for array in &made.arrays {
                for task in array.tasks.parse::<Indices>()?.0 {
                    let first = (array.offset + task) * made.group;
                    let its = attempts.iter_mut().skip(first).take(made.group);
                    its.for_each(|of_cell| of_cell.push(Attempt { job: array.job, task }));
                }
            }
        }
        Ok(attempts)
    }
}
