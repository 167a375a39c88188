//! What a user sees while cells run: a bar with the time left on a terminal, plain lines otherwise.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Progress of one run, in units of the cells' forecast work.
pub struct Progress {
    bar: Option<ProgressBar>,
    start: Instant,
    total: usize,
    weight: f64,
    done: std::sync::Mutex<(usize, f64)>,
}

impl Progress {
    /// Starts with so many cells of so much work in all.
    pub fn start(cells: usize, weight: f64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(weight.ceil() as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}, {elapsed} so far, {eta} left") {
                bar.set_style(style);
            }
            bar.set_message(format!("0 of {cells} cells"));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self { bar, start: Instant::now(), total: cells, weight, done: std::sync::Mutex::new((0, 0.0)) }
    }

    /// A cell has ended; `line` says how.
    pub fn cell(&self, line: &str, weight: f64) {
        let (count, done) = {
            let mut state = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *state = (state.0 + 1, state.1 + weight);
            *state
        };
        match &self.bar {
            Some(bar) => {
                bar.println(line);
                bar.set_position(done.round() as u64);
                bar.set_message(format!("{count} of {} cells", self.total));
            }
            None => {
                let left = self.start.elapsed().mul_f64(((self.weight - done) / done.max(1e-9)).max(0.0));
                let left =
                    if count == self.total { String::new() } else { format!(", about {} left", HumanDuration(left)) };
                eprintln!("[{count}/{}] {line}{left}", self.total);
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
