//! From the records and scores of a grid to everything that is looked at. Nothing is fitted here, so a folder of results
//! is drawn anew at any time; a run ends in the same.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::about::About;
use super::problems::Problems;
use super::{markdown, page};
use crate::claims::{self, Verdict};
use crate::draw;
use crate::kept::lock::{Lock, Turn};
use crate::kept::record::Record;
use crate::kept::store::Store;
use crate::samples::Samples;
use crate::tables;
use crate::tables::agreement::Agreement;
use crate::tables::comparison::{self, Comparison};
use crate::tables::processors;
use crate::tables::table::Table;

/// What the records of a grid come to.
pub struct Results<'a> {
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
    /// Methods against each other by each measure of the primary metric.
    pub comparisons: Vec<Comparison>,
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

impl<'a> Results<'a> {
    /// Summarises, compares and judges.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn new(store: &'a Store, records: &'a [Record], about: About) -> Result<Self> {
        let samples = Samples::new(records, store);
        let overview = tables::overview(&about.title, samples.summary(), &notes_on_times(&about, records));
        let comparisons = comparison::compare(&samples, about.primary.as_ref())?;
        let held = Held::of(&samples, &about)?;
        Ok(Self { store, records, samples, about, overview, comparisons, held })
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
        Problems { data: Vec::new(), failed: Vec::new(), ..Problems::of(self.records, &self.about) }.lines()
    }

    /// Writes tables, figures and the report, and returns the files in order.
    ///
    /// # Errors
    /// The folder cannot be written; stored scores that cannot be read.
    pub fn write(&self) -> Result<Vec<PathBuf>> {
        let summary = self.samples.summary();
        let (title, notes) = (&self.about.title, &self.about.notes);
        self.about.write(self.store)?;
        let tables = self.store.root().join("tables");
        let mut files = self.overview.write(&tables.join("summary"))?;
        for (stem, table) in tables::details(title, summary, notes) {
            files.extend(table.write(&tables.join(stem))?);
        }
        for comparison in &self.comparisons {
            files.extend(self.compared(comparison).write(&tables.join(comparison.stem()))?);
        }
        if let Some(held) = &self.held {
            files.extend(held.table.write(&tables.join("paper"))?);
            if let Some(table) = &held.agreement {
                files.extend(table.write(&tables.join("agreement"))?);
            }
        }
        let figures = draw::figures(title, &self.samples, notes, self.about.paper.as_ref(), &self.about.figures)?;
        files.extend(draw::write(&figures, &self.store.root().join("figures"))?);
        files.push(page::write(self, &figures)?);
        files.push(markdown::write(self, &figures)?);
        files.sort();
        Ok(files)
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
        let agreement = agreement.table(&table.title, &about.notes);
        Ok(Some(Self { table, agreement, compared, verdicts }))
    }
}

/// What a table with times says beneath it.
fn notes_on_times(about: &About, records: &[Record]) -> Vec<String> {
    about.notes.iter().cloned().chain(processors::mixed(records)).collect()
}

/// Draws a folder of results as the last run left it: tables, figures, report and `records.csv`.
///
/// # Errors
/// As [`open`] and [`Results::write`].
pub fn draw(folder: &Path) -> Result<Vec<PathBuf>> {
    let _turn = turn(folder)?;
    let (store, records, about) = open(folder)?;
    let mut files = Results::new(&store, &records, about)?.write()?;
    files.push(store.write_csv(&records)?);
    files.sort();
    Ok(files)
}

/// The turn to write into a folder of results, which has records.
///
/// # Errors
/// No records there; the folder cannot be written.
pub(crate) fn turn(folder: &Path) -> Result<Lock> {
    there(folder)?;
    Lock::turn(folder, Turn::Outputs)
}

fn there(folder: &Path) -> Result<()> {
    if !folder.join("records.parquet").exists() {
        bail!("no records.parquet in {}; name the folder of a grid, such as results/smoke", folder.display());
    }
    Ok(())
}

/// A folder of results, named as a path: its store, its records and what they do not say.
///
/// # Errors
/// No records there, or files that are not what this version writes.
pub fn open(folder: &Path) -> Result<(Store, Vec<Record>, About)> {
    there(folder)?;
    let real = folder.canonicalize().with_context(|| format!("cannot open {}", folder.display()))?;
    let (Some(out), Some(name)) = (real.parent(), real.file_name().and_then(|name| name.to_str())) else {
        bail!("{} is no folder of results", folder.display());
    };
    let store = Store::open(out, name)?;
    let records = store.all_records()?;
    if records.is_empty() {
        bail!("{} holds no record; run its grid again", folder.display());
    }
    let about = About::read(store.root(), &records)?;
    Ok((store, records, about))
}
