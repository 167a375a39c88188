//! `runner list`: what there is, with one line each.

use std::path::Path;

use align::Method;
use anyhow::Result;
use data::yaml;
use serde_json::Value;
use tasks::Task;

use grid::Grid;
use grid::keys::Params;
use report::paper::Paper;
use report::tables::leaderboard::Leaderboard;

/// Methods with their defaults.
pub fn methods() -> String {
    let all = Method::all().into_iter();
    let lines: Vec<String> =
        all.map(|m| format!("{:<10} {}\n           {}", m.name(), m.summary(), defaults(&m, m.name()))).collect();
    lines.join("\n")
}

/// Tasks with their defaults.
pub fn tasks() -> String {
    let all = Task::all().into_iter();
    let lines: Vec<String> =
        all.map(|t| format!("{:<10} {}\n           {}", t.name(), t.summary(), defaults(&t, t.name()))).collect();
    lines.join("\n")
}

fn defaults(item: &impl serde::Serialize, name: &str) -> String {
    Params::of(item, name).to_string().replace('"', "").replace(',', ", ").replace(':', ": ")
}

/// Data sets in `data-manifests/`.
///
/// # Errors
/// A folder or manifest that cannot be read.
pub fn data(manifests: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for name in data::catalogue(manifests)? {
        let manifest = data::Manifest::read(&manifests.join(format!("{name}.yaml")))?;
        let missing = manifest.missing_files().len();
        let state = if missing == 0 { "present".to_string() } else { format!("{missing} files missing") };
        let views: Vec<&str> = manifest.views.iter().map(|v| v.name.as_str()).collect();
        lines.push(format!("{name:<10} {} ({state}; views {})", manifest.title, views.join(", ")));
    }
    Ok(lines.join("\n"))
}

/// Grids and leaderboards in `experiments/` and paper files below it.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn experiments(folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for path in yaml_files(folder)? {
        if yaml::read::<Value>(&path)?.value.get("grids").is_some() {
            let file = files::shell::word(&path.display().to_string());
            lines.push(format!("runner leaderboard {file:<35} {}", Leaderboard::read(&path)?.value.title));
            continue;
        }
        let grid = Grid::read(&path)?.value;
        let methods: Vec<&str> = grid.methods.iter().map(Method::name).collect();
        let tasks: Vec<&str> = grid.tasks.iter().map(Task::name).collect();
        let file = files::shell::word(&path.display().to_string());
        lines.push(format!("runner --grid {file:<40} {} on {}", methods.join(", "), tasks.join(", ")));
    }
    for path in yaml_files(&folder.join("paper"))? {
        let file = files::shell::word(&path.display().to_string());
        lines.push(format!("runner reproduce {file:<37} {}", Paper::read(&path)?.value.title));
    }
    Ok(lines.join("\n"))
}

fn yaml_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let names = data::catalogue(folder)?;
    Ok(names.into_iter().map(|name| folder.join(format!("{name}.yaml"))).collect())
}
