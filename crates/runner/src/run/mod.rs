//! A grid from its file to its tables and figures, and a paper file on top of it.

pub mod finished;
pub mod plan_file;
pub mod prepared;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::cells::fits::Fits;
use crate::claims::{self, Verdict};
use crate::grid::only::Only;
use crate::grid::pick::Shard;
use crate::grid::plan::Plan;
use crate::grid::source::Source;
use crate::grid::{Grid, lay_over};
use crate::kept::durable::Durability;
use crate::kept::lock::{Lock, Turn};
use crate::paper::Paper;
use crate::run::prepared::{Prepared, Ran};
use crate::tables::board::{self, Entry};
use figures::Column;

/// What a user can ask of a run beyond the grid file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder of all grids' outputs.
    pub out: PathBuf,
    /// Print the cells and stop.
    pub dry_run: bool,
    /// Some of the cells.
    pub only: Option<Only>,
    /// Every n-th of the cells; tables and figures are left to a merge.
    pub shard: Option<Shard>,
    /// Cells at a time.
    pub jobs: Option<usize>,
    /// Threads in all.
    pub threads: Option<usize>,
    /// Bytes for all cells that run at a time.
    pub max_memory: Option<u64>,
    /// The first failure ends the run.
    pub fail_fast: bool,
    /// What a cell may take; each is then run in a process of its own.
    pub timeout: Option<Duration>,
    /// When files are forced to disk, where that is not as the command has it.
    pub durability: Option<Durability>,
    /// Compute cells anew that are done.
    pub force: bool,
    /// Take the grid's stand-in where its data are not present.
    pub allow_stand_in: bool,
    /// Fewer seeds and points, as the paper file says, in a folder of their own.
    pub quick: bool,
    /// Data in place of a paper file's; then no stand-in is taken.
    pub data: Option<String>,
}

/// Whether everything asked for is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Yes.
    Complete,
    /// Cells have failed or are missing; the next run tries them again.
    Failures,
    /// Someone wanted an end; the next run goes on from here.
    Interrupted,
}

impl Ending {
    /// The worse of two.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Interrupted, _) | (_, Self::Interrupted) => Self::Interrupted,
            (Self::Failures, _) | (_, Self::Failures) => Self::Failures,
            (Self::Complete, Self::Complete) => Self::Complete,
        }
    }

    /// The exit code that says so: 0, 1, 130.
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failures => 1,
            Self::Interrupted => crate::cells::interrupt::EXIT_CODE,
        }
    }
}

/// Runs a grid file.
///
/// # Errors
/// Anything wrong with the grid, the data or the output folder, before the first cell; a result that
/// cannot be kept.
pub fn grid(path: &Path, options: &Options) -> Result<Ending> {
    let prepared = Prepared::new(Plan::open(path, &serde_json::Value::Null, options)?, options);
    match prepared.run(options, &Fits::within(options.max_memory))? {
        Ran::Stopped(ending) => Ok(ending),
        Ran::Finished(finished) => {
            let outputs = finished.outputs()?;
            say::print(format_args!("\n{}", outputs.text));
            close(&outputs.paths(finished.store.root()));
            warn(&outputs.warnings);
            Ok(finished.ending())
        }
    }
}

/// Runs paper files one after the other, with one claims page at the end where there are several: their grids,
/// the paper's figures beside ours, verdicts on its claims. Fits are shared among them by content.
///
/// # Errors
/// As [`grid`].
pub fn reproduce(paths: &[PathBuf], options: &Options) -> Result<Ending> {
    let fits = Fits::within(options.max_memory);
    let (mut ending, mut verdicts, mut notes) = (Ending::Complete, Vec::new(), Vec::new());
    let mut entries = Vec::new();
    for path in paths {
        let reproduced = reproduce_one(path, options, &fits)?;
        ending = ending.and(reproduced.ending);
        if ending == Ending::Interrupted {
            return Ok(ending);
        }
        verdicts.extend(reproduced.verdicts);
        entries.extend(reproduced.entry);
        notes.extend(reproduced.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
    }
    if paths.len() > 1 && !options.dry_run && options.shard.is_none() {
        verdicts.sort_by_key(|v| v.claim.id.trim_start_matches('C').parse::<u32>().unwrap_or(u32::MAX));
        let _turn = Lock::turn(&options.out, Turn::Outputs)?;
        let page = claims::page(&verdicts, &notes);
        let mut files = page.write(&options.out.join("claims"))?;
        say::out!("\n{}", page.terminal());
        files.extend(board::adjusted("Reproduction", &mut entries, &notes).write(&options.out.join("comparisons"))?);
        close(&files);
    }
    Ok(ending)
}

/// What one paper file came to.
struct Reproduced {
    ending: Ending,
    /// `None` where nothing ran.
    entry: Option<Entry>,
    verdicts: Vec<Verdict>,
    notes: Vec<String>,
}

fn reproduce_one(path: &Path, options: &Options, fits: &Fits) -> Result<Reproduced> {
    let paper = Paper::read(path)?.value;
    let grid = path.parent().unwrap_or(Path::new("")).join(&paper.grid);
    let mut overrides = paper.overrides.clone();
    if options.quick {
        lay_over(&mut overrides, &paper.quick);
    }
    let mut prepared = Prepared::new(Plan::open(&grid, &overrides, options)?, options);
    prepared.command = command("reproduce", path, options);
    let finished = match prepared.run(options, fits)? {
        Ran::Stopped(ending) => {
            return Ok(Reproduced { ending, entry: None, verdicts: Vec::new(), notes: Vec::new() });
        }
        Ran::Finished(finished) => finished,
    };
    let ending = finished.ending();
    let results = finished.results(Some(paper))?;
    let mut files = finished.record_files();
    files.extend(results.write()?);
    files.sort();
    if let Some(held) = &results.held {
        say::print(format_args!("\n{}", held.table.terminal()));
        // where nothing could be compared, the table has said so
        if let Some(agreement) = held.agreement.as_ref().filter(|_| held.compared) {
            say::print(format_args!("\n{}", agreement.terminal()));
        }
    }
    close(&files);
    warn(&results.warnings());
    let verdicts = results.held.map(|held| held.verdicts).unwrap_or_default();
    let entry = Some(Entry { data: results.about.title, comparisons: results.comparisons });
    Ok(Reproduced { ending, entry, verdicts, notes: results.about.notes })
}

/// What makes the results of a file anew.
pub(crate) fn command(how: &str, path: &Path, options: &Options) -> String {
    let text = |path: &Path| path.display().to_string();
    let mut words = vec!["runner".to_string(), how.into(), text(path)];
    words.extend(options.quick.then(|| "--quick".to_string()));
    words.extend(options.data.iter().flat_map(|data| ["--data".to_string(), data.clone()]));
    words.extend(out(&options.out));
    files::shell::command(words)
}

/// The option that names the folder of results, where it is not the usual one.
pub(crate) fn out(folder: &Path) -> Vec<String> {
    if folder == Path::new("results") { Vec::new() } else { vec!["--out".into(), folder.display().to_string()] }
}

/// A command of this program on a file.
pub(crate) fn on_file(how: &[&str], file: &Path, more: &[&str]) -> String {
    let file = file.display().to_string();
    let words = how.iter().copied().chain([file.as_str()]).chain(more.iter().copied());
    files::shell::command(std::iter::once("runner").chain(words))
}

/// Says what a reader must know before any figure, after everything else, where it is seen.
pub(crate) fn warn(warnings: &[String]) {
    warnings.iter().for_each(|line| tracing::warn!("{line}"));
}

/// Says what has been written.
pub(crate) fn close(files: &[PathBuf]) {
    say::out!("written:");
    // The same figures once more, for the columns of a page: a line for all of them.
    let column = |file: &&PathBuf| {
        let folder = file.parent().and_then(Path::file_name);
        Column::ALL.iter().any(|column| folder == Some(column.folder().as_ref()))
    };
    for file in files.iter().filter(|file| !column(file)) {
        say::out!("  {}", file.display());
    }
    let columns: Vec<&PathBuf> = files.iter().filter(column).collect();
    if let Some(folder) = columns.first().and_then(|file| file.parent()?.parent()) {
        say::out!("  {}/{{single,double}}/: {} figures for the columns of a page", folder.display(), columns.len() / 4);
    }
}

impl Plan {
    /// Reads a grid file, its data, and expands the cells.
    ///
    /// # Errors
    /// Anything wrong with either.
    pub fn open(path: &Path, overrides: &serde_json::Value, options: &Options) -> Result<Self> {
        let mut overrides = overrides.clone();
        if let Some(data) = &options.data {
            lay_over(&mut overrides, &json!({ "data": asked(data)? }));
            // Not laid over: it is to stay, and to take out the grid's.
            overrides["stand_in"] = serde_json::Value::Null;
        }
        let mut grid = Grid::read_with(path, &overrides)?;
        if options.quick {
            grid.value.name += "-quick";
        }
        let source = Source::open(&grid, options.allow_stand_in)?;
        Ok(Self { overrides, ..Self::new(grid, source)? })
    }
}

/// Data as the user names them: a path is seen from where the user is, not from the grid's folder.
fn asked(data: &str) -> Result<String> {
    match data.contains(['/', '\\']) || data.ends_with(".yaml") {
        true => Ok(std::path::absolute(data)?.display().to_string()),
        false => Ok(data.to_string()),
    }
}
