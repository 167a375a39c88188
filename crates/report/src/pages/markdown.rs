//! `report.md`: a short report for a README.

use super::contents::Report;
use super::problems::Problems;
use crate::draw::Named;
use crate::tables::table::{Table, inline_markdown};

/// Largest number of figures in the short report.
const FIGURES: usize = 3;

/// The text of `report.md`: findings, verdicts, tables, the first figures, and the paths of the other files.
pub fn text(report: &Report<'_>, figures: &[Named]) -> String {
    let Report { about, records, samples, .. } = report;
    let summary = samples.summary();
    let mut parts = vec![format!("# {}", inline_markdown(&about.title))];
    parts.extend(about.notes.iter().map(|note| inline_markdown(note)));
    if !report.findings.is_empty() {
        parts.push("## In short".into());
        parts.push(
            report.findings.iter().map(|line| format!("- {}", inline_markdown(line))).collect::<Vec<_>>().join("\n"),
        );
    }
    let problems = Problems::of(records, about);
    if !problems.is_empty() {
        let lines = problems.lines();
        parts.push("## Warnings".into());
        parts.push(lines.iter().map(|line| format!("- {}", inline_markdown(line))).collect::<Vec<_>>().join("\n"));
    }
    if !report.verdicts().is_empty() {
        parts.push("## Claims".into());
        let lines = report.verdicts().iter().map(|verdict| format!("- {}", inline_markdown(&verdict.sentence())));
        parts.push(lines.collect::<Vec<_>>().join("\n"));
    }
    parts.push("## Methods".into());
    parts.extend(report.comparisons.iter().map(|c| c.table(&about.title, &[]).markdown()));
    match report.brief_overview() {
        Some(overview) => parts.push(overview.markdown()),
        None => parts.push("All methods by all measures: [tables/summary.md](tables/summary.md).".into()),
    }
    parts.extend(report.learning.as_ref().map(Table::markdown));
    parts.extend(report.settings.as_ref().map(Table::markdown));
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
