//! Commands of this program, as messages and reports show them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

/// The name under which the user called the program, if it is the command line of this crate.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// Declares that this process understands the commands of `runner`, so that it can start itself for a part of its work.
pub fn begin() {
    PROGRAM.get_or_init(|| {
        let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
        match called.file_stem().is_some_and(|stem| stem != "runner") {
            true => called.display().to_string(),
            false => "runner".into(),
        }
    });
}

/// The name of the program as a user calls it.
pub fn program() -> &'static str {
    PROGRAM.get().map_or("runner", String::as_str)
}

/// The file of this program, for processes that run a part of its work.
///
/// # Errors
/// A program that does not understand the commands of `runner`; one whose file cannot be found.
pub fn executable() -> Result<PathBuf> {
    ensure!(
        PROGRAM.get().is_some(),
        "this program cannot start itself for some of the cells, because it does not understand the commands of `runner`; call \
         `runner::cli::main()` in its main function once its methods and tasks are registered"
    );
    std::env::current_exe().context("cannot find the file of this program")
}

/// A command of this program on a file.
pub fn on_file(how: &[&str], file: &Path, more: &[&str]) -> String {
    let file = file.display().to_string();
    let words = how.iter().copied().chain([file.as_str()]).chain(more.iter().copied());
    files::shell::command(std::iter::once(program()).chain(words))
}

/// The command that makes the results of a file again; `how` is its name.
pub fn again(how: &str, file: &Path, quick: bool, data: Option<&str>, out: &Path) -> String {
    let mut more: Vec<&str> = Vec::new();
    more.extend(quick.then_some("--quick"));
    more.extend(data.into_iter().flat_map(|data| ["--data", data]));
    let folder = out.display().to_string();
    if out != Path::new("results") {
        more.extend(["--out", &folder]);
    }
    on_file(&[how], file, &more)
}
