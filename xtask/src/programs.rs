//! The project's programs, built and called.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result, bail};

/// Where programs come from.
pub struct Programs {
    /// The workspace's folder, in which they run.
    root: PathBuf,
    /// A folder that has them built; else cargo builds them.
    ready: Option<PathBuf>,
}

impl Programs {
    /// Built by cargo, or taken from a folder.
    pub fn new(root: &Path, ready: Option<&Path>) -> Self {
        Self { root: root.to_path_buf(), ready: ready.map(Path::to_path_buf) }
    }

    /// A program, to which arguments can be added. The package of the program `x` is `polyalign-x`.
    fn command(&self, program: &str) -> Command {
        let mut command = match &self.ready {
            Some(folder) => Command::new(folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))),
            None => {
                let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
                let mut command = Command::new(cargo);
                let package = format!("polyalign-{program}");
                command.args(["run", "--quiet", "--release", "--package", &package, "--"]);
                command
            }
        };
        command.current_dir(&self.root);
        command
    }

    /// Runs one; its output goes where ours does.
    pub fn status(&self, program: &str, arguments: &[String]) -> Result<ExitStatus> {
        self.command(program).args(arguments).status().with_context(|| format!("cannot start {program}"))
    }

    /// Runs one that must succeed.
    pub fn run(&self, program: &str, arguments: &[String]) -> Result<()> {
        let status = self.status(program, arguments)?;
        if !status.success() {
            bail!("`{}` ended with {status}", line(program, arguments));
        }
        Ok(())
    }

    /// Runs one that must succeed, and what it prints on standard output, which is printed here too.
    pub fn output(&self, program: &str, arguments: &[String]) -> Result<String> {
        let output = self
            .command(program)
            .args(arguments)
            .stderr(std::process::Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {program}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        say::print(format_args!("{text}"));
        if !output.status.success() {
            bail!("`{}` ended with {}", line(program, arguments), output.status);
        }
        Ok(text)
    }
}

/// As a user would type it.
fn line(program: &str, arguments: &[String]) -> String {
    files::shell::command(std::iter::once(program).chain(arguments.iter().map(String::as_str)))
}

/// Builds the runner and calls one of its commands; its exit code is ours.
pub fn runner(root: &Path, command: &[&str], files: &[PathBuf], options: &[String]) -> Result<ExitCode> {
    let files = files.iter().map(|file| file.display().to_string());
    let arguments: Vec<String> =
        command.iter().map(|part| (*part).to_string()).chain(files).chain(options.iter().cloned()).collect();
    let status = Programs::new(root, None).status("runner", &arguments)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
