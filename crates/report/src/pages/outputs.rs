//! The report of a plan and its files. If the inputs have not changed, the files stay as they are. `outputs.json`
//! stores the checksums of the inputs.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyhow::Result;
use files::checksum;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::about::About;
use super::contents::Report;
use crate::paper::Paper;
use crate::tables::table::Table;
use grid::plan::Plan;
use store::cells::{State, Store};
use store::durable::write_file;
use store::gather;
use store::lock::Lock;
use store::provenance::REVISION;
use store::record::Record;

/// The inputs of a report: a plan and the stored results of its cells.
pub struct Drawing<'a> {
    plan: &'a Plan,
    store: &'a Store,
    states: &'a [State],
    about: About,
    records: OnceCell<Vec<Record>>,
    /// The turn: no other process writes records, tables, figures and report meanwhile.
    _turn: Lock,
}

/// The tables and figures that were written, as `outputs.json` stores them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// Checksum of records, titles, notes and the program.
    inputs: String,
    /// Paths of files in the folder of the grid, with their checksums.
    files: Vec<(PathBuf, String)>,
    /// Texts that the command prints.
    pub text: String,
    /// The findings, one sentence for each task.
    #[serde(default)]
    pub findings: Vec<String>,
    /// Problems that a reader must know before the values and that the run has not reported yet, one line each.
    pub warnings: Vec<String>,
}

impl Outputs {
    /// The paths of the files, sorted.
    pub fn paths(&self, root: &Path) -> Vec<PathBuf> {
        self.files.iter().map(|(path, _)| root.join(path)).collect()
    }

    /// The earlier outputs, if the inputs and the files have not changed.
    fn current(root: &Path, inputs: &str) -> Option<Self> {
        let outputs: Self = serde_json::from_slice(&std::fs::read(root.join(OUTPUTS)).ok()?).ok()?;
        // The checksum decides: an edited file can have the same length and time.
        let same = |(path, sum): &(PathBuf, String)| data::sha256_file(&root.join(path)).is_ok_and(|now| now == *sum);
        (outputs.inputs == inputs && outputs.files.par_iter().all(same)).then_some(outputs)
    }
}

const OUTPUTS: &str = "outputs.json";

impl<'a> Drawing<'a> {
    /// Prepares the outputs of the cells of a plan. `command` makes everything again, and `turn` is the turn to write
    /// [`Turn::Outputs`]. With a paper file, the report compares the results with those of the paper.
    ///
    /// [`Turn::Outputs`]: store::lock::Turn::Outputs
    pub fn new(
        plan: &'a Plan,
        (store, states): (&'a Store, &'a [State]),
        command: &str,
        paper: Option<Paper>,
        turn: Lock,
    ) -> Self {
        let about = About::of_plan(plan, command, paper);
        Self { plan, store, states, about, records: OnceCell::new(), _turn: turn }
    }

    /// The report.
    ///
    /// # Errors
    /// Records that cannot be read or written; stored scores that cannot be read.
    pub fn report(&self) -> Result<Report<'_>> {
        Report::new(self.store, self.records()?, self.about.clone())
    }

    fn records(&self) -> Result<&[Record]> {
        if let Some(records) = self.records.get() {
            return Ok(records);
        }
        let records = gather::records(self.plan, self.store, self.states)?;
        Ok(self.records.get_or_init(|| records))
    }

    /// Writes tables, figures and report, or returns the existing ones if nothing has changed.
    ///
    /// # Errors
    /// The folder cannot be written, stored scores cannot be read.
    pub fn outputs(&self) -> Result<Outputs> {
        self.outputs_or(|| self.report().and_then(|report| self.write(&report)))
    }

    /// The same for a report that exists already.
    ///
    /// # Errors
    /// As [`Drawing::outputs`].
    pub fn outputs_of(&self, report: &Report<'_>) -> Result<Outputs> {
        self.outputs_or(|| self.write(report))
    }

    /// The existing outputs, or those that `write` writes.
    fn outputs_or(&self, write: impl FnOnce() -> Result<Outputs>) -> Result<Outputs> {
        let root = self.store.root();
        // A command that differs does not justify drawing everything again.
        let about = About { command: String::new(), ..self.about.clone() };
        let mut sum = checksum::Combined::default();
        let parts = [gather::inputs(self.plan, self.states), serde_json::to_string(&about)?, program()];
        parts.iter().for_each(|part| sum.add(part));
        let inputs = sum.finish();
        // Its checksum is not kept, because the command in it can differ.
        if About::is_in(root)
            && let Some(outputs) = Outputs::current(root, &inputs)
        {
            return Ok(outputs);
        }
        let outputs = Outputs { inputs, ..write()? };
        let json = serde_json::to_vec(&outputs)?;
        write_file(&root.join(OUTPUTS), |file| Ok(std::io::Write::write_all(file, &json)?))?;
        Ok(outputs)
    }

    /// Writes the files. The caller adds the checksums of the inputs.
    fn write(&self, report: &Report<'_>) -> Result<Outputs> {
        let root = self.store.root();
        let mut files = ["records.csv", "records.parquet"].map(|name| root.join(name)).to_vec();
        files.extend(report.write()?);
        files.sort();
        let summed = |path: PathBuf| -> Result<(PathBuf, String)> {
            let sum = data::sha256_file(&path)?;
            Ok((path.strip_prefix(root).map(Path::to_path_buf).unwrap_or(path), sum))
        };
        let files = files.into_iter().map(summed).collect::<Result<_>>()?;
        let findings = report.findings.clone();
        Ok(Outputs { inputs: String::new(), files, text: text(report), findings, warnings: report.warnings() })
    }
}

/// The tables that a run prints: the table of the paper, or else the overview and the comparisons on all training rows
/// without noise.
fn text(report: &Report<'_>) -> String {
    let tables: Vec<Table> = match &report.held {
        Some(held) => {
            // If no value could be compared, the table of the paper says so.
            let agreement = held.agreement.iter().filter(|_| held.compared);
            std::iter::once(&held.table).chain(agreement).cloned().collect()
        }
        None => {
            let clean = report.comparisons.iter().filter(|comparison| comparison.clean());
            let compared = clean.map(|comparison| report.compared(comparison));
            report.brief_overview().cloned().into_iter().chain(compared).collect()
        }
    };
    let mut texts: Vec<String> = tables.iter().map(Table::terminal).collect();
    if report.held.is_none() && report.brief_overview().is_none() {
        texts.push(format!(
            "All methods by all measures: {}\n",
            report.store.root().join("tables/summary.md").display()
        ));
    }
    texts.join("\n")
}

/// The checksum of this program: another program draws again.
fn program() -> String {
    let file = std::env::current_exe().ok().and_then(|file| data::sha256_file(&file).ok());
    // If the program cannot read its own file, the revision of its code is the identity.
    file.unwrap_or_else(|| format!("{} {REVISION}", env!("CARGO_PKG_VERSION")))
}
