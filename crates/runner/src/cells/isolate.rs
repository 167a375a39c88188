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

use crate::grid::plan::Cell;

/// How cells are run in processes.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The plan that they are of.
    pub plan: PathBuf,
    /// What each may take, from its process's start to its end.
    pub timeout: Duration,
}

impl Isolation {
    /// Runs a cell. `None` where its process has kept what it came to; else why it has not.
    ///
    /// # Errors
    /// No process can be started.
    pub fn run(&self, cell: &Cell, threads: usize) -> Result<Option<String>> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(program)
            .args([
                "run-cell",
                "--within-run",
                "--index",
                &cell.index.to_string(),
                "--threads",
                &threads.to_string(),
                "--plan",
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
        Ok(match status {
            None => Some(format!("timed out after {} s", self.timeout.as_secs_f64())),
            // The process has kept its cell, or the record of its failure.
            Some(status) if matches!(status.code(), Some(0 | 1)) && !said.contains("error: ") => None,
            Some(status) => {
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                Some(format!(
                    "its process ended with {status}{}",
                    last.map_or(String::new(), |line| format!(": {line}"))
                ))
            }
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
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(left.min(Duration::from_millis(10)));
    }
}
