//! Lengths of files: a source file must be short enough to be read in one sitting, unless it says why it is not.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::paths::{files, shown};

const MOST: usize = 600;
/// Prefix of the reason, in the first lines of a file that may be longer.
const REASON: &str = "// long because ";

/// Rust files that are too long without a reason.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in files(root, "rs") {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        problems.extend(of_text(&text).map(|what| format!("{}: {what}", shown(root, &path))));
    }
    Ok(problems)
}

fn of_text(text: &str) -> Option<String> {
    let lines = text.lines().count();
    let excused = text.lines().take(30).any(|line| line.starts_with(REASON));
    (lines > MOST && !excused)
        .then(|| format!("{lines} lines, at most {MOST}; split it, or say `{REASON}...` at its top"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_say_why() {
        let long = "//! x\n".to_string() + &"\n".repeat(MOST);
        assert!(of_text(&long).is_some_and(|what| what.starts_with("601 lines, at most 600")));
        assert_eq!(of_text(&format!("// long because it is a list\n{long}")), None);
        assert_eq!(of_text("fn main() {}\n"), None);
    }
}
