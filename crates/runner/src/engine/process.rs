//! Background processes on this machine: start and stop.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// A command in a session of its own if the program `setsid` is installed, else in a process group of its own. Closing
/// the terminal does not end it.
pub(super) fn detached(program: &Path) -> Command {
    let installed = |folder: std::path::PathBuf| folder.join("setsid").is_file();
    if std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(installed)) {
        let mut command = Command::new("setsid");
        command.arg(program);
        return command;
    }
    let mut command = Command::new(program);
    command.process_group(0);
    command
}

/// Sends SIGINT to a process after a check that it holds a file open: the number alone may belong to a newer process,
/// or to one in another container.
///
/// # Errors
/// A process of another machine; a process that does not hold the file, or that belongs to another user.
pub(super) fn interrupt(process: u32, host: &str, file: &Path) -> Result<()> {
    let here = files::host();
    ensure!(host == here, "process {process} is on {host} and this is {here}; run the command there");
    check(process, file)?;
    let sent = Command::new("sh").args(["-c", "kill -s INT \"$1\"", "sh", &process.to_string()]).output();
    let sent = sent.context("cannot start `sh`, which sends the signal")?;
    if !sent.status.success() {
        bail!("process {process} cannot be told to stop: {}", String::from_utf8_lossy(&sent.stderr).trim());
    }
    Ok(())
}

/// Refuses a process that does not hold a file open, if the system reports it.
fn check(process: u32, file: &Path) -> Result<()> {
    let folder = Path::new("/proc").join(process.to_string()).join("fd");
    if !Path::new("/proc/self/fd").exists() {
        // The system does not report open files: only the lock of the file is known.
        return Ok(());
    }
    let open = fs::read_dir(&folder)
        .with_context(|| format!("process {process} cannot be looked at; it has ended, or belongs to somebody else"))?;
    let file = file.canonicalize().with_context(|| format!("cannot find {}", file.display()))?;
    let holds = open.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == file));
    ensure!(holds, "process {process} is not the one that holds {}; it was not told to stop", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_does_not_hold_the_file_is_not_told_to_stop() {
        let file = tempfile::NamedTempFile::new().expect("room");
        let mine = std::process::id();
        check(mine, file.path()).expect("this process holds it");
        let other = std::env::current_exe().expect("a program");
        let refused = interrupt(mine, &files::host(), &other).expect_err("not held").to_string();
        assert!(refused.contains("is not the one that holds"), "{refused}");
        let elsewhere = interrupt(mine, "elsewhere", file.path()).expect_err("another machine").to_string();
        assert!(elsewhere.starts_with(&format!("process {mine} is on elsewhere and this is ")), "{elsewhere}");
    }
}
