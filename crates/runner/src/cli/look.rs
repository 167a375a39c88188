//! Commands that read results, and lists of what there is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::commands::list::{self, Experiment, ListedData, Named};
use crate::commands::show;
use crate::run::outcome::Ending;
use anyhow::Result;
use clap::{Args, ValueEnum};
use grid::source;
use report::pages;

use super::args::{FormArg, usage};
use super::screen::{json as told, written};
use super::{json, said};

/// Show the settings, data, cost and scores of a cell
#[derive(Args)]
#[command(after_help = "Examples:\n  runner show 0f3a\n  runner show 0f3a --out results --format json\n\n\
    The column `cell` of records.csv has the ids of cells.")]
pub struct Show {
    /// Id of the cell, or its beginning
    #[arg(value_name = "CELL")]
    cell: String,
    /// Folder of the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    #[command(flatten)]
    form: FormArg,
}

impl Show {
    /// Prints the cell.
    pub fn run(self) -> Result<Ending> {
        let shown = show::cell(&self.out, &self.cell)?;
        if self.form.json() {
            json(&told::shown(&shown))?;
            return Ok(Ending::Complete);
        }
        Ok(said(show::page(&shown)))
    }
}

/// Draw the tables, figures and report of a grid again from its records and scores
#[derive(Args)]
#[command(after_help = "Examples:\n  runner report results/massive_clustering\n  \
    runner report results/new --compare results/old")]
pub struct Report {
    /// Folder of the results of a grid
    folder: PathBuf,
    /// Write a comparison with another run instead: compare_OTHER.html in the first folder
    #[arg(long, value_name = "DIR")]
    compare: Option<PathBuf>,
}

impl Report {
    /// Draws.
    pub fn run(self) -> Result<Ending> {
        let files = pages::draw(&self.folder, self.compare.as_deref())?;
        written(&files);
        Ok(Ending::Complete)
    }
}

/// List the available methods, tasks, data sets or experiments
#[derive(Args)]
#[command(
    after_help = "Examples:\n  runner list methods\n  runner list methods gcca\n  runner list tasks retrieval\n  \
    runner list data --format json"
)]
pub struct List {
    /// What to list
    what: What,
    /// Method or task whose parameters are listed, each with its default, its domain and a line of explanation
    name: Option<String>,
    #[command(flatten)]
    form: FormArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Methods,
    Tasks,
    Data,
    Experiments,
}

impl List {
    /// Prints the list.
    pub fn run(self) -> Result<Ending> {
        let Self { what, name, form } = self;
        let manifests = source::manifests_dir(Path::new("."));
        let (text, document) = match (what, &name) {
            (What::Methods, None) => both(&list::methods()),
            (What::Tasks, None) => both(&list::tasks()),
            (What::Methods, Some(name)) => alone(&list::one(list::methods(), "method", name)?),
            (What::Tasks, Some(name)) => alone(&list::one(list::tasks(), "task", name)?),
            (What::Data | What::Experiments, Some(name)) => {
                usage(&format!("`{name}` is not expected; only `list methods` and `list tasks` take a name"))
            }
            (What::Data, None) => {
                let sets = list::data(&manifests)?;
                (sets.iter().map(data_line).collect(), told::data_sets(&sets))
            }
            (What::Experiments, None) => {
                let files = list::experiments(&manifests.with_file_name("experiments"))?;
                (files.iter().map(experiment_line).collect(), told::experiments(&files))
            }
        };
        if form.json() {
            json(&document)?;
            return Ok(Ending::Complete);
        }
        Ok(said(text.join("\n")))
    }
}

fn both(all: &[Named]) -> (Vec<String>, serde_json::Value) {
    let width = all.iter().map(|named| named.name.len()).max().unwrap_or(0);
    let line =
        |Named { name, summary, defaults, .. }: &Named| format!("{name:<width$} {summary}\n{:<width$} {defaults}", "");
    (all.iter().map(line).collect(), told::named(all))
}

/// One with its parameters.
fn alone(named: &Named) -> (Vec<String>, serde_json::Value) {
    let mut lines = vec![format!("{} ({}): {}", named.name, named.title, named.summary)];
    let rows = named.parameters.iter().map(|it| {
        let default = if it.default.is_empty() { "-" } else { it.default };
        [it.name, default, it.domain, it.about]
    });
    let rows: Vec<[&str; 4]> = [["parameter", "default", "domain", "meaning"]].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    if named.parameters.is_empty() {
        lines.push("It has no parameters that are described.".into());
        return (lines, told::named(std::slice::from_ref(named)));
    }
    lines.push(String::new());
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        lines.push(line + row[3]);
    }
    (lines, told::named(std::slice::from_ref(named)))
}

fn data_line(set: &ListedData) -> String {
    let state = match set.missing.len() {
        0 => "present".to_string(),
        missing => format!("{missing} files missing"),
    };
    format!("{:<10} {} ({state}; views {})", set.name, set.title, set.views.join(", "))
}

fn experiment_line(Experiment { command, file, title }: &Experiment) -> String {
    let command = format!("runner {command} {}", files::shell::word(&file.display().to_string()));
    format!("{command:<53} {title}")
}
