//! The messages of a run: lines for a person, or JSON for a program, always on standard error.

use std::fmt::{self, Write as _};
use std::io;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use clap::Args;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer as _, Registry};

use super::progress;
use crate::cli::errors::with_hint;

/// How much is said, and for whom.
#[derive(Args)]
pub struct Log {
    /// Print no progress, only warnings and errors; results are still printed
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    quiet: bool,
    /// Print the time that the fit and the tasks of every cell took
    #[arg(short, long, global = true, help_heading = "Messages")]
    verbose: bool,
    /// Write messages to standard error as JSON, one object a line
    #[arg(long, global = true, help_heading = "Messages")]
    log_json: bool,
}

impl Log {
    /// Sets the place and form of all messages from now on.
    pub fn start(&self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::WARN,
            (_, true) => LevelFilter::DEBUG,
            _ => LevelFilter::INFO,
        };
        if self.quiet || self.log_json {
            progress::without_bar();
        }
        let layer = tracing_subscriber::fmt::layer().with_writer(|| Lines(Vec::new()));
        let layer = if self.log_json {
            layer.json().flatten_event(true).with_target(false).boxed()
        } else {
            layer.event_format(Sentences { colour: colour() }).boxed()
        };
        // The events of other crates are not shown.
        let ours =
            tracing_subscriber::filter::Targets::new().with_targets(["runner", "store"].map(|name| (name, level)));
        let registry = Registry::default().with(layer.with_filter(ours));
        // A second subscriber cannot be set, and none was set before.
        let _ = tracing::subscriber::set_global_default(registry);
    }
}

/// Reports an error that ends the command.
pub fn failed(error: &anyhow::Error) {
    let text = with_hint(error);
    tracing::error!("{text}");
}

/// Whether to use colours: on a terminal, unless `NO_COLOR` or `TERM=dumb` forbids them.
fn colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// An event, which is written at once above the progress bar if there is one.
struct Lines(Vec<u8>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        progress::above_bar(|| {
            // Standard error is closed, so nobody reads the message.
            let _ = io::Write::write_all(&mut io::stderr().lock(), &self.0);
        });
    }
}

/// The level before a message, such as `warning:` or `error:`; information has none.
struct Sentences {
    colour: bool,
}

impl<S, N> FormatEvent<S, N> for Sentences
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (word, colour) = match *event.metadata().level() {
            Level::ERROR => ("error: ", AnsiColor::Red),
            Level::WARN => ("warning: ", AnsiColor::Yellow),
            _ => ("", AnsiColor::White),
        };
        if self.colour && !word.is_empty() {
            let style: Style = colour.on_default().bold();
            write!(out, "{style}{word}{style:#}")?;
        } else {
            out.write_str(word)?;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        writeln!(out, "{}", message.0)
    }
}

/// The message of an event. Its other fields are for programs.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
