//! Commands of the project. The `runner` does the computation; this program builds and calls it.

// Readers of the output may leave, or the disk may be full: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod embed;
mod programs;
mod reproduce;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Commands of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compute a table or figure of the paper and print it beside the published one; without a name, list them
    Reproduce {
        /// A file in experiments/paper/, without its folder and extension; or `all`
        name: Option<String>,
        /// Options of `runner reproduce`, such as --out DIR or --threads N
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Download the raw material of data sets; without arguments, list them
    Fetch {
        /// Names and options of `runner fetch`, such as massive, or --cache DIR
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Make the paper's embeddings of a data set: fetch, list texts, pictures and sounds, embed, write the manifest;
    /// without a name, list them
    Embed(embed::Embed),
    /// Check that crates, documents and code agree
    Tidy,
}

fn main() -> ExitCode {
    let ended = run(Cli::parse());
    match ended.and_then(|code| say::trouble().map_or(Ok(code), |trouble| Err(anyhow::anyhow!(trouble)))) {
        Ok(code) => code,
        Err(error) => {
            say::err!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let root = root()?;
    match cli.command {
        Command::Reproduce { name: None, .. } => {
            say::out!("{}", reproduce::list(&root)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Reproduce { name: Some(name), options } => reproduce::run(&root, &name, &options),
        Command::Fetch { arguments } => programs::runner(&root, &["fetch"], &[], &arguments),
        Command::Embed(args) => embed::run(&root, &args),
        Command::Tidy => tidy::run(&root),
    }
}

/// The folder of the workspace, from any current folder.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lies in the workspace's folder")?.to_path_buf())
}
