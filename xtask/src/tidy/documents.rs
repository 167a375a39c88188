//! Comparison of the documents with the code: links, files, commands, names, columns.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::paths::{files, shown};
use crate::reproduce;

/// A list in the code and the document that must name every entry of it.
struct Listing {
    /// The source file.
    code: &'static str,
    /// The line before the list's first entry contains this.
    start: &'static str,
    /// The document.
    document: &'static str,
    /// The word for an entry.
    what: &'static str,
}

const LISTINGS: &[Listing] = &[
    Listing {
        code: "crates/align/src/methods/registry.rs",
        start: "fn built_in()",
        document: "docs/methods.md",
        what: "method",
    },
    Listing {
        code: "crates/tasks/src/evaluations/registry.rs",
        start: "fn built_in()",
        document: "docs/tasks.md",
        what: "task",
    },
    Listing {
        code: "crates/tasks/src/noise.rs",
        start: "pub const NAMES:",
        document: "docs/formats.md",
        what: "noise",
    },
    Listing {
        code: "crates/tasks/src/scores/metric.rs",
        start: "metrics! {",
        document: "docs/formats.md",
        what: "metric",
    },
];

/// Files and folders of the sources that a text has in backticks, relative to the project's root.
fn source_paths(text: &str) -> BTreeSet<&str> {
    const ROOTS: [&str; 3] = ["crates/", "xtask/", ".ci/"];
    let plain = |part: &&str| ROOTS.iter().any(|root| part.starts_with(root)) && !part.contains(['*', '{', ' ', '<']);
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(plain).collect()
}

/// The line of the first mark of a merge conflict.
fn conflict(text: &str) -> Option<usize> {
    let mark = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    text.lines().position(mark).map(|line| line + 1)
}

/// All errors in the documents.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in files(root, "md") {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        problems.extend(
            conflict(&text).map(|line| {
                format!("{}: line {line} is a mark of a merge that was left unfinished", shown(root, &path))
            }),
        );
        let gone = source_paths(&text).into_iter().filter(|named| !root.join(named).exists());
        problems.extend(gone.map(|named| format!("{}: names `{named}`, which is not there", shown(root, &path))));
        let folder = path.parent().unwrap_or(root);
        let broken = links(&text).into_iter().filter(|link| !folder.join(link).exists());
        problems.extend(broken.map(|link| format!("{}: links to `{link}`, which is not there", shown(root, &path))));
        let gone = experiment_files(&text).into_iter().filter(|file| !root.join(file).exists());
        problems.extend(gone.map(|file| format!("{}: names `{file}`, which is not there", shown(root, &path))));
        let targets = reproduced(&text).into_iter();
        let gone = targets.filter(|name| !reproduce::has(root, name));
        problems.extend(gone.map(|name| format!("{}: `cargo xtask reproduce {name}` has no file", shown(root, &path))));
    }
    for listing in LISTINGS {
        let document = read(root, listing.document)?;
        let lines = quoted_after(&read(root, listing.code)?, listing.start, listing.code)?;
        // Of a line with several texts (name, title, unit) the first is the name.
        let names: Vec<String> = match listing.what {
            "metric" => lines.into_iter().filter_map(|line| line.into_iter().next()).collect(),
            _ => lines.concat(),
        };
        let has = |name: &str| document.contains(&format!("`{name}`"));
        // What stands beside several metrics is described once, by its ending.
        let ending =
            |name: &str| name.rsplit_once('_').is_some_and(|(of, ending)| has(of) && has(&format!("_{ending}")));
        let missing = names.into_iter().filter(|name| !has(name) && !ending(name));
        problems
            .extend(missing.map(|name| format!("{}: {} `{name}` is not described", listing.document, listing.what)));
    }
    problems.extend(crates(root)?);
    Ok(problems)
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}

/// Relative targets of Markdown links, without their anchors.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for rest in text.split("](").skip(1) {
        let target = rest.split([')', ' ']).next().unwrap_or_default();
        let path = target.split('#').next().unwrap_or_default();
        if !path.is_empty() && !target.contains("://") {
            links.push(path.to_string());
        }
    }
    links
}

/// Files `experiments/….yaml` anywhere in the text; a name in capitals is a placeholder.
fn experiment_files(text: &str) -> BTreeSet<String> {
    let part_of_path = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
    let named = text.match_indices("experiments/").filter_map(|(at, _)| {
        let path: String = text[at..].chars().take_while(|c| part_of_path(*c)).collect();
        let stem = &path[..path.find(".yaml")?];
        let name = stem.rsplit('/').next()?;
        name.contains(|c: char| c.is_ascii_lowercase()).then(|| format!("{stem}.yaml"))
    });
    named.collect()
}

/// Targets of `cargo xtask reproduce NAME`; a name in capitals is a placeholder.
fn reproduced(text: &str) -> BTreeSet<String> {
    let part_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let names = text.split("cargo xtask reproduce ").skip(1);
    let names = names.map(|rest| rest.chars().take_while(|c| part_of_name(*c)).collect::<String>());
    names.filter(|name| !name.is_empty() && !name.starts_with('-')).collect()
}

/// Quoted strings of every line from the one that contains `start` to the end of the list or function.
fn quoted_after(code: &str, start: &str, path: &str) -> Result<Vec<Vec<String>>> {
    let mut lines = code.lines().skip_while(|line| !line.contains(start));
    let Some(first) = lines.next() else { bail!("{path}: no line contains `{start}`; tidy looks for names there") };
    let indent = first.len() - first.trim_start().len();
    let closing = |line: &&str| {
        let trimmed = line.trim_start();
        line.len() - trimmed.len() == indent && (trimmed.starts_with('}') || trimmed.starts_with(']'))
    };
    let body: Vec<&str> = if first.trim_end().ends_with("];") {
        vec![first]
    } else {
        std::iter::once(first).chain(lines.take_while(|line| !closing(line))).collect()
    };
    let quoted = |line: &&str| line.split('"').skip(1).step_by(2).map(str::to_string).collect();
    Ok(body.iter().map(quoted).collect())
}

/// Checks that every crate has its line in the architecture.
fn crates(root: &Path) -> Result<Vec<String>> {
    let document = read(root, "ARCHITECTURE.md")?;
    let folders = fs::read_dir(root.join("crates")).context("cannot list crates/")?;
    let mut paths: Vec<PathBuf> = folders.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
    let missing = names.filter(|name| !document.contains(&format!("| `{name}` |")));
    Ok(missing.map(|name| format!("ARCHITECTURE.md: crate `{name}` has no line in its table")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_paths_without_anchors() {
        let text = "[a](docs/x.md#y) [b](https://z.org/a) [c](#here) ![d](e.png \"t\")";
        assert_eq!(links(text), ["docs/x.md", "e.png"]);
    }

    #[test]
    fn sources_are_named_between_backticks() {
        let text = "`crates/a/src/b.rs` and `xtask/src/`, not `crates/*/src`, `methods/x.rs` or crates/c\n`.ci/run`";
        assert_eq!(source_paths(text).into_iter().collect::<Vec<_>>(), [".ci/run", "crates/a/src/b.rs", "xtask/src/"]);
    }

    #[test]
    fn marks_of_unfinished_merges_are_found() {
        assert_eq!(conflict("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n"), Some(2));
        assert_eq!(conflict("A title\n=======\ntext\n"), None);
    }

    #[test]
    fn files_and_targets_are_found_wherever_they_are_named() {
        let text = "`runner --grid experiments/a_b.yaml --out x`, see experiments/paper/t.yaml or experiments/X.yaml. \
                    `cargo xtask reproduce table1 --out y`; cargo xtask reproduce NAME; cargo xtask reproduce --list";
        assert_eq!(
            experiment_files(text).into_iter().collect::<Vec<_>>(),
            ["experiments/a_b.yaml", "experiments/paper/t.yaml"]
        );
        assert_eq!(reproduced(text).into_iter().collect::<Vec<_>>(), ["table1"]);
    }

    #[test]
    fn names_are_read_from_a_list_on_one_line_on_several_and_from_a_match() {
        let one = "impl X {\n    pub const NAMES: [&str; 2] = [\"a\", \"b\"];\n    const Z: &str = \"z\";\n}";
        let several =
            "impl X {\n    pub const NAMES: [&str; 2] = [\n        \"a\",\n        \"b\",\n    ];\n    \"z\"\n}";
        let function = "    pub fn name(self) -> &str {\n        match self {\n            A => \"a\",\n            B => \"b\",\n        }\n    }\n    \"z\"";
        for (code, start) in [(one, "pub const NAMES:"), (several, "pub const NAMES:"), (function, "pub fn name(self)")]
        {
            assert_eq!(quoted_after(code, start, "x.rs").unwrap().concat(), ["a", "b"]);
        }
        assert!(quoted_after(one, "nothing", "x.rs").is_err());
    }
}
