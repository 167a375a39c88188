//! Runs the grid beside this crate:
//!
//! ```sh
//! cd examples/own-method
//! cp ../../Cargo.lock .
//! cargo run --release
//! ```

use std::path::Path;
use std::process::ExitCode;

use runner::event::{Event, Observer};

/// Prints the tables, and a line for every cell that was computed.
struct Terminal;

impl Observer for Terminal {
    fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::CellEnded { label, seconds, failures, .. } => {
                println!("{label}: {seconds:.1} s {}", failures.join("; "));
            }
            Event::RunEnded { before, done, failed, .. } => {
                println!("{before} cells were done before, {done} are done now, {failed} failed");
            }
            Event::Tables(text) => println!("{text}"),
            _ => {}
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    own_method::register()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ending = own_method::run_grid(folder, &Terminal)?;
    println!("report: {}", folder.join("results/own/report.html").display());
    Ok(ExitCode::from(ending.code()))
}
