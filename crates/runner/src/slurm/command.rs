//! The commands of Slurm, and the errors that they print.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

/// Runs a command of Slurm and returns its output.
///
/// # Errors
/// No such command here; it fails, with what it says.
pub(super) fn slurm(program: &str, args: &[String]) -> Result<String> {
    let output = Command::new(program).args(args).output().map_err(|e| match e.kind() {
        ErrorKind::NotFound => anyhow!(
            "there is no `{program}` on the PATH: run this where jobs are submitted (a login node), or write the script \
             with --dry-run and submit it there by hand"
        ),
        _ => anyhow!("cannot run `{program}`: {e}"),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
    if !output.status.success() {
        let (said, command) = (text(&output.stderr), line(program, args));
        let said = if said.is_empty() { output.status.to_string() } else { said };
        bail!("{program} refused: {said}\nthe command was: {command}");
    }
    Ok(text(&output.stdout))
}

fn line(program: &str, args: &[String]) -> String {
    files::shell::command(std::iter::once(program).chain(args.iter().map(String::as_str)))
}

/// A submission with `sbatch`.
#[derive(Clone, Debug)]
pub(super) struct Sbatch {
    args: Vec<String>,
}

impl Sbatch {
    /// A submission of a script, with options for `sbatch` and arguments for the script.
    pub(super) fn new(options: Vec<String>, script: PathBuf, arguments: Vec<String>) -> Self {
        let script = script.display().to_string();
        let args = std::iter::once("--parsable".to_string()).chain(options).chain([script]).chain(arguments);
        Self { args: args.collect() }
    }

    /// The submission as a line for a shell.
    pub(super) fn line(&self) -> String {
        line("sbatch", &self.args)
    }

    /// Submits the script and returns the id of the job.
    ///
    /// # Errors
    /// The errors of [`slurm`]; an answer that is no id.
    pub(super) fn submit(&self) -> Result<u64> {
        let said = slurm("sbatch", &self.args)?;
        // The answer is `id` or `id;cluster`, after lines that plugins of the cluster may print.
        let id = said.lines().last().and_then(|line| line.split(';').next()?.trim().parse().ok());
        id.with_context(|| format!("sbatch answered `{said}`, expected a job's id; the command was: {}", self.line()))
    }
}

/// The maximum number of tasks of an array on this cluster: indices go from 0 to one less.
///
/// # Errors
/// The cluster does not say.
pub(super) fn max_array_size() -> Result<usize> {
    let unknown = "cannot tell how long an array this cluster takes (MaxArraySize in `scontrol show config`); give it \
                   with --max-array";
    let config = slurm("scontrol", &["show".into(), "config".into()]).context(unknown)?;
    let value = config.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "MaxArraySize").then(|| value.trim().to_string())
    });
    match value.as_deref().map(|value| (value, value.parse::<usize>())) {
        Some((_, Ok(size))) if size > 0 => Ok(size),
        Some((_, Ok(_))) => bail!("this cluster takes no arrays: its MaxArraySize is 0"),
        Some((value, Err(_))) => bail!("{unknown}: it says `{value}`"),
        None => bail!("{unknown}: it says nothing of it"),
    }
}
