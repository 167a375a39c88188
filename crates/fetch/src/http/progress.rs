//! Progress display of a download: a bar on a terminal, nothing otherwise.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Progress of one file.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(crate) fn of(label: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::no_length().with_message(label.to_owned());
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        Self(Some(bar))
    }

    /// Shows the number of bytes received, and the size if it is known.
    pub(crate) fn at(&self, done: u64, size: Option<u64>) {
        if let Some(bar) = &self.0 {
            if let Some(size) = size {
                bar.set_length(size);
            }
            bar.set_position(done);
        }
    }

    /// Prints a line above the bar, or alone.
    pub(crate) fn note(&self, line: &str, say: &dyn Fn(&str)) {
        match &self.0 {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
