//! Cells in separate processes, which can be ended: `--timeout`.
//!
//! A thread cannot be stopped from outside without leaving its data in an unknown state, and a method that checks a
//! clock does not check it inside a factorisation. A process can be stopped: it stores its results completely or not at
//! all, and incomplete files are removed. The price: every cell starts a process, reads the data again and shares no
//! fits, and the time limit includes all of that.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use files::attempt;

use crate::cells::interrupt;
use grid::plan::Cell;

/// The settings of separate processes.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The program that runs the cells, which is this program.
    pub program: PathBuf,
    /// The plan file of the cells.
    pub plan: PathBuf,
    /// Time limit of a process, from its start to its end.
    pub timeout: Duration,
}

/// The end of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Whether the process ended by itself with the exit code of a finished or failed cell. Then its result is stored.
    pub by_itself: bool,
    /// The end in words, if no result is stored.
    pub why: String,
}

impl Isolation {
    /// Runs a cell and waits for its end.
    ///
    /// # Errors
    /// No process can be started.
    pub fn run(&self, cell: &Cell, threads: usize) -> Result<End> {
        let mut child = Command::new(&self.program)
            .args([
                "run-cell",
                "--within-run",
                attempt::name(),
                "--index",
                &cell.index.to_string(),
                "--threads",
                &threads.to_string(),
            ])
            .arg(&self.plan)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start a process for a cell")?;
        // The output is read meanwhile. Otherwise a process that prints more than a pipe holds would wait for a reader.
        let said = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stderr.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        let status = wait(&mut child, self.timeout).context("cannot wait for a cell's process")?;
        let said = said.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let Some(status) = status else {
            return Ok(End { by_itself: false, why: format!("timed out after {} s", self.timeout.as_secs_f64()) });
        };
        // The output is for a reader. The exit code and the files of results tell the result.
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.map_or(String::new(), |line| format!(": {line}"));
        Ok(End {
            by_itself: matches!(status.code(), Some(0 | 1)),
            why: format!("its process ended with {status}{last}"),
        })
    }
}

/// The end of the process; `None` if it had to be ended.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<ExitStatus>> {
    let end = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || interrupt::abandoned() {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(left.min(Duration::from_millis(10)));
    }
}
