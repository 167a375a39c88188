//! `results/<grid>/report.html`: everything that a grid came to, on one page that needs nothing else.
//!
//! ```text
//! plan, store ──▶ records, about ──▶ Report                                     outputs, about
//! folder      ──▶ records, about ──▶ Report                                     folder, about
//! Report ──▶ tables, figures, verdicts                                          contents
//!        ──▶ report.html: a template, styles and scripts                        page, sheet, data, problems
//!        ──▶ report.md                                                          markdown
//! two folders ──▶ compare_<other>.html and its table                            compare
//! texts, tables, figures of a command ──▶ terminal, .md, .html                  document
//! ```
//!
//! The page asks for nothing: its policy (`Content-Security-Policy`) forbids every request. What is read stands in the HTML, so
//! that it prints and can be read without scripts; the scripts in `assets/scripts/` sort, filter, zoom and download. Everything is
//! computed from files that a run has written; nothing is fitted.

pub mod about;
pub mod compare;
pub mod contents;
mod data;
pub mod document;
mod folder;
mod markdown;
pub mod outputs;
mod page;
mod problems;
mod sheet;
mod template;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use self::folder::open;

use crate::draw::{self, Named};
use crate::tables::pairs::{self, PairDifferences};
use crate::tables::{self, table::Table};
use about::About;
use contents::Report;
use store::durable::write_file;

/// Draws a folder of results anew, as the last run left it (tables, figures, report and `records.csv`, from its records and
/// scores), or sets another one beside it. Returns the files in order.
///
/// # Errors
/// No records there, or times of fits without scores; files that are not what this version writes; a folder that cannot be
/// written.
pub fn draw(folder: &Path, beside: Option<&Path>) -> Result<Vec<PathBuf>> {
    if let Some(other) = beside {
        return compare::write(folder, other);
    }
    let _turn = folder::turn(folder)?;
    let (store, records, about) = open(folder)?;
    folder::check_scored(folder, &records)?;
    let report = Report::new(&store, &records, about)?;
    let mut files = report.write()?;
    files.push(store.write_csv(&records)?);
    files.sort();
    Ok(files)
}

impl Report<'_> {
    /// Writes tables, figures and the report, and returns the files in order.
    ///
    /// # Errors
    /// The folder cannot be written; stored scores that cannot be read.
    pub fn write(&self) -> Result<Vec<PathBuf>> {
        self.about.write(self.store)?;
        let root = self.store.root();
        let (tables, pairs) = (root.join("tables"), self.pairs()?);
        let mut files = Vec::new();
        for (stem, table) in self.tables_with(&pairs) {
            files.extend(table.write(&tables.join(stem))?);
        }
        let figures = self.figures_with(&pairs)?;
        files.extend(draw::write(&figures, &root.join("figures"))?);
        for (name, text) in
            [("report.html", page::html(self, &pairs, &figures)?), ("report.md", markdown::text(self, &figures))]
        {
            let path = root.join(name);
            write_file(&path, |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
            files.push(path);
        }
        files.sort();
        Ok(files)
    }

    /// All tables, with the stems of their files.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn tables(&self) -> Result<Vec<(String, Table)>> {
        Ok(self.tables_with(&self.pairs()?))
    }

    /// All figures, with the stems of their files.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn figures(&self) -> Result<Vec<Named>> {
        self.figures_with(&self.pairs()?)
    }

    fn pairs(&self) -> Result<Vec<PairDifferences>> {
        pairs::of(&self.samples, &self.comparisons, self.about.primary.as_ref())
    }

    fn tables_with(&self, pairs: &[PairDifferences]) -> Vec<(String, Table)> {
        let (title, notes) = (&self.about.title, &self.about.notes);
        let named = |stem: &str, table: &Table| (stem.to_string(), table.clone());
        let mut all = vec![named("summary", &self.overview)];
        all.extend(self.learning.iter().map(|table| named("how_many_pairs", table)));
        all.extend(self.settings.iter().map(|table| named("settings", table)));
        all.extend(tables::details(title, self.samples.summary(), notes));
        all.extend(self.selection.iter().cloned());
        all.extend(self.comparisons.iter().map(|comparison| (comparison.stem(), self.compared(comparison))));
        if let Some(held) = &self.held {
            all.push(named("paper", &held.table));
            all.extend(held.agreement.iter().map(|table| named("agreement", table)));
        }
        all.extend(pairs.iter().map(|of| (of.stem.clone(), of.table(title, notes))));
        all
    }

    fn figures_with(&self, pairs: &[PairDifferences]) -> Result<Vec<Named>> {
        let About { title, notes, paper, figures: asked, .. } = &self.about;
        let mut figures = draw::figures(title, &self.samples, &self.standings, notes, paper.as_ref(), asked)?;
        let subtitle = notes.first().map(|note| note.replace('`', ""));
        figures.extend(draw::pairs(title, subtitle.as_deref(), self.samples.summary(), pairs));
        Ok(figures)
    }
}
