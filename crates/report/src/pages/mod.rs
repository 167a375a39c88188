//! `results/<grid>/report.html`: everything that a grid came to, on one page that needs nothing else.
//!
//! ```text
//! plan, store ──▶ records, about ──▶ Report                                     outputs, about
//! folder      ──▶ records, about ──▶ Report                                     folder, about
//! Report ──▶ tables, figures, verdicts                                          contents
//!        ──▶ report.html: a template, styles and scripts                        page, sheet, data, problems
//!        ──▶ report.md                                                          markdown
//! two folders ──▶ compare_<other>.html and its table                            compare
//! ```
//!
//! The page asks for nothing: its policy (`Content-Security-Policy`) forbids every request. What is read stands in the HTML, so
//! that it prints and can be read without scripts; the scripts in `assets/scripts/` sort, filter, zoom and download. Everything is
//! computed from files that a run has written; nothing is fitted.

pub mod about;
pub mod compare;
pub mod contents;
mod data;
mod folder;
mod markdown;
pub mod outputs;
mod page;
mod problems;
mod sheet;
mod template;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::draw;
use crate::tables::{self, pairs};
use about::About;
use contents::Report;
use store::durable::write_file;

/// Draws a folder of results anew, as the last run left it (tables, figures, report and `records.csv`, from its records and
/// scores), or sets another one beside it. Returns the files in order.
///
/// # Errors
/// No records there; files that are not what this version writes; a folder that cannot be written.
pub fn draw(folder: &Path, beside: Option<&Path>) -> Result<Vec<PathBuf>> {
    if let Some(other) = beside {
        return compare::write(folder, other);
    }
    let _turn = folder::turn(folder)?;
    let (store, records, about) = folder::open(folder)?;
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
        let summary = self.samples.summary();
        let (title, notes) = (&self.about.title, &self.about.notes);
        self.about.write(self.store)?;
        let tables = self.store.root().join("tables");
        let mut files = self.overview.write(&tables.join("summary"))?;
        if let Some(learning) = &self.learning {
            files.extend(learning.write(&tables.join("how_many_pairs"))?);
        }
        if let Some(settings) = &self.settings {
            files.extend(settings.write(&tables.join("settings"))?);
        }
        for (stem, table) in tables::details(title, summary, notes).iter().chain(&self.selection) {
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
        let pairs = pairs::of(&self.samples, &self.comparisons, self.about.primary.as_ref())?;
        for of in &pairs {
            files.extend(of.table(title, notes).write(&tables.join(&of.stem))?);
        }
        let About { paper, figures: asked, .. } = &self.about;
        let mut figures = draw::figures(title, &self.samples, &self.standings, notes, paper.as_ref(), asked)?;
        let subtitle = notes.first().map(|note| note.replace('`', ""));
        figures.extend(draw::pairs(title, subtitle.as_deref(), summary, &pairs));
        files.extend(draw::write(&figures, &self.store.root().join("figures"))?);
        let root = self.store.root();
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
}
