//! What the shell wants to know of the command line: completions and manual pages.

use std::path::PathBuf;

use crate::run::outcome::Ending;
use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;
use files::Fault;

use super::args::command;
use super::said;

/// Print a script that completes commands and options in a shell
#[derive(Args)]
#[command(after_help = "Examples:\n  runner completions bash > ~/.local/share/bash-completion/completions/runner\n  \
    runner completions zsh > ~/.zfunc/_runner\n  runner completions fish > ~/.config/fish/completions/runner.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(self) -> Result<Ending> {
        // Into memory first: written straight to a reader who leaves, it would panic.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "runner", &mut script);
        say::print(format_args!("{}", String::from_utf8_lossy(&script)));
        Ok(Ending::Complete)
    }
}

/// Write manual pages, one for each command
#[derive(Args)]
#[command(after_help = "Examples:\n  runner man --out ~/.local/share/man/man1")]
pub struct Man {
    /// Folder to write the pages to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Man {
    /// Writes the pages.
    pub fn run(self) -> Result<Ending> {
        let out = self.out;
        std::fs::create_dir_all(&out)
            .with_context(|| Fault::unwritable(format!("cannot make the folder {}", out.display())))?;
        clap_mangen::generate_to(command(), &out)
            .with_context(|| Fault::unwritable(format!("cannot write manual pages to {}", out.display())))?;
        Ok(said(format!("manual pages are in {}", out.display())))
    }
}
