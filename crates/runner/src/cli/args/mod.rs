//! The arguments of the process: read, with commands in groups, and with forms of earlier versions understood.

mod former;
mod groups;

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::error::ErrorKind;
use clap::{Args, Command, CommandFactory as _, FromArgMatches as _, ValueEnum};

use super::Cli;
use groups::GROUPS;

/// Whether a command prints text for a person or JSON for a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Text for a person
    #[default]
    Text,
    /// One JSON document, whose keys docs/formats.md describes
    Json,
}

/// The form of what a command prints on standard output.
#[derive(Args)]
pub struct FormArg {
    /// Form of the output
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true, value_name = "text|json")]
    format: Form,
}

impl FormArg {
    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        self.format == Form::Json
    }
}

/// Reads the arguments of this process. Help, and errors of usage with exit code 2, end the process.
pub fn read() -> Cli {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(problem) = former::force(&args) {
        usage(&problem);
    }
    let matches = command().get_matches_from(former::today(args));
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Ends the process with an error of usage, and the usage of its command.
pub fn usage(problem: &str) -> ! {
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut command = command();
    command.build();
    let of_process = former::command(&args).and_then(|at| command.find_subcommand_mut(&args[at]));
    let error = match of_process {
        Some(own) => own.error(ErrorKind::MissingRequiredArgument, problem),
        None => command.error(ErrorKind::MissingRequiredArgument, problem),
    };
    error.exit()
}

/// The command line, with its commands in groups.
pub fn command() -> Command {
    let command = Cli::command();
    let styles = command.get_styles().clone();
    let (header, name) = (styles.get_header(), styles.get_literal());
    let width = command.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let mut page = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (title, commands) in GROUPS {
        let _ = write!(page, "\n{header}{title}:{header:#}\n");
        for command in commands.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            // Details stand in the help of the command.
            let about = about.split([':', ';']).next().unwrap_or_default();
            let _ = writeln!(page, "  {name}{:<width$}{name:#}  {about}", command.get_name());
        }
    }
    let _ = write!(page, "\n{header}Options:{header:#}\n{{options}}{{after-help}}");
    // The options of a run stand in the help of `run`; beside `--grid` they are understood as well.
    let visible = ["grid", "quiet", "verbose", "log_json"];
    command
        .mut_args(|arg| if visible.contains(&arg.get_id().as_str()) { arg } else { arg.hide(true) })
        .override_usage("runner COMMAND [ARGUMENTS]\n       runner --grid FILE [OPTIONS OF `runner run`]")
        .help_template(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, commands)| commands.iter().copied()).collect();
        let command = command();
        let mut all: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }
}
