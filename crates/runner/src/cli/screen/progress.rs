//! What a user sees while cells or methods run: a bar with the time left on a terminal, plain lines otherwise. Downloads have a bar on a
//! terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// The bar that is on the terminal, so that lines can be written above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);
static NO_BAR: AtomicBool = AtomicBool::new(false);

/// From here on no bar is drawn, on a terminal neither.
pub fn without_bar() {
    NO_BAR.store(true, Ordering::Relaxed);
}

/// Lets `write` write to standard error with the bar, if there is one, out of its way.
pub fn above_bar(write: impl FnOnce()) {
    // The lock is not held while writing: what writes may end the bar.
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Share of the forecast work that has to be done before a time left is said. Cheap cells come with fixed costs that the
/// forecast does not know, so the time of the first ones says nothing of the rest.
const SHARE_TO_FORECAST: f64 = 0.1;

/// Progress of one run, in units of the cells' forecast work.
pub struct Progress {
    bar: Option<ProgressBar>,
    start: Instant,
    /// The plural of what is counted.
    noun: &'static str,
    total: usize,
    weight: f64,
    done: (usize, f64),
}

impl Progress {
    /// Starts with so many cells (or `noun`) of so much work in all.
    pub fn start(noun: &'static str, cells: usize, weight: f64) -> Self {
        let bar = draw("{bar:30} {msg}, {elapsed} so far", format!("0 of {cells} {noun}"));
        if let Some(bar) = &bar {
            bar.set_length(weight.ceil() as u64);
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        Self { bar, start: Instant::now(), noun, total: cells, weight, done: (0, 0.0) }
    }

    /// A cell has ended; `line` says how.
    pub fn cell(&mut self, line: &str, weight: f64) {
        self.done = (self.done.0 + 1, self.done.1 + weight);
        let (count, done) = self.done;
        let total = self.total;
        let left = match time_left(self.start.elapsed(), done, self.weight) {
            Some(left) if count < total => format!(", about {} left", HumanDuration(left)),
            _ => String::new(),
        };
        match &self.bar {
            Some(bar) => {
                tracing::info!(done = count, cells = total, "{line}");
                bar.set_position(done.round() as u64);
                bar.set_message(format!("{count} of {total} {}{left}", self.noun));
            }
            None => tracing::info!(done = count, cells = total, "[{count}/{total}] {line}{left}"),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        remove(self.bar.as_ref());
    }
}

/// The time left if the rest of the work goes as fast as what is done; `None` while too little is done to say so.
fn time_left(elapsed: Duration, done: f64, weight: f64) -> Option<Duration> {
    let enough = done > 0.0 && done >= SHARE_TO_FORECAST * weight;
    enough.then(|| elapsed.mul_f64(((weight - done) / done).max(0.0)))
}

/// Progress of one long loop, such as the sweeps of a fit. A loop can end before the largest number it was started with.
pub struct Work {
    bar: Option<ProgressBar>,
    noun: &'static str,
    total: usize,
    done: usize,
    start: Instant,
    said: Instant,
}

/// Time between two lines without a terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

impl Work {
    /// Starts with the plural of what is counted and its largest number.
    pub fn start(noun: &'static str, total: usize) -> Self {
        let bar = draw("{bar:24} {msg}, {elapsed} so far", format!("0 of at most {total} {noun}"));
        if let Some(bar) = &bar {
            bar.set_length(total as u64);
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        let now = Instant::now();
        Self { bar, noun, total, done: 0, start: now, said: now }
    }

    /// Whether a step belongs to the same loop.
    pub fn continues(&self, noun: &str, done: usize, total: usize) -> bool {
        self.noun == noun && self.total == total && self.done <= done
    }

    /// Shows the number so far.
    pub fn at(&mut self, done: usize) {
        self.done = done;
        if self.bar.is_none() && self.said.elapsed() < BETWEEN_LINES {
            return;
        }
        self.said = Instant::now();
        let left = match time_left(self.start.elapsed(), done as f64, self.total as f64) {
            Some(left) if left.as_secs() > 0 => format!(", at most about {} left", HumanDuration(left)),
            _ => String::new(),
        };
        let line = format!("{done} of at most {} {}{left}", self.total, self.noun);
        match &self.bar {
            Some(bar) => {
                bar.set_position(done as u64);
                bar.set_message(line);
            }
            None => tracing::info!("{line}"),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        remove(self.bar.as_ref());
    }
}

/// Progress of the download of one file.
pub struct Download(Option<ProgressBar>);

impl Download {
    /// Starts with the name of the file.
    pub fn start(label: &str) -> Self {
        Self(draw("{msg} {bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left", label.to_string()))
    }

    /// Shows the number of bytes so far, and the size if it is known.
    pub fn at(&self, done: u64, size: Option<u64>) {
        if let Some(bar) = &self.0 {
            if let Some(size) = size {
                bar.set_length(size);
            }
            bar.set_position(done);
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        remove(self.0.as_ref());
    }
}

/// A bar without a length, drawn on a terminal unless [`without_bar`] was called.
fn draw(template: &str, message: String) -> Option<ProgressBar> {
    let wanted = std::io::stderr().is_terminal() && !NO_BAR.load(Ordering::Relaxed);
    let bar = wanted.then(|| {
        let bar = ProgressBar::no_length().with_message(message);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    });
    BAR.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&bar);
    bar
}

/// Takes the bar off the terminal.
fn remove(bar: Option<&ProgressBar>) {
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_unknown_until_enough_work_is_done() {
        let second = Duration::from_secs(1);
        assert_eq!(time_left(second, 0.0, 0.0), None);
        assert_eq!(time_left(second, 9.0, 100.0), None);
        assert_eq!(time_left(second, 20.0, 100.0), Some(4 * second));
        assert_eq!(time_left(second, 110.0, 100.0), Some(Duration::ZERO));
    }

    #[test]
    fn a_loop_after_another_begins_anew() {
        let mut work = Work::start("steps", 800);
        work.at(20);
        assert!(work.continues("steps", 21, 800));
        assert!(
            !work.continues("steps", 1, 800) && !work.continues("steps", 21, 100) && !work.continues("rows", 21, 800)
        );
    }
}
