//! Commands of this program, as messages and reports name them.

use std::path::Path;

/// A command of this program on a file.
pub fn on_file(how: &[&str], file: &Path, more: &[&str]) -> String {
    let file = file.display().to_string();
    let words = how.iter().copied().chain([file.as_str()]).chain(more.iter().copied());
    files::shell::command(std::iter::once("runner").chain(words))
}

/// What makes the results of a file anew: `how` is `--grid` or a command.
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
