//! The program `runner` with the method and the task of this crate: every command of `runner` knows them.
//!
//! ```sh
//! cd examples/own-method
//! cp ../../Cargo.lock .
//! cargo run --release -- run grid.yaml
//! cargo run --release -- list methods
//! ```

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(error) = prepare() {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    runner::cli::main()
}

/// Registers the method and the task, and writes the data of `grid.yaml` where they are missing.
fn prepare() -> anyhow::Result<()> {
    own_method::register()?;
    own_method::write_data(Path::new(env!("CARGO_MANIFEST_DIR")))
}
