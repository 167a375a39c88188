//! Events of a running command. Code below the command line does not print: it returns values, or informs an
//! [`Observer`].

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use select::{Planned, PlannedMethod};

/// Receiver of events, such as a screen.
pub trait Observer: Sync {
    /// Something has happened.
    fn on_event(&self, event: &Event<'_>);
}

/// Receiver of events that a thread or a fit can keep.
pub type Watcher = Arc<dyn Observer + Send>;

/// Ignores all events.
impl Observer for () {
    fn on_event(&self, _: &Event<'_>) {}
}

/// Event of a running command.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The data of a plan were read.
    Data {
        /// The data set in use.
        used: &'a str,
        /// Sentence about the stand-in in place of the requested data.
        stand_in: Option<&'a str>,
        /// What the data are like without being odd, such as rows that stand for several items, a line each.
        notes: &'a [String],
        /// Warnings about the data, one line each.
        warnings: &'a [String],
    },
    /// A dry run of a grid: its cells, and the folder of its results.
    CellsToRun(&'a [CellToRun], &'a Path),
    /// A dry run of timings: a size, and how often each method is timed.
    SizeToTime {
        /// The size.
        label: &'a str,
        /// Number of fits per method.
        times: usize,
        /// Number of methods.
        methods: usize,
    },
    /// Incomplete files of a killed run were removed.
    Swept {
        /// Number of files.
        files: usize,
    },
    /// A cell with damaged files is computed again.
    Damaged {
        /// Its id.
        cell: &'a str,
        /// Problem of its files.
        why: &'a str,
    },
    /// The computation of cells, or of sizes to time, begins.
    CellsBegin {
        /// Number of cells.
        cells: usize,
        /// Forecast work in arbitrary units.
        work: f64,
    },
    /// A cell has ended.
    CellEnded {
        /// As it is named.
        label: &'a str,
        /// Wall seconds.
        seconds: f64,
        /// Reasons of its failure, if it failed.
        failures: &'a [String],
        /// Its forecast work.
        work: f64,
    },
    /// The computation of cells has ended.
    CellsEnded,
    /// The cross-validation of methods on the training rows of a data set begins.
    MethodsBegin {
        /// Name of the data set.
        data: &'a str,
        /// Number of views.
        views: usize,
        /// The rows that the choice does not read, in words.
        unread: &'a str,
        /// The methods with their candidates.
        planned: &'a Planned,
    },
    /// The cross-validation of a method has ended.
    MethodEnded {
        /// The method.
        planned: &'a PlannedMethod,
        /// Name of the metric of the score.
        metric: &'a str,
        /// Best mean score over the folds; `None` if no candidate has one.
        score: Option<f64>,
        /// Wall seconds.
        seconds: f64,
    },
    /// The fits of the recommended candidate on parts of the training rows begin.
    CurveBegin {
        /// Number of fits.
        fits: usize,
    },
    /// The cross-validation of all methods has ended.
    MethodsEnded,
    /// A run of cells has ended.
    RunEnded {
        /// The grid's name.
        name: &'a str,
        /// Cells that were finished before.
        before: usize,
        /// Cells finished in this run.
        done: usize,
        /// Cells that failed in this run.
        failed: usize,
        /// Cells that were not started.
        left: usize,
    },
    /// A run has not started all its cells, so no report is drawn.
    Stopped {
        /// Cells that are left.
        left: usize,
        /// Whether the run was interrupted; otherwise a cell has failed.
        interrupted: bool,
    },
    /// A shard has ended; the command draws the report of all shards.
    ShardEnded {
        /// The command.
        merge: &'a str,
    },
    /// Tables at the end of a command.
    Tables(&'a str),
    /// Files were written.
    Written(&'a [PathBuf]),
    /// What a grid comes to, a sentence for each task.
    Findings(&'a [String]),
    /// Warnings that readers need before they use the values, one line each.
    Warnings(&'a [String]),
    /// The checksums of a grid's results were verified.
    ChecksumsVerified {
        /// Cells that are done.
        done: usize,
        /// Cells of the plan.
        cells: usize,
        /// Cells whose files cannot be trusted.
        damaged: usize,
    },
    /// A long loop of one piece of work has made a step: rows are summed, a fit advances.
    WorkAt {
        /// The plural of what is counted.
        noun: &'static str,
        /// Number so far.
        done: usize,
        /// Largest number there can be.
        total: usize,
    },
    /// It has ended, by whatever way.
    WorkEnded,
    /// Bytes of a file have arrived.
    DownloadAt {
        /// Name of the file.
        label: &'a str,
        /// Number of bytes so far.
        done: u64,
        /// Number of bytes of the file, if it is known.
        size: Option<u64>,
    },
    /// No more bytes of a file arrive.
    DownloadEnded,
    /// The files of a source or of an encoder are there, or a person must download some; with the report.
    Fetched(&'a dyn Display),
    /// The plan of a submission was written.
    PlanWritten {
        /// Its file.
        path: &'a Path,
        /// Its cells.
        cells: usize,
        /// Number of unfinished cells.
        to_do: usize,
    },
    /// The script for a scheduler's tasks was written.
    ScriptWritten {
        /// Its file.
        path: &'a Path,
        /// Number of tasks.
        tasks: usize,
        /// Largest number of cells per task.
        group: usize,
    },
    /// A dry run of a submission: the commands for a submission by hand.
    SubmitByHand(&'a [String]),
    /// An array of tasks was submitted.
    ArraySubmitted {
        /// Its job.
        job: u64,
        /// Its indices.
        tasks: &'a dyn Display,
        /// Task with index 0.
        offset: usize,
    },
    /// A process was started in the background.
    ProcessStarted {
        /// Its number.
        process: u32,
        /// Its log.
        log: &'a Path,
        /// The command that tells how far the grid is.
        look: &'a str,
        /// The command that stops the process.
        cancel: &'a str,
    },
    /// The merge was submitted; the command tells how far the grid is.
    MergeSubmitted {
        /// Its job.
        job: u64,
        /// The command.
        look: &'a str,
    },
}

/// Cell of a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellToRun {
    /// Its id.
    pub id: String,
    /// As it is named in progress lines.
    pub label: String,
    /// Whether the cell is finished.
    pub done: bool,
}
