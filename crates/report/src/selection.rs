//! Choices of parameters by cross-validation: the chosen candidates, how sure each choice is, and the scores of all
//! candidates on all folds.

use std::collections::BTreeSet;

use align::SelectionReport;
use tasks::{Better, Metric};

use crate::tables::summary::{Group, Summary};
use crate::tables::table::{Table, arrow};
use crate::tables::{MISSING, Names, over, three_digits};

/// Stem of the table of the choices.
pub const SELECTED: &str = "selected";

/// One choice: a line of the tables.
struct Choice<'a> {
    group: &'a Group,
    seed: u64,
    report: &'a SelectionReport,
    seconds: Option<f64>,
}

/// The tables of a grid whose methods select their parameters, with the stems of their files; none for other grids.
pub fn tables(title: &str, summary: &Summary<'_>, notes: &[String]) -> Vec<(String, Table)> {
    let choices = choices(summary);
    if choices.is_empty() {
        return Vec::new();
    }
    let chosen = (SELECTED.to_string(), chosen(title, summary, &choices, notes));
    vec![chosen, ("candidates".to_string(), candidates(title, summary, &choices, notes))]
}

/// The choice of every cell that made one.
fn choices<'a>(summary: &'a Summary<'_>) -> Vec<Choice<'a>> {
    let mut found = Vec::new();
    for group in &summary.groups {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for record in summary.of(group) {
            let (Some(selection), Some(seed)) = (&record.selection, record.seed) else { continue };
            if seen.insert(&record.cell) {
                found.push(Choice { group, seed, report: selection.report(), seconds: record.selection_seconds });
            }
        }
    }
    found
}

/// The names before a line: those of every table, and the seed where choices differ in it.
struct Lines {
    names: Names,
    seeds: bool,
}

impl Lines {
    fn of(summary: &Summary<'_>, choices: &[Choice<'_>]) -> Self {
        let seeds: BTreeSet<u64> = choices.iter().map(|choice| choice.seed).collect();
        Self { names: Names::new(summary), seeds: seeds.len() > 1 }
    }

    fn headers(&self) -> Vec<String> {
        self.names.headers().into_iter().chain(self.seeds.then(|| "seed".to_string())).collect()
    }

    fn cells(&self, choice: &Choice<'_>) -> Vec<String> {
        self.names.cells(choice.group).into_iter().chain(self.seeds.then(|| choice.seed.to_string())).collect()
    }
}

fn chosen(title: &str, summary: &Summary<'_>, choices: &[Choice<'_>], notes: &[String]) -> Table {
    let lines = Lines::of(summary, choices);
    let how = "Chosen by cross-validation on the training items; no held-out item takes part. Score: mean over folds of the \
               metric that chooses, with its standard error (SE) from the variation between folds. Sure: share of 1,000 \
               resamples of the training items in which the same candidate is chosen. Seconds: of the choice, without the \
               final fit."
        .to_string();
    let mut table = Table {
        title: over(&format!("{title}: selected parameters"), summary),
        headers: lines.headers(),
        notes: std::iter::once(how).chain(notes.iter().cloned()).collect(),
        ..Table::default()
    };
    table.headers.push("selected".into());
    table.names = table.headers.len();
    table.headers.extend(["score", "SE", "sure", "candidates", "folds", "seconds"].map(String::from));
    for choice in choices {
        let report = choice.report;
        let Some(candidate) = report.candidates.get(report.chosen) else { continue };
        let mut row = lines.cells(choice);
        row.push(values(&candidate.values));
        row.push(format!("{} {}", by(report), three_digits(candidate.mean)));
        row.push(three_digits(candidate.standard_error));
        row.push(report.share.map_or(MISSING.into(), |share| format!("{:.0}%", 100.0 * share)));
        row.push(match report.left_out {
            0 => report.candidates.len().to_string(),
            left_out => format!("{} of {}", report.candidates.len(), report.candidates.len() + left_out),
        });
        row.push(report.folds.to_string());
        row.push(choice.seconds.map_or(MISSING.into(), |seconds| format!("{seconds:.1}")));
        table.rows.push(row);
        if report.share.is_none() {
            let entry = (table.rows.len() - 1, table.names + 2);
            table.remark(entry, "No value: the metric is no function of values of single items, or half of the resamples draw no item of some fold.");
        }
    }
    table
}

fn candidates(title: &str, summary: &Summary<'_>, choices: &[Choice<'_>], notes: &[String]) -> Table {
    let lines = Lines::of(summary, choices);
    let folds = choices.iter().map(|choice| choice.report.folds).max().unwrap_or(0);
    let mut table = Table {
        title: over(&format!("{title}: scores of all candidates by fold"), summary),
        headers: lines.headers(),
        notes: std::iter::once("Bold: the chosen candidate of each choice.".to_string())
            .chain(notes.iter().cloned())
            .collect(),
        ..Table::default()
    };
    table.headers.extend(["candidate", "metric"].map(String::from));
    table.names = table.headers.len();
    table.headers.extend(["mean", "SE"].map(String::from));
    table.headers.extend((1..=folds).map(|fold| format!("fold {fold}")));
    for choice in choices {
        for (at, candidate) in choice.report.candidates.iter().enumerate() {
            let line = table.rows.len();
            let mut row = lines.cells(choice);
            row.extend([values(&candidate.values), by(choice.report)]);
            row.extend([candidate.mean, candidate.standard_error].map(three_digits));
            row.extend((0..folds).map(|fold| three_digits(candidate.folds.get(fold).copied().flatten())));
            table.rows.push(row);
            if at == choice.report.chosen {
                table.best.insert((line, table.names));
            }
            if let Some(problem) = &candidate.problem {
                table.remark((line, table.names), &format!("No value: {problem}."));
            }
        }
    }
    table
}

/// The metric that chose, with its direction.
fn by(report: &SelectionReport) -> String {
    let better = if report.higher_is_better { Better::Higher } else { Better::Lower };
    let title = match Metric::from_name(&report.metric) {
        Some(metric) => metric.title(),
        None => &report.metric,
    };
    format!("{title} {}", arrow(better))
}

/// `rank 128, ridge 0.1`, or `defaults` for a candidate without values of its own.
fn values(values: &[(String, String)]) -> String {
    if values.is_empty() {
        return "defaults".into();
    }
    let each: Vec<String> = values.iter().map(|(path, value)| format!("{path} {}", value.trim_matches('"'))).collect();
    each.join(", ")
}
