//! The `runner` binary; what it understands is in `runner::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::cli::main()
}
