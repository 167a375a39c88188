//! The command `runner list`: the available methods, tasks, data sets and experiments, and the parameters of a method
//! or a task.

use std::path::{Path, PathBuf};

use align::Method;
use align::named::ParameterDoc;
use anyhow::Result;
use data::{nearest, yaml};
use files::Fault;
use serde_json::Value;
use tasks::Task;

use grid::Grid;
use grid::keys::Params;
use report::paper::Paper;
use report::tables::leaderboard::Leaderboard;

/// A method or a task.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name in grid files.
    pub name: &'static str,
    /// Its name in tables and figures.
    pub title: &'static str,
    /// A summary in one line.
    pub summary: &'static str,
    /// Its parameters with their default values.
    pub defaults: String,
    /// The description of each parameter; empty if a method or task of your own has none.
    pub parameters: &'static [ParameterDoc],
}

impl Named {
    fn method(method: &Method) -> Self {
        Self {
            name: method.name(),
            title: method.title(),
            summary: method.summary(),
            defaults: defaults(method, method.name()),
            parameters: method.parameter_docs(),
        }
    }

    fn task(task: &Task) -> Self {
        Self {
            name: task.name(),
            title: task.title(),
            summary: task.summary(),
            defaults: defaults(task, task.name()),
            parameters: task.parameter_docs(),
        }
    }
}

/// The methods in their order.
pub fn methods() -> Vec<Named> {
    Method::all().iter().map(Named::method).collect()
}

/// The tasks in their order.
pub fn tasks() -> Vec<Named> {
    Task::all().iter().map(Named::task).collect()
}

/// The method or task of this name.
///
/// # Errors
/// No such name, with the nearest there is; an old name, with the name today.
pub fn one(all: Vec<Named>, kind: &str, name: &str) -> Result<Named> {
    let renamed = if kind == "method" { Method::renamed(name) } else { Task::renamed(name) };
    if let Some(renamed) = renamed {
        return Err(Fault::usage(renamed.to_string()).into());
    }
    let names: Vec<&str> = all.iter().map(|named| named.name).collect();
    let hint = nearest(name, names.iter().copied()).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    let unknown = format!("no {kind} `{name}`; {hint}the {kind}s are {}", names.join(", "));
    all.into_iter().find(|named| named.name == name).ok_or_else(|| Fault::usage(unknown).into())
}

fn defaults(item: &impl serde::Serialize, name: &str) -> String {
    Params::of(item, name).to_string().replace('"', "").replace(',', ", ").replace(':', ": ")
}

/// A data set in `data-manifests/`.
#[derive(Clone, Debug)]
pub struct ListedData {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its views.
    pub views: Vec<String>,
    /// The files that it names and that do not exist.
    pub missing: Vec<PathBuf>,
}

/// The data sets in `data-manifests/`.
///
/// # Errors
/// A folder or manifest that cannot be read.
pub fn data(manifests: &Path) -> Result<Vec<ListedData>> {
    let set = |name: String| {
        let manifest = data::Manifest::read(&manifests.join(format!("{name}.yaml")))?;
        let missing = manifest.missing_files();
        let views = manifest.views.into_iter().map(|view| view.name).collect();
        Ok(ListedData { name, title: manifest.title, views, missing })
    };
    data::catalogue(manifests)?.into_iter().map(set).collect()
}

/// A grid, a leaderboard or a paper file.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The command for the file: `run`, `leaderboard` or `reproduce`.
    pub command: &'static str,
    /// The file.
    pub file: PathBuf,
    /// The title; for a grid its methods and tasks.
    pub title: String,
}

/// Grids and leaderboards in `experiments/` and paper files below it.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn experiments(folder: &Path) -> Result<Vec<Experiment>> {
    let mut all = Vec::new();
    for file in yaml_files(folder)? {
        if yaml::read::<Value>(&file)?.value.get("grids").is_some() {
            let title = Leaderboard::read(&file)?.value.title;
            all.push(Experiment { command: "leaderboard", file, title });
            continue;
        }
        let grid = Grid::read(&file)?.value;
        let methods: Vec<&str> = grid.methods.iter().map(Method::name).collect();
        let tasks: Vec<&str> = grid.tasks.iter().map(Task::name).collect();
        let title = format!("{} on {}", methods.join(", "), tasks.join(", "));
        all.push(Experiment { command: "run", file, title });
    }
    for file in yaml_files(&folder.join("paper"))? {
        let title = Paper::read(&file)?.value.title;
        all.push(Experiment { command: "reproduce", file, title });
    }
    Ok(all)
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let names = data::catalogue(folder)?;
    Ok(names.into_iter().map(|name| folder.join(format!("{name}.yaml"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = |name| one(methods(), "method", name).expect_err("unknown").to_string();
        assert!(
            error("gcpaa").starts_with("no method `gcpaa`; did you mean `gcpa`? the methods are na, "),
            "{}",
            error("gcpaa")
        );
        assert_eq!(error("hub"), "`hub` is called `pivot` since 0.2");
        assert_eq!(one(tasks(), "task", "drift").expect("known").name, "drift");
    }
}
