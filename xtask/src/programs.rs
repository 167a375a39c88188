//! Building and calling the project's programs.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

/// Source of the programs.
pub struct Programs {
    /// Folder of the workspace, in which the programs run.
    root: PathBuf,
    /// Folder with built programs; without it, cargo builds them.
    ready: Option<PathBuf>,
    /// A program and the feature with which cargo builds it.
    feature: Option<(&'static str, &'static str)>,
}

impl Programs {
    /// Programs built by cargo, or taken from a folder.
    pub fn new(root: &Path, ready: Option<&Path>) -> Self {
        Self { root: root.to_path_buf(), ready: ready.map(Path::to_path_buf), feature: None }
    }

    /// The same, with a program that cargo builds with a feature.
    pub fn with_feature(self, program: &'static str, feature: &'static str) -> Self {
        Self { feature: Some((program, feature)), ..self }
    }

    /// A program, to which arguments can be added. The package of the program `x` is `polyalign-x`.
    fn command(&self, program: &str) -> Command {
        let mut command = match &self.ready {
            Some(folder) => Command::new(folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))),
            None => {
                let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
                let mut command = Command::new(cargo);
                let package = format!("polyalign-{program}");
                // Not quiet: the first build takes minutes, and who waits is to see that it goes on.
                command.args(["run", "--release", "--package", &package]);
                if let Some((_, feature)) = self.feature.filter(|(of, _)| *of == program) {
                    command.args(["--features", feature]);
                }
                command.arg("--");
                command
            }
        };
        command.current_dir(&self.root);
        command
    }

    /// Says once how long cargo will build a program that has not been built yet.
    pub fn announce(&self, program: &str) {
        static SAID: AtomicBool = AtomicBool::new(false);
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        let built = target.join("release").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        if self.ready.is_none() && !built.exists() && !SAID.swap(true, Ordering::Relaxed) {
            say::err!("Building the {program}: about five minutes on two cores the first time.");
        }
    }

    /// Runs a program; its output goes to this program's output.
    pub fn status(&self, program: &str, arguments: &[String]) -> Result<ExitStatus> {
        self.announce(program);
        self.command(program).args(arguments).status().with_context(|| format!("cannot start {program}"))
    }

    /// Runs a program that must succeed.
    pub fn run(&self, program: &str, arguments: &[String]) -> Result<()> {
        let status = self.status(program, arguments)?;
        if !status.success() {
            bail!("`{}` ended with {status}", line(program, arguments));
        }
        Ok(())
    }

    /// Runs a program that must succeed, and returns its standard output, which is also printed.
    pub fn output(&self, program: &str, arguments: &[String]) -> Result<String> {
        self.announce(program);
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

/// The command as a user would type it.
fn line(program: &str, arguments: &[String]) -> String {
    files::shell::command(std::iter::once(program).chain(arguments.iter().map(String::as_str)))
}

/// Builds the runner and calls one of its commands; returns its exit code.
pub fn runner(root: &Path, command: &[&str], files: &[PathBuf], options: &[String]) -> Result<ExitCode> {
    let files = files.iter().map(|file| file.display().to_string());
    let arguments: Vec<String> =
        command.iter().map(|part| (*part).to_string()).chain(files).chain(options.iter().cloned()).collect();
    let status = Programs::new(root, None).status("runner", &arguments)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
