//! `report.md`: what a README shows of a grid.

use std::path::PathBuf;

use anyhow::Result;

use super::contents::Results;
use super::problems::Problems;
use crate::draw::Named;
use crate::kept::durable::write_file;
use crate::tables::summary::Summary;
use crate::tables::table::inline_markdown;

/// Figures shown: an overview, not an album.
const FIGURES: usize = 3;

/// Writes `report.md`: verdicts, tables, the first figures, and where the rest is.
///
/// # Errors
/// The folder cannot be written.
pub fn write(results: &Results<'_>, figures: &[Named]) -> Result<PathBuf> {
    let summary = results.samples.summary();
    let path = results.store.root().join("report.md");
    let text = text(results, summary, figures);
    write_file(&path, |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
    Ok(path)
}

fn text(results: &Results<'_>, summary: &Summary<'_>, figures: &[Named]) -> String {
    let Results { about, records, .. } = results;
    let mut parts = vec![format!("# {}", inline_markdown(&about.title))];
    parts.extend(about.notes.iter().map(|note| inline_markdown(note)));
    let problems = Problems::of(records, about);
    if !problems.is_empty() {
        let lines = problems.lines();
        parts.push("## Warnings".into());
        parts.push(lines.iter().map(|line| format!("- {}", inline_markdown(line))).collect::<Vec<_>>().join("\n"));
    }
    if !results.verdicts().is_empty() {
        parts.push("## Claims".into());
        let lines = results.verdicts().iter().map(|verdict| format!("- {}", inline_markdown(&verdict.sentence())));
        parts.push(lines.collect::<Vec<_>>().join("\n"));
    }
    parts.push("## Methods".into());
    parts.extend(results.comparisons.iter().map(|c| c.table(&about.title, &[]).markdown()));
    parts.push(results.overview.markdown());
    if !figures.is_empty() {
        parts.push("## Figures".into());
        for (figure, stem) in figures.iter().take(FIGURES) {
            parts.push(format!("![{}](figures/{stem}.svg)", inline_markdown(&figure.draw().scene().title)));
        }
    }
    let methods = summary.groups.len();
    let command = if about.command.is_empty() { String::new() } else { format!(" Made by `{}`.", about.command) };
    parts.push(format!(
        "{methods} lines of methods, {} records in `records.csv`; everything on one page: `report.html`.{command}",
        records.len()
    ));
    parts.join("\n\n") + "\n"
}
