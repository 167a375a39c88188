//! `about.json`: information on the results of a grid that is not in its records.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::paper::Paper;
use grid::Primary;
use grid::figure_spec::FigureSpec;
use grid::plan::Plan;
use grid::settings::Setting;
use store::cells::Store;
use store::durable::write_file;
use store::record::Record;

/// The data of a report besides records and scores.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Version of the runner that wrote it.
    pub runner: String,
    /// Title of every table and figure.
    pub title: String,
    /// The end of all titles if a stand-in was used.
    pub mark: String,
    /// Notes on the data for every table and figure.
    pub notes: Vec<String>,
    /// The command that makes everything in the folder again.
    pub command: String,
    /// The comparison that the grid names under `primary`.
    pub primary: Option<Primary>,
    /// The settings of its methods, with their aliases.
    pub settings: Vec<Setting>,
    /// The figures that the grid file defines, besides those of every grid.
    pub figures: Vec<FigureSpec>,
    /// Whether the run has fewer seeds and points than a full run.
    pub quick: bool,
    /// Number of cells of the plan; `None` in results of versions that did not store it.
    pub planned: Option<usize>,
    /// The paper file, if the grid ran for one.
    pub paper: Option<Paper>,
    /// Number of all training rows by subset of views; empty if every cell has all of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub training_rows: BTreeMap<String, usize>,
}

/// A grid with missing cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// Number of cells that have run, whatever their result.
    pub there: usize,
    /// Cells of the plan.
    pub planned: usize,
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cells are there", self.there, self.planned)
    }
}

const FILE: &str = "about.json";

impl About {
    /// The information on a plan whose cells have run; `command` makes everything in the folder again.
    pub fn of_plan(plan: &Plan, command: &str, paper: Option<Paper>) -> Self {
        let grid = &plan.grid.value;
        let source = &plan.source;
        let mut notes = vec![match &source.stand_in {
            Some(stand_in) => stand_in.notice(&source.asked),
            None => format!("Data: `{}` ({}).", source.asked, source.title),
        }];
        if plan.quick {
            notes.push("Quick run: fewer seeds and points than the full one, GCPA in its fast profile.".into());
        }
        let mark = source.mark();
        Self {
            runner: env!("CARGO_PKG_VERSION").into(),
            title: format!("{}{mark}", plan.name()),
            mark,
            notes,
            command: command.into(),
            primary: grid.primary.clone(),
            settings: grid.settings(),
            figures: grid.figures.clone(),
            quick: plan.quick,
            planned: Some(plan.cells.len()),
            paper,
            training_rows: plan.training_rows.clone(),
        }
    }

    /// Writes the file beside the records.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, store: &Store) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        write_file(&store.root().join(FILE), |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))
    }

    /// Reads the file from a folder of results. If an old folder has no such file, the information comes from the
    /// records.
    ///
    /// # Errors
    /// A file that is there and is not what this version writes.
    pub fn read(folder: &Path, records: &[Record]) -> Result<Self> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(Self::of_records(records));
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not what this version writes; run its grid again", path.display()))
    }

    /// Whether a folder has the file, and it can be read.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).exists() && Self::read(folder, &[]).is_ok()
    }

    /// The number of cells with records, if it is smaller than the number of cells of the plan.
    pub fn partial(&self, records: &[Record]) -> Option<Partial> {
        let cells: HashSet<&str> =
            records.iter().filter(|record| record.method.is_some()).map(|record| record.cell.as_str()).collect();
        let planned = self.planned.filter(|planned| cells.len() < *planned)?;
        Some(Partial { there: cells.len(), planned })
    }

    fn of_records(records: &[Record]) -> Self {
        let Some(first) = records.first() else { return Self::default() };
        let mark = first.stand_in.as_ref().map(|name| format!(" (stand-in data: {name})")).unwrap_or_default();
        let note = match &first.stand_in {
            Some(name) => format!("Stand-in data: `{name}` in place of `{}`.", first.data),
            None => format!("Data: `{}`.", first.data),
        };
        Self { title: format!("{}{mark}", first.grid), mark, notes: vec![note], ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_its_file_paper_and_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/paper");
        for name in ["table1", "noise", "add-model", "fit-rows", "crosslingual-heatmap", "weak-link"] {
            let paper = Paper::read(&paper.join(format!("{name}.yaml"))).expect("valid").value;
            let primary = Some(Primary { metric: tasks::Metric::Rank1, compare: vec!["gcpa".into(), "gcca".into()] });
            let about = About { title: "t".into(), paper: Some(paper), primary, ..About::default() };
            about.write(&store).expect("writable");
            let read = About::read(store.root(), &[]).expect("its own");
            let (a, b) = (about.paper.expect("given"), read.paper.expect("kept"));
            assert_eq!((a.claims, a.figures, a.published), (b.claims, b.figures, b.published), "{name}");
            assert_eq!((read.title, read.primary), ("t".into(), about.primary));
        }
    }

    #[test]
    fn older_results_have_their_title_from_records() {
        let record = Record { grid: "g".into(), data: "a".into(), stand_in: Some("b".into()), ..Record::default() };
        let about = About::read(Path::new("/nowhere"), &[record]).expect("nothing to read");
        assert_eq!(about.title, "g (stand-in data: b)");
    }
}
