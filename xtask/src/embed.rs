//! `cargo xtask embed`: from the name of a source to a data set for grids. Every step is a command of its own, which continues
//! after an interruption.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::programs::Programs;

/// Arguments of `cargo xtask embed`.
#[derive(Args)]
pub struct Embed {
    /// A name in data-manifests/sources/ whose file has `texts` or `items`, or such a file; without it, list them
    name: Option<String>,
    /// Folder of the downloads [default: $ALIGN_DATA, else the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Folder for texts, lists, unpacked archives and embeddings [default: embedded/NAME in the cache]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Manifest to write [default: data-manifests/NAME.yaml]; an existing one is replaced
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Do not use the network; every file must be downloaded already
    #[arg(long)]
    offline: bool,
    /// Embed only these views; views that were embedded before stay in the manifest
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Leave out views whose encoder cannot be downloaded or run, and say so in the manifest
    #[arg(long)]
    skip_refused: bool,
    /// Device of the encoders: cpu, cuda, cuda:N or metal [default: cpu]; `embed` is built for it
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Folder with the programs `runner` and `embed`; without it, cargo builds them
    #[arg(long, value_name = "DIR", hide = true)]
    programs: Option<PathBuf>,
}

/// Fetches, lists the texts, pictures and sounds, embeds them and writes the manifest.
pub fn run(root: &Path, args: &Embed) -> Result<ExitCode> {
    let Some(name) = &args.name else {
        say::out!("{}", list(root)?);
        return Ok(ExitCode::SUCCESS);
    };
    // A path is relative to the user's folder; a name is looked up.
    let name = &match name.contains(['/', '\\']) || name.ends_with(".yaml") {
        true => std::path::absolute(name)?.display().to_string(),
        false => name.clone(),
    };
    let mut programs = Programs::new(root, args.programs.as_deref());
    if let Some(kind) = args.device.as_deref().and_then(feature) {
        programs = programs.with_feature("embed", kind);
    }
    let cache = option("--cache", args.cache.as_deref())?;

    let some = match args.views.is_empty() {
        true => Vec::new(),
        false => words(&["--views", &args.views.join(",")]),
    };
    let mut fetch = words(&["fetch", name, "--encoders"]);
    fetch.extend(some.clone());
    fetch.extend(cache.clone());
    fetch.extend(args.offline.then(|| "--offline".to_string()));
    // With --skip-refused a view whose encoder cannot be downloaded is left out, too.
    match programs.run("runner", &fetch) {
        Err(error) if args.skip_refused => say::err!("note: {error:#}; going on with what is there"),
        other => other?,
    }

    let mut texts = words(&["texts", name]);
    texts.extend(cache);
    texts.extend(option("--out", args.out.as_deref())?);
    let said = programs.output("runner", &texts)?;
    let jobs = PathBuf::from(said.lines().last().unwrap_or_default());
    let folder = jobs.parent().context("runner texts named no file")?.to_path_buf();

    let mut embed = words(&["jobs", &jobs.display().to_string()]);
    embed.extend(some);
    embed.extend(args.skip_refused.then(|| "--skip-refused".to_string()));
    embed.extend(args.device.iter().flat_map(|device| words(&["--device", device])));
    programs.run("embed", &embed)?;

    let mut import = words(&["import", "--embedded", &folder.display().to_string(), "--overwrite"]);
    if args.skip_refused || !args.views.is_empty() {
        import.push("--skip-missing".into());
    }
    import.extend(option("--out", args.manifest.as_deref())?);
    programs.run("runner", &import)?;
    for line in next(root, name)? {
        say::out!("next: {line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The feature of `embed` for a device; none for the CPU, nor for a name that `embed` will refuse.
fn feature(device: &str) -> Option<&'static str> {
    let kind = device.split(':').next();
    ["cuda", "metal"].into_iter().find(|feature| kind == Some(feature))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_string()).collect()
}

/// An option with a path. The programs run in the workspace's folder, but the user gives the path relative to the
/// current folder.
fn option(name: &str, path: Option<&Path>) -> Result<Vec<String>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let path = std::path::absolute(path).with_context(|| format!("{name}: {}", path.display()))?;
    Ok(vec![name.to_string(), path.display().to_string()])
}

/// The sources that can be embedded.
fn list(root: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for path in yaml_files(&root.join("data-manifests").join("sources"))? {
        let text = read(&path)?;
        let has_recipe = text.lines().any(|line| line.starts_with("texts:") || line.starts_with("items:"));
        let Some(title) = value(&text, "title").filter(|_| has_recipe) else {
            continue;
        };
        lines.push(format!("cargo xtask embed {:<10} {title}", stem(&path)));
    }
    Ok(lines.join("\n"))
}

/// Commands that use the data set: grids that name it, and paper files with these grids or with changes for it.
fn next(root: &Path, name: &str) -> Result<Vec<String>> {
    let name = stem(Path::new(name));
    let folder = root.join("experiments");
    let mut grids = Vec::new();
    for grid in yaml_files(&folder)? {
        if value(&read(&grid)?, "data") == Some(name.as_str()) {
            grids.push(stem(&grid));
        }
    }
    let run = |grid: &String| files::shell::command(["cargo", "runner", "run", &format!("experiments/{grid}.yaml")]);
    let mut lines: Vec<String> = grids.iter().map(run).collect();
    for paper in yaml_files(&folder.join("paper"))? {
        let text = read(&paper)?;
        let of_grid = |grid: &String| value(&text, "grid") == Some(&format!("../{grid}.yaml"));
        if grids.iter().any(of_grid) || changed_for(&text, &name) {
            lines.push(files::shell::command(["cargo", "xtask", "reproduce", &stem(&paper), "--data", &name]));
        }
    }
    Ok(lines)
}

/// Whether a paper file has changes for a data set: a line `  NAME:` below `on_data:`.
fn changed_for(text: &str, name: &str) -> bool {
    let below = text.lines().skip_while(|line| !line.starts_with("on_data:")).skip(1);
    below.take_while(|line| line.starts_with([' ', '#'])).any(|line| line == format!("  {name}:"))
}

/// The value of a key at the top of a YAML file. This reads one line only, which suffices for a hint.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(line.trim().trim_matches('"'))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension() == Some(OsStr::new("yaml")));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_devices() {
        let found = ["cpu", "cuda", "cuda:1", "metal", "gpu", ""].map(feature);
        assert_eq!(found, [None, Some("cuda"), Some("cuda"), Some("metal"), None, None]);
    }

    #[test]
    fn what_can_be_embedded_and_what_it_is_for() {
        let root = crate::root().unwrap();
        let list = list(&root).unwrap();
        assert!(list.contains("cargo xtask embed massive ") && list.contains("cargo xtask embed ted_multi "), "{list}");
        for name in ["cifar100", "dbpedia14", "flickr8k", "market1501"] {
            assert!(list.contains(&format!("cargo xtask embed {name} ")), "{list}");
        }
        let lines = next(&root, "massive").unwrap();
        assert!(lines.contains(&"cargo runner run experiments/massive_clustering.yaml".to_string()), "{lines:?}");
        assert!(lines.contains(&"cargo xtask reproduce table1 --data massive".to_string()), "{lines:?}");
        let lines = next(&root, "cifar100").unwrap();
        for name in ["weak-link", "add-model", "probing"] {
            assert!(lines.contains(&format!("cargo xtask reproduce {name} --data cifar100")), "{lines:?}");
        }
        assert_eq!(next(&root, "/somewhere/ted_multi.yaml").unwrap(), next(&root, "ted_multi").unwrap());
        assert!(next(&root, "nothing").unwrap().is_empty());
    }
}
