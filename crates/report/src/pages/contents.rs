//! From the records and scores of a grid to everything that is looked at. Nothing is fitted here, so a folder of results
//! is drawn anew at any time; a run ends in the same.

use anyhow::Result;

use super::about::About;
use super::problems::{CAPPED, Problems};
use crate::claims::{self, Verdict};
use crate::samples::Samples;
use crate::settings;
use crate::tables;
use crate::tables::agreement::Agreement;
use crate::tables::comparison::{self, Comparison};
use crate::tables::intervals::Standings;
use crate::tables::table::Table;
use crate::tables::{findings, overview, processors};
use store::cells::Store;
use store::record::Record;

/// Lines of an overview that a screen or a short report shows.
const MOST_LINES: usize = 150;

/// What the records of a grid come to.
pub struct Report<'a> {
    /// Its folder.
    pub store: &'a Store,
    /// Its records.
    pub records: &'a [Record],
    /// The records summarised, with the stored scores.
    pub samples: Samples<'a>,
    /// What they do not say.
    pub about: About,
    /// One line per method.
    pub overview: Table,
    /// Its intervals, and who leads by every measure.
    pub standings: Standings,
    /// What the names of settings stand for, where they do not say all.
    pub settings: Option<Table>,
    /// Methods against each other by each measure of the primary metric.
    pub comparisons: Vec<Comparison>,
    /// What comes of it, a sentence for each task.
    pub findings: Vec<String>,
    /// What is held against a paper, where the grid ran for a paper file.
    pub held: Option<Held>,
}

/// A grid's results beside a paper's.
pub struct Held {
    /// The paper's figures beside ours.
    pub table: Table,
    /// Whether each agrees, where it publishes any.
    pub agreement: Option<Table>,
    /// Whether any figure could be compared at all.
    pub compared: bool,
    /// How its claims fare.
    pub verdicts: Vec<Verdict>,
}

impl<'a> Report<'a> {
    /// Summarises, compares and judges.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn new(store: &'a Store, records: &'a [Record], about: About) -> Result<Self> {
        let samples = Samples::named(records, store, &about.settings);
        let (summary, notes) = (samples.summary(), notes_on_times(&about, records));
        let standings = Standings::of(&samples)?;
        let overview = overview::overview(&about.title, summary, &standings, &notes);
        let comparisons = comparison::compare(&samples, about.primary.as_ref())?;
        let findings = findings::of(summary, &standings, &comparisons);
        let held = Held::of(&samples, &about)?;
        let settings = settings::table(&about.title, samples.summary());
        Ok(Self { store, records, samples, about, overview, standings, settings, comparisons, findings, held })
    }

    /// The overview, where it is short enough to be read on a screen.
    pub fn brief_overview(&self) -> Option<&Table> {
        let lines = self.overview.rows.len() * self.overview.parts.len();
        (lines <= MOST_LINES).then_some(&self.overview)
    }

    /// A comparison as a table.
    pub fn compared(&self, comparison: &Comparison) -> Table {
        comparison.table(&self.about.title, &notes_on_times(&self.about, self.records))
    }

    /// How the paper's claims fare.
    pub fn verdicts(&self) -> &[Verdict] {
        self.held.as_ref().map_or(&[], |held| &held.verdicts)
    }

    /// What a reader must know before any figure and has not been told before: of data there is a line at the load, of a cell
    /// that fails one while it runs.
    pub fn warnings(&self) -> Vec<String> {
        let mut problems = Problems { data: Vec::new(), failed: Vec::new(), ..Problems::of(self.records, &self.about) };
        // A training of a fixed length is what was asked for.
        problems.unconverged.retain(|line| !line.contains(CAPPED));
        problems.lines()
    }
}

impl Held {
    fn of(samples: &Samples<'_>, about: &About) -> Result<Option<Self>> {
        let Some(paper) = &about.paper else { return Ok(None) };
        let agreement = Agreement::new(&paper.published, paper.compare.as_ref(), samples.summary(), about.quick);
        let verdicts = claims::judge(&paper.claims, samples, &agreement)?;
        let mut table = tables::paper::table(paper, samples.summary(), &about.notes);
        table.title += &about.mark;
        table.notes.extend(agreement.sentence());
        table.notes.extend(verdicts.iter().map(Verdict::sentence));
        let compared = agreement.compared();
        let agreement = agreement.table(&format!("{}{}", paper.title, about.mark), &about.notes);
        Ok(Some(Self { table, agreement, compared, verdicts }))
    }
}

/// What a table with times says beneath it.
fn notes_on_times(about: &About, records: &[Record]) -> Vec<String> {
    about.notes.iter().cloned().chain(processors::mixed(records)).collect()
}
