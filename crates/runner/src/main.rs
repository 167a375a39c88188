//! The `runner` binary; what it understands is in `cli`.

// Whoever reads what is printed may leave, or have no room: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
