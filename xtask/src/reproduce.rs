//! `cargo xtask reproduce`: list of the paper's files, and a call of the runner on one of them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::programs;

/// The name of all targets together.
const ALL: &str = "all";

/// A target that times fits; it is not part of `all`.
struct Timed {
    name: &'static str,
    file: &'static str,
    title: &'static str,
}

/// The targets that time fits.
const TIMED: [Timed; 2] = [
    Timed {
        name: "scaling",
        file: "experiments/scaling/star.yaml",
        title: "what fits cost as views, items and widths grow",
    },
    Timed {
        name: "scaling_wide",
        file: "experiments/scaling/wide.yaml",
        title: "the same for widths up to 4,096, in at most 8 GB",
    },
];

/// The timed target with this name.
fn timed(name: &str) -> Option<&'static Timed> {
    TIMED.iter().find(|target| target.name == name)
}

/// A file in `experiments/paper/`.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    name: String,
    aliases: Vec<String>,
    title: String,
}

/// The targets with their titles, a line each.
pub fn list(root: &Path) -> Result<String> {
    let line = |name: &str, title: &str| format!("cargo xtask reproduce {name:<21} {title}");
    let mut lines: Vec<String> = Vec::new();
    for target in targets(&folder(root))? {
        let aliases = target.aliases.iter().map(|alias| format!(" (or {alias})")).collect::<String>();
        lines.push(line(&target.name, &format!("{}{aliases}", target.title)));
    }
    lines.extend(TIMED.iter().map(|target| line(target.name, target.title)));
    lines.push(line(ALL, "all but the timed ones, ending in one page of claims"));
    lines.push(
        "options after the name go to the runner: --quick, --out DIR, --threads N, --recompute, --dry-run".into(),
    );
    Ok(lines.join("\n"))
}

/// Whether there is a target with this name (`all` is not one).
pub fn has(root: &Path, name: &str) -> bool {
    name == ALL || timed(name).is_some() || folder(root).join(format!("{name}.yaml")).exists()
}

/// Builds the runner and runs it on the named target; returns its exit code.
pub fn run(root: &Path, name: &str, options: &[String]) -> Result<ExitCode> {
    if let Some(target) = timed(name) {
        return programs::runner(root, &["scaling"], &[target.file.into()], options);
    }
    let known = targets(&folder(root))?;
    let answers = |target: &&Target| name == ALL || target.name == name || target.aliases.iter().any(|a| a == name);
    let targets: Vec<&Target> = known.iter().filter(answers).collect();
    if targets.is_empty() {
        let known = known.iter().map(|target| target.name.as_str()).chain(TIMED.iter().map(|target| target.name));
        let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
        bail!("no target `{name}`; the targets are {}, `{ALL}`", known.join(", "));
    }
    let titles: Vec<&str> = targets.iter().map(|target| target.title.as_str()).collect();
    programs::Programs::new(root, None).announce("runner");
    say::err!("{}", plan(&titles));
    let file = |target: &&Target| Path::new("experiments/paper").join(format!("{}.yaml", target.name));
    let files: Vec<PathBuf> = targets.iter().map(file).collect();
    programs::runner(root, &["reproduce"], &files, options)
}

/// What is computed once the runner is built.
fn plan(titles: &[&str]) -> String {
    match titles {
        [title] => format!("To compute: {title}. Results go to results/, progress is printed for every cell."),
        titles => format!("To compute, one after the other:\n  {}", titles.join("\n  ")),
    }
}

fn folder(root: &Path) -> PathBuf {
    root.join("experiments").join("paper")
}

fn targets(folder: &Path) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension() != Some(OsStr::new("yaml")) {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // The runner parses the file; for a list this line suffices.
        let title = text.lines().find_map(|line| line.strip_prefix("title:")).unwrap_or_default();
        let aliases = text.lines().find_map(|line| line.strip_prefix("aliases:")).unwrap_or_default();
        let aliases = aliases.split(['[', ',', ']']).map(|alias| alias.trim().to_string());
        let aliases: Vec<String> = aliases.filter(|alias| !alias.is_empty()).collect();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        targets.push(Target { name, aliases, title: title.trim().trim_matches('"').to_string() });
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_paper_files_with_their_titles() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.yaml"), "# c\ntitle: \"Table: one\"\ngrid: x\n").unwrap();
        fs::write(folder.path().join("a.yaml"), "title: Two\naliases: [figure2, f2]\n").unwrap();
        fs::write(folder.path().join("notes.md"), "title: no\n").unwrap();
        let target = |name: &str, aliases: &[&str], title: &str| Target {
            name: name.into(),
            aliases: aliases.iter().map(|alias| alias.to_string()).collect(),
            title: title.into(),
        };
        let wanted = [target("a", &["figure2", "f2"], "Two"), target("b", &[], "Table: one")];
        assert_eq!(targets(folder.path()).unwrap(), wanted);
    }

    #[test]
    fn what_is_computed_is_said_first() {
        let one = "To compute: Table 1. Results go to results/, progress is printed for every cell.";
        assert_eq!(plan(&["Table 1"]), one);
        assert_eq!(plan(&["A", "B"]), "To compute, one after the other:\n  A\n  B");
    }

    #[test]
    fn an_unknown_target_is_refused_with_those_there_are() {
        let root = crate::root().unwrap();
        let error = run(&root, "table9", &[]).unwrap_err().to_string();
        assert!(error.starts_with("no target `table9`; the targets are ") && error.contains("`table1`"), "{error}");
    }
}
