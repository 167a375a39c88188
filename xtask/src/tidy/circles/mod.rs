//! Circles of files. Files that use each other in a circle can only be understood, moved and tested together.
//!
//! A file uses another file of its crate if it names its items: `use` lines and paths in code; tests do not count. A
//! name that a `mod.rs` or `lib.rs` re-exports (`pub use`) counts as a use of the file that defines it.

mod parse;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::tree::{Arrow, Tree};
use super::paths::{shown, sources};

/// Files and folders whose circles are allowed, with the reason.
const EXCUSED: &[(&str, &str)] = &[(
    "crates/runner/src/cli/",
    "completions and manual pages are of all commands; what is printed of an error stands with them",
)];

/// Circles among the files of each crate that are not allowed, and allowances without a circle.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut needed = BTreeSet::new();
    for src in sources(root)? {
        let arrows = Tree::read(&src).with_context(|| format!("cannot read {}", src.display()))?.arrows();
        for circle in circles(&arrows) {
            let names: Vec<String> = circle.iter().map(|file| shown(root, file)).collect();
            match EXCUSED.iter().find(|(place, _)| names.iter().all(|name| name.starts_with(place))) {
                Some((place, _)) => drop(needed.insert(*place)),
                None => problems.push(in_words(root, &circle, &arrows)?),
            }
        }
    }
    let unneeded = EXCUSED.iter().filter(|(place, _)| !needed.contains(place));
    problems.extend(unneeded.map(|(place, _)| {
        format!("{place} has no circle of files any more; take it out of EXCUSED in xtask/src/tidy/circles/mod.rs")
    }));
    Ok(problems)
}

/// Sets of files in which each file leads to all others, sorted.
fn circles(arrows: &[Arrow]) -> Vec<Vec<PathBuf>> {
    let mut uses: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for arrow in arrows {
        uses.entry(&arrow.from).or_default().push(&arrow.to);
    }
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = uses.keys().map(|file| (*file, reach(file, &uses))).collect();
    let leads = |from: &Path, to: &Path| reached.get(from).is_some_and(|files| files.contains(to));
    let mut circles: Vec<Vec<PathBuf>> = Vec::new();
    for file in reached.keys().filter(|file| leads(file, file)) {
        if !circles.iter().flatten().any(|seen| seen == file) {
            circles.push(reached[file].iter().filter(|other| leads(other, file)).map(|p| p.to_path_buf()).collect());
        }
    }
    circles
}

/// All files to which a file leads.
fn reach<'a>(file: &Path, uses: &BTreeMap<&'a Path, Vec<&'a Path>>) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = uses.get(file).cloned().unwrap_or_default();
    while let Some(next) = open.pop() {
        if let Some(next) = uses.get_key_value(next).map_or(Some(next), |(known, _)| Some(*known))
            && reached.insert(next)
        {
            open.extend(uses.get(next).into_iter().flatten());
        }
    }
    reached
}

/// The files of a circle, with a line for each use of one by another.
fn in_words(root: &Path, circle: &[PathBuf], arrows: &[Arrow]) -> Result<String> {
    let names: Vec<String> = circle.iter().map(|file| shown(root, file)).collect();
    let mut text = format!("{} files use each other in a circle: {}", circle.len(), names.join(", "));
    for arrow in arrows.iter().filter(|arrow| circle.contains(&arrow.from) && circle.contains(&arrow.to)) {
        let source =
            fs::read_to_string(&arrow.from).with_context(|| format!("cannot read {}", arrow.from.display()))?;
        let line = source.lines().nth(arrow.line - 1).unwrap_or_default().trim();
        text += &format!("\n    {}:{} uses {}: {line}", shown(root, &arrow.from), arrow.line, shown(root, &arrow.to));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a made-up crate, and its arrows as `from -> to:line`.
    fn of(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let name = |path: &Path| shown(folder.path(), path);
        let arrows = Tree::read(folder.path()).expect("readable").arrows();
        let circles = circles(&arrows);
        let circles = circles.iter().map(|c| c.iter().map(|p| name(p)).collect::<Vec<_>>().join(" ")).collect();
        (circles, arrows.iter().map(|a| format!("{} -> {}:{}", name(&a.from), name(&a.to), a.line)).collect())
    }

    #[test]
    fn files_that_use_each_other_are_found() {
        let (circles, arrows) = of(&[
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a.rs", "use crate::b::B;\npub struct A;\n"),
            ("b.rs", "use crate::c;\npub struct B;\nfn f() -> c::C { c::C }\n"),
            ("c.rs", "pub struct C;\nfn f(_: super::a::A) {}\n"),
        ]);
        assert_eq!(circles, ["a.rs b.rs c.rs"]);
        assert_eq!(arrows, ["a.rs -> b.rs:1", "b.rs -> c.rs:3", "c.rs -> a.rs:2"]);
    }

    #[test]
    fn a_name_that_is_handed_on_is_of_the_file_that_it_is_written_in() {
        let (circles, arrows) = of(&[
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::{B, deep::D as E};\n"),
            ("a.rs", "use crate::{B, E};\npub struct A;\n"),
            ("b/mod.rs", "pub mod deep;\npub use self::deep::*;\npub struct B;\n"),
            ("b/deep.rs", "pub struct D;\nfn f(x: std::fmt::Error) {}\n"),
        ]);
        assert!(circles.is_empty(), "{circles:?}");
        assert_eq!(arrows, ["a.rs -> b/deep.rs:1", "a.rs -> b/mod.rs:1"]);
    }

    #[test]
    fn a_parent_that_calls_its_children_may_not_hold_what_they_need() {
        let (circles, _) = of(&[
            ("main.rs", "mod a;\nfn main() { a::run(); }\n"),
            ("a/mod.rs", "mod b;\npub struct A;\npub fn run() { b::run(); }\n"),
            ("a/b.rs", "use super::A;\npub fn run() { let _ = A; }\n"),
        ]);
        assert_eq!(circles, ["a/b.rs a/mod.rs"]);
        let (circles, _) = of(&[
            ("main.rs", "mod a;\nfn main() { a::run(); }\n"),
            ("a/mod.rs", "mod b;\nmod c;\npub use c::A;\npub fn run() { b::run(); }\n"),
            ("a/b.rs", "use super::A;\npub fn run() { let _ = A; }\n"),
            ("a/c.rs", "pub struct A;\n"),
        ]);
        assert!(circles.is_empty(), "{circles:?}");
    }

    #[test]
    fn what_tests_use_is_no_part_of_a_circle() {
        let (circles, _) = of(&[
            ("lib.rs", "mod a;\nmod b;\n"),
            ("a.rs", "use crate::b::B;\npub struct A;\n"),
            ("b.rs", "pub struct B;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
        ]);
        assert!(circles.is_empty(), "{circles:?}");
    }
}
