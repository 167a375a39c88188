//! A grid whose cells have run: its records, tables, figures and report.

use std::borrow::Borrow;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyhow::Result;
use files::checksum;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cells::execute::Tally;
use crate::kept::durable::write_file;
use crate::kept::lock::Lock;
use crate::kept::provenance::REVISION;
use crate::kept::record::Record;
use crate::kept::store::{State, Store};
use crate::paper::Paper;
use crate::report::about::About;
use crate::report::contents::Results;
use crate::run::Ending;
use crate::run::prepared::Prepared;
use crate::tables::table::Table;

/// A grid whose cells have run.
pub struct Finished {
    /// Its plan.
    pub prepared: Prepared,
    /// Where it is kept.
    pub store: Store,
    /// What there is of each cell.
    pub states: Vec<State>,
    /// How the cells ended.
    pub tally: Tally,
    records: OnceCell<Vec<Record>>,
    /// Nobody else writes records, tables, figures and report meanwhile.
    _turn: Lock,
}

/// Tables and figures that were written, in `outputs.json`: where nothing that they are made from has changed, they are
/// not made again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// Checksum of records, titles, notes and the program.
    inputs: String,
    /// Files below the grid's folder, and their checksums.
    files: Vec<(PathBuf, String)>,
    /// What is printed of them.
    pub text: String,
    /// What a reader must know before any figure and is not told otherwise, a line each.
    pub warnings: Vec<String>,
}

impl Outputs {
    /// The files, sorted.
    pub fn paths(&self, root: &Path) -> Vec<PathBuf> {
        self.files.iter().map(|(path, _)| root.join(path)).collect()
    }

    /// What was written before, where it is what would be written now.
    fn current(root: &Path, inputs: &str) -> Option<Self> {
        let outputs: Self = serde_json::from_slice(&std::fs::read(root.join(OUTPUTS)).ok()?).ok()?;
        // An edited file may be as long and as old as the one that was written.
        let same = |(path, sum): &(PathBuf, String)| data::sha256_file(&root.join(path)).is_ok_and(|now| now == *sum);
        (outputs.inputs == inputs && outputs.files.par_iter().all(same)).then_some(outputs)
    }
}

const OUTPUTS: &str = "outputs.json";

impl Finished {
    /// Of a plan's cells; their records are read once they are asked for. `turn` is the one to write [`Turn::Outputs`].
    ///
    /// [`Turn::Outputs`]: crate::kept::lock::Turn::Outputs
    pub fn new(prepared: Prepared, store: Store, states: Vec<State>, tally: Tally, turn: Lock) -> Self {
        Self { prepared, store, states, tally, records: OnceCell::new(), _turn: turn }
    }

    /// The records of all cells.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn records(&self) -> Result<&[Record]> {
        if self.records.get().is_none() {
            let records = self.prepared.records(&self.store, &self.states)?;
            // Nobody else sets it.
            let _ = self.records.set(records);
        }
        Ok(self.records.get().map_or(&[], Vec::as_slice))
    }

    /// What records do not say.
    fn about(&self, paper: Option<Paper>) -> About {
        let grid = &self.prepared.plan.grid.value;
        let mark = self.prepared.plan.source.mark();
        About {
            runner: env!("CARGO_PKG_VERSION").into(),
            title: format!("{}{mark}", self.prepared.name()),
            mark,
            notes: self.prepared.notes(),
            command: self.prepared.command.clone(),
            primary: grid.primary.clone(),
            figures: grid.figures.clone(),
            quick: self.prepared.quick,
            planned: Some(self.prepared.plan.cells.len()),
            paper,
        }
    }

    /// What the records come to; with a paper file, beside what it says.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn results(&self, paper: Option<Paper>) -> Result<Results<'_>> {
        Results::new(&self.store, self.records()?, self.about(paper))
    }

    /// The files of all records.
    pub fn record_files(&self) -> Vec<PathBuf> {
        ["records.csv", "records.parquet"].map(|name| self.store.root().join(name)).to_vec()
    }

    /// Tables, figures and report, made now or as they are there.
    ///
    /// # Errors
    /// The folder cannot be written, stored scores cannot be read.
    pub fn outputs(&self) -> Result<Outputs> {
        self.outputs_of(|| self.results(None))
    }

    /// The same where the results are there, or are had by asking.
    ///
    /// # Errors
    /// As [`Finished::outputs`].
    pub fn outputs_of<'a, R: Borrow<Results<'a>>>(&self, results: impl FnOnce() -> Result<R>) -> Result<Outputs> {
        let root = self.store.root();
        // Another command that asks for the same changes nothing worth drawing for.
        let about = About { command: String::new(), ..self.about(None) };
        let mut sum = checksum::Combined::default();
        [self.prepared.inputs(&self.states), serde_json::to_string(&about)?, program()].iter().for_each(|t| sum.add(t));
        let inputs = sum.finish();
        if let Some(outputs) = Outputs::current(root, &inputs) {
            return Ok(outputs);
        }
        let results = results()?;
        let results = results.borrow();
        let mut files = self.record_files();
        files.extend(results.write()?);
        files.sort();
        let clean = results.comparisons.iter().filter(|comparison| comparison.clean());
        let compared: Vec<Table> = clean.map(|comparison| results.compared(comparison)).collect();
        let tables = std::iter::once(&results.overview).chain(&compared);
        let text = tables.map(Table::terminal).collect::<Vec<_>>().join("\n");
        let summed = |path: PathBuf| -> Result<(PathBuf, String)> {
            let sum = data::sha256_file(&path)?;
            Ok((path.strip_prefix(root).map(Path::to_path_buf).unwrap_or(path), sum))
        };
        let files = files.into_iter().map(summed).collect::<Result<_>>()?;
        let outputs = Outputs { inputs, files, text, warnings: results.warnings() };
        let json = serde_json::to_vec(&outputs)?;
        write_file(&root.join(OUTPUTS), |file| Ok(std::io::Write::write_all(file, &json)?))?;
        Ok(outputs)
    }

    /// Whether a cell failed.
    pub fn ending(&self) -> Ending {
        if self.tally.failed > 0 { Ending::Failures } else { Ending::Complete }
    }
}

/// Which program draws: another one draws anew.
fn program() -> String {
    let file = std::env::current_exe().ok().and_then(|file| data::sha256_file(&file).ok());
    // A program that cannot read itself is still of some code.
    file.unwrap_or_else(|| format!("{} {REVISION}", env!("CARGO_PKG_VERSION")))
}
