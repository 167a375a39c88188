//! The command line: one file per family of commands, each command a struct of its arguments that knows how to run.
//!
//! It alone prints. [`main`] is all that the program `runner` does, and all that a program of one's own does once it has registered
//! its methods and tasks.

mod args;
mod cells;
mod cluster;
mod datasets;
mod errors;
mod grids;
mod look;
mod recommend;
mod screen;
mod shell;
mod universe;
mod upgrade;

use std::path::PathBuf;
use std::process::ExitCode;
use store::provenance::VERSION;

use crate::run::line;
use crate::run::outcome::Ending;
use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use files::Fault;

/// Benchmark for multi-way representation alignment: fit methods on several views of the same items, evaluate them on
/// held-out items, and write records, tables, figures and a report. A second run computes only what is missing.
#[derive(Parser)]
#[command(name = "runner", version = VERSION, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  runner run experiments/massive_clustering.yaml\n  \
    runner run experiments/massive_clustering.yaml --dry-run\n  runner reproduce experiments/paper/table1.yaml\n  \
    runner list methods gcca\n\n`runner help COMMAND` describes a command.\n\n\
    Exit codes:\n  0    success\n  1    a cell or a check failed, or another error\n  2    usage: unknown option, missing argument\n  \
    3    invalid input: a file or a value in it\n  4    missing data: a file, a data set or a result does not exist\n  \
    5    output cannot be written\n  130  interrupted\n\nColours are used on a terminal, unless NO_COLOR is set.")]
struct Cli {
    /// Run this grid: the same as `runner run FILE`, with the same options
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
    #[command(flatten)]
    options: grids::GridArgs,
    #[command(flatten)]
    log: screen::log::Log,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Run(Box<grids::Run>),
    Reproduce(grids::Reproduce),
    Plan(cells::Plan),
    RunCell(cells::RunCell),
    Merge(cells::Merge),
    Resume(cells::Resume),
    Submit(cluster::Submit),
    Status(cluster::Status),
    Cancel(cluster::Cancel),
    Verify(cells::Verify),
    Moments(cells::Moments),
    Leaderboard(grids::Leaderboard),
    Scaling(grids::Scaling),
    Show(look::Show),
    Report(look::Report),
    Import(Box<datasets::Import>),
    Check(datasets::Check),
    Export(datasets::Export),
    Fetch(datasets::Fetch),
    Recommend(recommend::Recommend),
    Upgrade(Box<upgrade::Upgrade>),
    Fit(universe::Fit),
    Project(universe::Project),
    Translate(universe::Translate),
    ExportMap(universe::ExportMap),
    AddView(universe::AddView),
    Texts(datasets::Texts),
    List(look::List),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// The `main` function of the program `runner`: it reads the arguments of the process, runs the command and returns the exit code. Errors
/// go to standard error.
///
/// A program of one's own calls it after it has registered its methods and tasks, and then understands every command of `runner`:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     // align::Method::register::<Mine>() and tasks::Task::register::<Mine>() come first.
///     runner::cli::main()
/// }
/// ```
///
/// Processes that a run starts for its cells (`--timeout`), tasks of Slurm jobs and commands of a list are this program again, so they
/// know the same methods and tasks.
pub fn main() -> ExitCode {
    line::begin();
    select::register();
    let cli = args::read();
    // A page for whoever typed the bare name; options without a grid or a command are a slip.
    if cli.command.is_none() && cli.grid.is_none() && std::env::args_os().len() > 1 {
        args::usage("no grid and no command for these options; expected `--grid FILE` or a command such as `run FILE`");
    }
    cli.log.start();
    let ending = match (cli.command, cli.grid) {
        (Some(command), _) => command.run(),
        (None, Some(grid)) => cli.options.run(&grid),
        (None, None) => Ok(said(include_str!("first.txt").trim_end().to_string())),
    };
    let code = match ending {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(error) => {
            screen::log::failed(&error);
            ExitCode::from(errors::exit_code(&error))
        }
    };
    match say::trouble() {
        Some(trouble) => {
            let trouble = Fault::unwritable(trouble).into();
            screen::log::failed(&trouble);
            ExitCode::from(errors::exit_code(&trouble))
        }
        None => code,
    }
}

impl Command {
    fn run(self) -> Result<Ending> {
        match self {
            Self::Run(args) => args.run(),
            Self::Reproduce(args) => args.run(),
            Self::Plan(args) => args.run(),
            Self::RunCell(args) => args.run(),
            Self::Merge(args) => args.run(),
            Self::Resume(args) => args.run(),
            Self::Submit(args) => args.run(),
            Self::Status(args) => args.run(),
            Self::Cancel(args) => args.run(),
            Self::Verify(args) => args.run(),
            Self::Moments(args) => args.run(),
            Self::Leaderboard(args) => args.run(),
            Self::Scaling(args) => args.run(),
            Self::Show(args) => args.run(),
            Self::Report(args) => args.run(),
            Self::Import(args) => args.run(),
            Self::Check(args) => args.run(),
            Self::Export(args) => args.run(),
            Self::Fetch(args) => args.run(),
            Self::Recommend(args) => args.run(),
            Self::Upgrade(args) => args.run(),
            Self::Fit(args) => args.run(),
            Self::Project(args) => args.run(),
            Self::Translate(args) => args.run(),
            Self::ExportMap(args) => args.run(),
            Self::AddView(args) => args.run(),
            Self::Texts(args) => args.run(),
            Self::List(args) => args.run(),
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
        }
    }
}

/// How many threads a command may use.
#[derive(Args)]
struct Threads {
    /// Number of threads [default: all cores]; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Threads {
    /// Does something in a pool of so many.
    fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        match self.threads {
            None => work(),
            Some(threads) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build();
                pool.context("cannot start threads")?.install(work)
            }
        }
    }
}

/// Prints a value as JSON.
fn json(value: &impl serde::Serialize) -> Result<()> {
    say::out!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

fn said(text: String) -> Ending {
    say::out!("{text}");
    Ending::Complete
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::args;

    /// The command lines in a text: lines that begin with `runner`, joined where they go on.
    fn examples(text: &str) -> Vec<Vec<String>> {
        let joined = text.replace("\\\n", " ");
        let lines = joined.lines().map(str::trim).filter(|line| line.starts_with("runner "));
        lines.map(|line| words(line.split(" > ").next().unwrap())).collect()
    }

    /// The words of a line; what stands in single quotes is one.
    fn words(line: &str) -> Vec<String> {
        let parts = line.split('\'').enumerate();
        let word = |(i, part): (usize, &str)| match i % 2 {
            1 => vec![part.to_string()],
            _ => part.split_whitespace().map(str::to_string).collect(),
        };
        parts.flat_map(word).collect()
    }

    fn everywhere(command: &clap::Command) -> Vec<Vec<String>> {
        let own = command.get_after_help().map(|text| examples(&text.to_string())).unwrap_or_default();
        own.into_iter().chain(command.get_subcommands().flat_map(everywhere)).collect()
    }

    /// The files below a folder.
    fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn nothing_below_the_command_line_prints() {
        let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for file in sources(&src).iter().filter(|file| !file.starts_with(src.join("cli"))) {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for print in ["say::out!", "say::err!", "say::print", "say::line", "println!", "print!(", "indicatif"] {
                assert!(!code.contains(print), "{}: {print}; tell an observer instead", file.display());
            }
        }
    }

    #[test]
    fn every_example_is_understood() {
        let command = args::command();
        command.clone().debug_assert();
        let mut all = everywhere(&command);
        // Behind the commands of the first page stands their purpose.
        let first =
            include_str!("first.txt").lines().filter_map(|line| line.split("   ").find(|part| part.contains("runner")));
        all.extend(first.flat_map(examples));
        assert!(all.len() > 15, "{} examples", all.len());
        for words in all.iter().filter(|words| !words.contains(&"--help".to_string())) {
            if let Err(error) = args::command().try_get_matches_from(words) {
                panic!("{words:?}: {error}");
            }
        }
    }
}
