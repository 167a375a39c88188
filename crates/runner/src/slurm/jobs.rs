//! The submitted jobs of a grid: `slurm/jobs.json`. The file tells which log belongs to a cell and which jobs to ask
//! Slurm about. It does not tell which cells are done.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use files::checksum;
use serde::{Deserialize, Serialize};

use crate::run::plan_file::PlanFile;
use grid::pick::Indices;
use store::durable::write_file;

use super::settings::Settings;

const FORMAT: &str = "runner slurm jobs 1";

/// The folder for Slurm, below the results of a grid.
pub fn folder(root: &Path) -> PathBuf {
    root.join("slurm")
}

/// All submissions of a grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
    /// The format, `runner slurm jobs 1`.
    format: String,
    /// The settings of the last submission.
    pub settings: Settings,
    /// The submissions, in the order of time.
    pub submissions: Vec<Submission>,
}

/// One submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The checksum of the cells of the plan. With other cells, indices have another meaning.
    plan: String,
    /// Number of cells of a task.
    group: usize,
    /// The arrays of the submission.
    arrays: Vec<Array>,
    /// The id of the job that merges afterwards.
    merge: Option<u64>,
}

/// An array job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Array {
    /// Its id.
    pub job: u64,
    /// The task at index 0.
    pub offset: usize,
    /// The indices, such as `0-3,7`.
    pub tasks: String,
}

/// The task of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The array.
    pub job: u64,
    /// The index in the array.
    pub task: usize,
}

impl Attempt {
    /// Its log.
    pub fn log(&self, place: &Path) -> PathBuf {
        place.join("logs").join(format!("{}_{}.log", self.job, self.task))
    }
}

impl Submission {
    /// A file without submissions for a plan, with this number of cells per task.
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

    /// Reads the file of the folder. Without a file there are no submissions.
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

    /// Ids of the jobs that merge.
    pub fn merges(&self) -> Vec<u64> {
        self.submissions.iter().filter_map(|made| made.merge).collect()
    }

    /// Begins a submission. Submissions of plans with other cells are removed, because their indices have no meaning
    /// any more.
    pub fn begin(&mut self, settings: Settings, submission: Submission) {
        self.settings = settings;
        self.submissions.retain(|made| made.plan == submission.plan);
        self.submissions.push(submission);
    }

    /// Adds an array of the submission to the file.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn add(&mut self, array: Array, place: &Path) -> Result<()> {
        if let Some(last) = self.submissions.last_mut() {
            last.arrays.push(array);
        }
        self.write(place)
    }

    /// Adds the merge of the submission to the file.
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

    /// For each cell of a plan the tasks that had it, the latest first.
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
