//! What a user sees of a command at work: tables and files on standard output, progress and remarks on standard error.

pub(super) mod json;
pub(super) mod log;
mod progress;
pub(super) mod status;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::cells::interrupt;
use crate::event::{CellToRun, Event, Observer};
use figures::Column;
use select::Planned;

use progress::{Download, Progress, Work};

/// The terminal, or what stands in its place.
#[derive(Default)]
pub struct Screen {
    progress: Mutex<Option<Progress>>,
    download: Mutex<Option<Download>>,
    work: Mutex<Option<Work>>,
    /// Whether standard output is for one JSON document.
    json: bool,
}

impl Observer for Screen {
    fn on_event(&self, event: &Event<'_>) {
        match *event {
            Event::Data { used, stand_in, notes, warnings } => {
                if let Some(notice) = stand_in {
                    tracing::info!("note: {notice}");
                }
                notes.iter().for_each(|line| tracing::info!("note: {used}: {line}"));
                warnings.iter().for_each(|line| tracing::warn!("{used}: {line}"));
            }
            Event::CellsToRun(cells, folder) if self.json => say::out!("{}", json::cells_to_run(cells, folder)),
            Event::CellsToRun(cells, folder) => say::out!("{}", cells_to_run(cells, folder)),
            Event::SizeToTime { label, times, methods } => {
                say::out!("{label}, {times} times each of {methods} methods");
            }
            Event::Swept { files } => tracing::info!(
                "note: removed {files} half-written file{} of a run that was killed",
                if files == 1 { "" } else { "s" }
            ),
            Event::Damaged { cell, why } => tracing::info!("note: {why}; cell {cell} is computed anew"),
            Event::CellsBegin { cells, work } => *self.progress() = Some(Progress::start("cells", cells, work)),
            Event::CellEnded { label, seconds, failures, work } => {
                let line = match failures.is_empty() {
                    true => format!("{label}: {seconds:.1} s"),
                    false => format!("{label} FAILED: {}", failures.join("; ")),
                };
                if let Some(progress) = &mut *self.progress() {
                    progress.cell(&line, work);
                }
            }
            Event::MethodsBegin { data, views, unread, planned } => {
                tracing::info!("{}", methods_begin(data, views, unread, planned));
                let work = planned.methods.iter().map(|method| method.work).sum();
                *self.progress() = Some(Progress::start("methods", planned.methods.len(), work));
            }
            Event::MethodEnded { planned, metric, score, seconds } => {
                let score = score.map_or_else(|| "no score".to_string(), |score| format!("{metric} {score:.3}"));
                let candidates = counted(planned.candidates, "candidate");
                if let Some(progress) = &mut *self.progress() {
                    progress.cell(&format!("{}, {candidates}: {score}, {seconds:.1} s", planned.method), planned.work);
                }
            }
            Event::CurveBegin { fits } => {
                tracing::info!("the recommended method is fitted {fits} times on parts of the training rows");
            }
            Event::CellsEnded | Event::MethodsEnded => {
                if let Some(progress) = self.progress().take() {
                    progress.finish();
                }
            }
            Event::RunEnded { name, before, done, failed, left } => match done + failed + left {
                0 => tracing::info!("nothing to do: all {before} cells of `{name}` are done"),
                _ => {
                    let before = if before > 0 { format!(", {before} were done before") } else { String::new() };
                    tracing::info!("{done} cells done, {failed} failed{before}");
                }
            },
            Event::Stopped { left, interrupted } => {
                let why = if interrupted { "Interrupted" } else { "Stopped at a failure" };
                tracing::info!("{why}: {left} cells are left; continue with: {}", interrupt::resume());
            }
            Event::ShardEnded { merge } => tracing::info!("when all shards have run: {merge}"),
            Event::Tables(text) => say::print(format_args!("\n{text}")),
            Event::Written(files) => written(files),
            Event::Findings([]) => {}
            Event::Findings(lines) => say::out!("\n{}", lines.join("\n")),
            Event::Warnings(lines) => lines.iter().for_each(|line| tracing::warn!("{line}")),
            Event::ChecksumsVerified { .. } if self.json => {}
            Event::ChecksumsVerified { done, cells, damaged } => {
                say::out!("{done} of {cells} cells are done, {damaged} damaged; checksums verified");
            }
            Event::WorkAt { noun, done, total } => {
                let mut work = self.work();
                if work.as_ref().is_some_and(|work| !work.continues(noun, done, total)) {
                    *work = None;
                }
                work.get_or_insert_with(|| Work::start(noun, total)).at(done);
            }
            Event::WorkEnded => *self.work() = None,
            Event::DownloadAt { label, done, size } => {
                self.download().get_or_insert_with(|| Download::start(label)).at(done, size);
            }
            Event::DownloadEnded => {
                if let Some(download) = self.download().take() {
                    download.finish();
                }
            }
            Event::Fetched(report) => say::out!("{report}"),
            Event::PlanWritten { path, cells, to_do } => {
                say::out!("plan    {}: {cells} cells, {to_do} to do", path.display());
            }
            Event::ScriptWritten { path, tasks, group } => {
                let cells = if group == 1 { "one cell".to_string() } else { format!("up to {group} cells") };
                say::out!("script  {}: {tasks} tasks of {cells} each", path.display());
            }
            Event::SubmitByHand(commands) => {
                say::out!("submit it by hand with:");
                commands.iter().for_each(|command| say::out!("  {command}"));
            }
            Event::ArraySubmitted { job, tasks, offset } => say::out!("array   job {job}: tasks {tasks} from {offset}"),
            Event::ProcessStarted { process, log, look, cancel } => {
                say::out!("process {process} was started; log {}", log.display());
                say::out!("look at it with: {look}");
                say::out!("stop it with: {cancel}");
            }
            Event::MergeSubmitted { job, look } => {
                say::out!("merge   job {job}, after all of them");
                say::out!("look at it with: {look}");
            }
        }
    }
}

impl Screen {
    /// For a command whose output is text or one JSON document.
    pub fn with(json: bool) -> Self {
        Self { json, ..Self::default() }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Option<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> std::sync::MutexGuard<'_, Option<Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn download(&self) -> std::sync::MutexGuard<'_, Option<Download>> {
        self.download.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows that are read, and the fits to come. The time is forecast once enough of the work is done.
fn methods_begin(data: &str, views: usize, unread: &str, planned: &Planned) -> String {
    let Planned { items, folds, methods, .. } = planned;
    let candidates: usize = methods.iter().map(|method| method.candidates).sum();
    format!(
        "`{data}`: only the {items} training rows of {views} views are read; {unread}\n\
         {} with {} and {folds} folds: {} fits; the time left is said after the cheap methods",
        counted(methods.len(), "method"),
        counted(candidates, "candidate"),
        candidates * folds
    )
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn cells_to_run(cells: &[CellToRun], folder: &Path) -> String {
    let line = |CellToRun { id, label, done }: &CellToRun| {
        format!("{id}  {:<8} {label}", if *done { "done" } else { "to do" })
    };
    let lines: Vec<String> = cells.iter().map(line).collect();
    let to_do = cells.iter().filter(|cell| !cell.done).count();
    format!("{}\n{} cells, {to_do} to do; results go to {}", lines.join("\n"), cells.len(), folder.display())
}

/// Says what has been written.
pub fn written(files: &[PathBuf]) {
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
