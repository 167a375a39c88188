//! Comparison of programs in documents with the files that are compiled and run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::paths::{files, shown};

/// Mark before a block that shows a whole file: `<!-- file: crates/align/examples/fit.rs -->`.
const MARK: &str = "<!-- file: ";

/// Blocks that differ from their file.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in files(root, "md") {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for (name, block) in blocks(&text) {
            let what = match fs::read_to_string(root.join(&name)) {
                Err(_) => format!("shows `{name}`, which is not there"),
                Ok(file) if block.as_deref() == Some(file.trim_end()) => continue,
                Ok(_) => format!("does not show `{name}` as it is; copy the file between the fences"),
            };
            problems.push(format!("{}: {what}", shown(root, &path)));
        }
    }
    Ok(problems)
}

/// Names of files with the fenced block that follows.
fn blocks(text: &str) -> Vec<(String, Option<String>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let mut after = lines.clone().skip_while(|line| line.is_empty());
        let fenced = after.next().is_some_and(|line| line.starts_with("```"));
        let body = || after.take_while(|line| !line.starts_with("```")).collect::<Vec<_>>().join("\n");
        blocks.push((name.to_string(), fenced.then(body)));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_what_stands_between_the_fences_after_its_mark() {
        let text = "a\n<!-- file: x.rs -->\n\n```rust\nfn main() {\n\n}\n```\nb\n<!-- file: y.rs -->\nno block\n";
        let wanted = [("x.rs".to_string(), Some("fn main() {\n\n}".to_string())), ("y.rs".to_string(), None)];
        assert_eq!(blocks(text), wanted);
    }

    #[test]
    fn a_block_that_is_not_the_file_is_a_problem() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("x.rs"), "fn main() {}\n").unwrap();
        let document = |block: &str| {
            fs::write(root.path().join("d.md"), format!("<!-- file: x.rs -->\n```rust\n{block}\n```\n")).unwrap();
            check(root.path()).unwrap()
        };
        assert!(document("fn main() {}").is_empty());
        let wanted = ["d.md: does not show `x.rs` as it is; copy the file between the fences"];
        assert_eq!(document("fn main() { }"), wanted);
    }
}
