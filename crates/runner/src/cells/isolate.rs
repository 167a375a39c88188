//! Cells in processes of their own, which can be ended: `--timeout`.
//!
//! A thread cannot be stopped from outside without leaving what it holds in any state, and a method that looks at a
//! clock now and then does not do so inside a factorisation. A process can: it keeps its results whole or not at all,
//! and what it leaves half-written is swept. The price is that every cell starts a process, reads the data again and
//! shares no fits, and that the limit counts all of it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use files::attempt;

use crate::cells::interrupt;
use grid::plan::Cell;

/// How cells are run in processes.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The program that runs them: this one.
    pub program: PathBuf,
    /// The plan that they are of.
    pub plan: PathBuf,
    /// What each may take, from its process's start to its end.
    pub timeout: Duration,
}

/// How a cell's process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Whether by its own exit, with the code of a cell that is done or has failed: then what it came to is kept.
    pub by_itself: bool,
    /// In words, for where nothing is kept.
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
        // Read meanwhile: a process that says more than a pipe holds would wait for a reader.
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
        // What it said is for a reader; what it came to, its exit code and the files of results tell.
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.map_or(String::new(), |line| format!(": {line}"));
        Ok(End {
            by_itself: matches!(status.code(), Some(0 | 1)),
            why: format!("its process ended with {status}{last}"),
        })
    }
}

/// How the process ended; `None` where it had to be ended.
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
