//! The contents of a report, from the records and scores of a grid. Nothing is fitted here. So a report can be drawn
//! again at any time, and a run ends with the same report.

use anyhow::Result;

use super::about::About;
use super::problems::{CAPPED, Problems};
use crate::claims::{self, Verdict};
use crate::learning_curves;
use crate::samples::Samples;
use crate::selection;
use crate::settings;
use crate::tables;
use crate::tables::agreement::Agreement;
use crate::tables::comparison::{self, Comparison};
use crate::tables::intervals::Standings;
use crate::tables::table::Table;
use crate::tables::{findings, overview, processors};
use store::cells::Store;
use store::record::Record;

/// Largest number of lines of an overview that a terminal or a short report shows.
const MOST_LINES: usize = 150;

/// The contents of a report.
pub struct Report<'a> {
    /// The folder of the results.
    pub store: &'a Store,
    /// The records.
    pub records: &'a [Record],
    /// The records summarised, with the stored scores.
    pub samples: Samples<'a>,
    /// Information that is not in the records.
    pub about: About,
    /// The overview: one line for each method.
    pub overview: Table,
    /// The intervals of the overview, and the best method by every measure.
    pub standings: Standings,
    /// Scores over the numbers of training rows, if the grid has several.
    pub learning: Option<Table>,
    /// The choices of parameters and the scores of their candidates, with the stems of their files.
    pub selection: Vec<(String, Table)>,
    /// The parameters of settings whose names do not show all parameters.
    pub settings: Option<Table>,
    /// Comparisons of the methods by each measure of the primary metric.
    pub comparisons: Vec<Comparison>,
    /// The findings, one sentence for each task.
    pub findings: Vec<String>,
    /// The comparison with a paper, if the grid ran for a paper file.
    pub held: Option<Held>,
}

/// The results of a grid beside those of a paper.
pub struct Held {
    /// The paper's values beside ours.
    pub table: Table,
    /// The agreement of each published value with ours, if the paper publishes any.
    pub agreement: Option<Table>,
    /// Whether at least one value could be compared.
    pub compared: bool,
    /// The verdicts on the claims of the paper.
    pub verdicts: Vec<Verdict>,
}

impl<'a> Report<'a> {
    /// Summarises, compares and judges.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn new(store: &'a Store, records: &'a [Record], about: About) -> Result<Self> {
        let samples = Samples::named(records, store, &about.settings).with_training_rows(&about.training_rows);
        let (summary, notes) = (samples.summary(), notes_on_times(&about, records));
        let standings = Standings::of(&samples)?;
        let overview = overview::overview(&about.title, summary, &standings, &notes);
        let comparisons = comparison::compare(&samples, about.primary.as_ref())?;
        let mut findings = findings::of(summary, &standings, &comparisons);
        let curves = learning_curves::of(summary, &standings);
        findings.extend(learning_curves::sentence(summary, &curves, comparisons.first().map(|one| one.metric)));
        let learning = learning_curves::table(&about.title, summary, &curves, &about.notes);
        drop(curves);
        let selection = selection::tables(&about.title, summary, &about.notes);
        let held = Held::of(&samples, &about)?;
        let settings = settings::table(&about.title, samples.summary());
        Ok(Self {
            store,
            records,
            samples,
            about,
            overview,
            standings,
            learning,
            selection,
            settings,
            comparisons,
            findings,
            held,
        })
    }

    /// The overview, if it is short enough for a terminal.
    pub fn brief_overview(&self) -> Option<&Table> {
        let lines = self.overview.rows.len() * self.overview.parts.len();
        (lines <= MOST_LINES).then_some(&self.overview)
    }

    /// A comparison as a table.
    pub fn compared(&self, comparison: &Comparison) -> Table {
        comparison.table(&self.about.title, &notes_on_times(&self.about, self.records))
    }

    /// The verdicts on the claims of the paper as a table.
    pub fn verdicts(&self) -> &[Verdict] {
        self.held.as_ref().map_or(&[], |held| &held.verdicts)
    }

    /// Problems that a reader must know before the values and that the run has not reported yet. It reports warnings
    /// about the data when it loads them, and a failed cell when the cell fails.
    pub fn warnings(&self) -> Vec<String> {
        let mut problems = Problems { data: Vec::new(), failed: Vec::new(), ..Problems::of(self.records, &self.about) };
        // The user chose the number of epochs, so the end of the training is no news.
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

/// The note below a table with times.
fn notes_on_times(about: &About, records: &[Record]) -> Vec<String> {
    about.notes.iter().cloned().chain(processors::mixed(records)).collect()
}
