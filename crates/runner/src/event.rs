//! What happens while a command is at work. Nothing below the command line prints: it returns values, or tells an [`Observer`].

use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Whoever is told what happens, such as a screen.
pub trait Observer: Sync {
    /// Something has happened.
    fn on_event(&self, event: &Event<'_>);
}

/// Tells nobody.
impl Observer for () {
    fn on_event(&self, _: &Event<'_>) {}
}

/// What happens.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The data of a plan were read.
    Data {
        /// The data set in use.
        used: &'a str,
        /// The sentence about a stand-in that takes the place of the data asked for.
        stand_in: Option<&'a str>,
        /// What the data are like without being odd, such as rows that stand for several items, a line each.
        notes: &'a [String],
        /// What is odd about the data, a line each.
        warnings: &'a [String],
    },
    /// A dry run of a grid: its cells, and the folder of its results.
    CellsToRun(&'a [CellToRun], &'a Path),
    /// A dry run of timings: a size, how often each of so many methods is timed.
    SizeToTime {
        /// The size.
        label: &'a str,
        /// Fits of each method.
        times: usize,
        /// Methods.
        methods: usize,
    },
    /// Half-written files of a run that was killed were removed.
    Swept {
        /// How many.
        files: usize,
    },
    /// A cell whose files cannot be trusted is computed anew.
    Damaged {
        /// Its id.
        cell: &'a str,
        /// What is wrong with its files.
        why: &'a str,
    },
    /// Cells, or sizes to time, begin to be computed.
    CellsBegin {
        /// How many.
        cells: usize,
        /// Their forecast work in arbitrary units.
        work: f64,
    },
    /// One of them has ended.
    CellEnded {
        /// As it is named.
        label: &'a str,
        /// Wall seconds.
        seconds: f64,
        /// Why it failed, if it did.
        failures: &'a [String],
        /// Its forecast work.
        work: f64,
    },
    /// No more of them are computed.
    CellsEnded,
    /// A run of cells has ended.
    RunEnded {
        /// The grid's name.
        name: &'a str,
        /// Cells that were done before.
        before: usize,
        /// Cells done now.
        done: usize,
        /// Cells that failed now.
        failed: usize,
        /// Cells that were not begun.
        left: usize,
    },
    /// A run has not begun all its cells, so no report is drawn.
    Stopped {
        /// Cells that are left.
        left: usize,
        /// Whether someone wanted an end; else a cell has failed.
        interrupted: bool,
    },
    /// A shard has run; the command draws the report of all shards.
    ShardEnded {
        /// The command.
        merge: &'a str,
    },
    /// Tables that a command ends in.
    Tables(&'a str),
    /// Files were written.
    Written(&'a [PathBuf]),
    /// What a grid comes to, a sentence for each task.
    Findings(&'a [String]),
    /// What a reader must know before any figure, a line each.
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
    /// A download has ended: what it came to.
    Fetched(&'a dyn Display),
    /// The plan that is submitted was written.
    PlanWritten {
        /// Its file.
        path: &'a Path,
        /// Its cells.
        cells: usize,
        /// Those that are not done.
        to_do: usize,
    },
    /// The script that a scheduler's tasks run was written.
    ScriptWritten {
        /// Its file.
        path: &'a Path,
        /// Tasks of it.
        tasks: usize,
        /// Cells of a task at most.
        group: usize,
    },
    /// A dry run of a submission: the commands that submit by hand.
    SubmitByHand(&'a [String]),
    /// An array of tasks was submitted.
    ArraySubmitted {
        /// Its job.
        job: u64,
        /// Its indices.
        tasks: &'a dyn Display,
        /// The task that index 0 means.
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

/// A cell of a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellToRun {
    /// Its id.
    pub id: String,
    /// As it is named in progress lines.
    pub label: String,
    /// Whether nothing is left to do.
    pub done: bool,
}
