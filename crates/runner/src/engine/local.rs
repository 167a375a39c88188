//! Engine that computes cells in a background process of this machine. The process outlives the terminal.
//!
//! ```text
//! <out>/<grid>/local/process.json   the latest process
//! <out>/<grid>/local/run.log        the output of all processes
//! ```
//!
//! The process inherits the log with a lock on it. The lock lasts as long as the process lives, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use files::Fault;
use files::lock::{self, Taken};
use serde::{Deserialize, Serialize};

use super::process::{detached, interrupt};
use super::state::{CellState, EngineState, Job, Live, Phase};
use super::{Engine, Handover, Submitted, left};
use crate::event::{Event, Observer};
use crate::run::line::{executable, on_file};
use crate::run::plan_file::PlanFile;
use grid::plan::Plan;
use store::durable::write_file;
use store::lock::{Worker, workers};
use store::provenance::now;

const FORMAT: &str = "runner local 1";

/// The engine for a background process.
#[derive(Clone, Debug, Default)]
pub struct Local {
    /// Number of threads; all cores by default.
    pub threads: Option<usize>,
    /// Limit on the memory of all running cells, as `--max-memory` reads it.
    pub max_memory: Option<String>,
    /// Whether to write the plan and print the command without starting a process.
    pub dry_run: bool,
}

/// The latest process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Started {
    /// The format, `runner local 1`.
    format: String,
    /// The id of the process.
    process: u32,
    /// The name of its machine.
    host: String,
    /// The time of its start, in UTC.
    started_at: Option<String>,
    /// The words of its command.
    command: Vec<String>,
}

impl Started {
    fn file(root: &Path) -> PathBuf {
        folder(root).join("process.json")
    }

    /// Reads the file; `None` if no process was started.
    fn read(root: &Path) -> Result<Option<Self>> {
        let path = Self::file(root);
        let remedy = || format!("cannot read {}; remove it once no process of the grid is at work", path.display());
        let bytes = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.with_context(remedy)?,
        };
        let started: Self = serde_json::from_slice(&bytes).with_context(remedy)?;
        if started.format != FORMAT {
            bail!("{}: its format is `{}`, expected `{FORMAT}`", remedy(), started.format);
        }
        Ok(Some(started))
    }

    fn named(&self) -> String {
        lock::signature(self.process, &self.host)
    }
}

fn folder(root: &Path) -> PathBuf {
    root.join("local")
}

fn log(root: &Path) -> PathBuf {
    folder(root).join("run.log")
}

/// The latest process, if it is alive.
fn alive(root: &Path) -> Result<Option<Started>> {
    let Some(started) = Started::read(root)? else { return Ok(None) };
    let Ok(log) = lock::open(&log(root)) else { return Ok(None) };
    // A shared lock: two processes that test the lock at the same time must not take each other for the background
    // process.
    Ok(matches!(lock::take(&log, false), Ok(Taken::Busy)).then_some(started))
}

/// The attempt of a process that has started to write.
fn attempt_of<'w>(started: &Started, workers: &'w [Worker]) -> Option<&'w Worker> {
    workers.iter().find(|worker| worker.process == started.process && worker.host == started.host)
}

/// A description of the process.
fn named(worker: &Worker) -> String {
    format!("attempt {}: {}", worker.attempt, lock::signature(worker.process, &worker.host))
}

impl Engine for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    /// Writes the plan and starts a process for the unfinished cells.
    ///
    /// # Errors
    /// A process that is at work on the grid; a process that cannot be started.
    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted> {
        let submission = Handover::begin(plan, out)?;
        let root = submission.store.root().to_path_buf();
        let busy = match alive(&root)? {
            Some(started) => Some(started.named()),
            None => workers(&root)?.iter().find(|worker| worker.whole).map(named),
        };
        let cancel = on_file(&["cancel"], &root, &[]);
        if let Some(who) = busy {
            bail!("{who} is at work on this grid; wait for it, or stop it with: {cancel}");
        }
        let file = submission.file(plan, out)?;
        let place = PlanFile::place(&root);
        file.write(&place)?;
        let to_do = left(&file).len();
        observer.on_event(&Event::PlanWritten { path: &place, cells: file.cells.len(), to_do });
        if to_do == 0 {
            tracing::info!("nothing to submit: all {} cells of `{}` are done", file.cells.len(), file.name);
            return Ok(Submitted::Jobs);
        }
        let program = executable()?;
        let words = self.words(plan, out)?;
        if self.dry_run {
            let line = files::shell::command(std::iter::once(program.display().to_string()).chain(words));
            observer.on_event(&Event::SubmitByHand(&[line]));
            return Ok(Submitted::Jobs);
        }
        std::fs::create_dir_all(folder(&root))
            .with_context(|| Fault::unwritable(format!("cannot write to {}", root.display())))?;
        let log = log(&root);
        let file = lock_log(&log)?;
        // The background process takes turns of its own.
        drop(submission);
        let unusable = || format!("cannot use {} as a log", log.display());
        let child = detached(&program)
            .args(&words)
            .stdin(Stdio::null())
            .stdout(file.try_clone().with_context(unusable)?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let started = Started {
            format: FORMAT.into(),
            process: child.id(),
            host: files::host(),
            started_at: now(),
            command: std::iter::once(program.display().to_string()).chain(words).collect(),
        };
        let text = serde_json::to_string_pretty(&started)? + "\n";
        write_file(&Started::file(&root), |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
        let look = on_file(&["status"], plan.grid.path(), &["--out", &out.display().to_string()]);
        let event = Event::ProcessStarted { process: child.id(), log: &log, look: &look, cancel: &cancel };
        observer.on_event(&event);
        Ok(Submitted::Jobs)
    }

    fn state(&self, plan: &PlanFile, root: &Path) -> Result<EngineState> {
        let workers = workers(root)?;
        let (started, alive) = (Started::read(root)?, alive(root)?);
        let whole = workers.iter().find(|worker| worker.whole);
        let mut others: Vec<Job> = Vec::new();
        for worker in &workers {
            let of_log = alive.as_ref().is_some_and(|started| attempt_of(started, &workers) == Some(worker));
            let log = if of_log { format!("; log {}", log(root).display()) } else { String::new() };
            others.push(Job { kind: "process", text: named(worker) + &log });
        }
        let reading = alive.as_ref().filter(|started| attempt_of(started, &workers).is_none());
        if let Some(started) = reading {
            let text = format!("{} reads the data; log {}", started.named(), log(root).display());
            others.push(Job { kind: "process", text });
        }
        if let (Some(started), None) = (&started, &alive) {
            let text = format!("{} has ended; log {}", started.named(), log(root).display());
            others.push(Job { kind: "process", text });
        }
        let live = match (whole, reading) {
            (Some(worker), _) => Some((worker.attempt.clone(), named(worker))),
            (None, Some(started)) => Some((started.named(), started.named())),
            (None, None) => None,
        };
        let cells = live.map(|(attempt, text)| {
            let live = Live { phase: Phase::Queued, attempt, text };
            vec![CellState { live: Some(live), ..CellState::default() }; plan.cells.len()]
        });
        Ok(EngineState { submitted: started.is_some(), cells: cells.unwrap_or_default(), others })
    }

    /// Ends the process that holds the lock of the whole folder, however it was started on this machine, or the process
    /// that [`Engine::submit`] has started.
    fn cancel(&self, root: &Path) -> Result<Vec<String>> {
        let (workers, started) = (workers(root)?, alive(root)?);
        let (process, host, file, who) = match (workers.iter().find(|worker| worker.whole), started) {
            (Some(worker), _) => {
                let file = files::attempt::place(root, &worker.attempt);
                (worker.process, worker.host.clone(), file, named(worker))
            }
            (None, Some(started)) => (started.process, started.host.clone(), log(root), started.named()),
            (None, None) => return Ok(Vec::new()),
        };
        interrupt(process, &host, &file)?;
        Ok(vec![format!("{who}: cells that run are finished first; the same command again abandons them")])
    }
}

impl Local {
    /// The arguments of the process.
    fn words(&self, plan: &Plan, out: &Path) -> Result<Vec<String>> {
        let absolute = |path: &Path| -> Result<String> {
            let path = std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))?;
            Ok(path.display().to_string())
        };
        let mut words = vec!["resume".into(), absolute(plan.grid.path())?, "--out".into(), absolute(out)?];
        words.extend((!plan.allow_stand_in).then(|| "--no-stand-in".into()));
        words.extend(self.threads.iter().flat_map(|threads| ["--threads".to_string(), threads.to_string()]));
        words.extend(self.max_memory.iter().flat_map(|memory| ["--max-memory".to_string(), memory.clone()]));
        Ok(words)
    }
}

/// The log, opened for appending, with a lock.
fn lock_log(path: &Path) -> Result<File> {
    let open = || File::options().append(true).create(true).open(path);
    let file = open().with_context(|| Fault::unwritable(format!("cannot write {}", path.display())))?;
    for _ in 0..20 {
        match lock::take(&file, true).with_context(|| format!("cannot lock {}", path.display()))? {
            Taken::Held | Taken::Unknown => return Ok(file),
            // Another process holds the lock for a moment to test whether the background process is alive.
            Taken::Busy => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    bail!("{} is locked by a process that still runs; wait for it", path.display())
}
