//! The table of a paper: our values, with the published values below them.

use tasks::Metric;

use crate::paper::Paper;
use crate::published::{Kind, Published, sources};
use crate::tables::summary::{Group, Summary};
use crate::tables::table::Table;
use crate::tables::{SPREAD_NOTE, left_out, with_spread};

/// Our values, with the row of the paper below each method.
pub fn table(paper: &Paper, summary: &Summary<'_>, notes: &[String]) -> Table {
    let metrics = &paper.columns;
    let (sets, conditions) = (summary.view_sets().len() > 1, summary.conditions().len() > 1);
    let mut headers = vec!["method".to_string(), String::new()];
    headers.extend(metrics.iter().map(|m| m.title().to_string()));
    let mut rows = Vec::new();
    for group in &summary.groups {
        let stat = |m: &Metric| summary.stat(group, summary.measures_of(*m).next()?);
        let ours = metrics.iter().map(|m| with_spread(stat(m).as_ref()));
        let mut name = group.label();
        if sets {
            name = format!("{}: {name}", group.view_set);
        }
        if conditions {
            name += &group.condition.in_full();
        }
        rows.push([name, "ours".into()].into_iter().chain(ours).collect());
        rows.extend(published_rows(paper, group, summary.views(&group.view_set).len()));
    }
    let mut notes: Vec<String> = std::iter::once(SPREAD_NOTE.to_string()).chain(notes.iter().cloned()).collect();
    notes.extend(left_out(summary, |metric| metrics.contains(&metric)));
    match sources(&paper.published).as_slice() {
        [] => notes.push("The paper's own values for this are not known here.".into()),
        sources => notes.extend(sources.iter().cloned()),
    }
    let title = format!("{} (mean ± standard deviation over views)", paper.title);
    Table { title, headers, names: 2, rows, notes, ..Table::default() }
}

/// A row for each kind of source that has a value of this method on these views; a row that says that there is none, if
/// no source has one.
fn published_rows(paper: &Paper, group: &Group, views: usize) -> Vec<Vec<String>> {
    let metrics = &paper.columns;
    let of_kind = |kind: Kind, metric: &Metric| {
        let over = (group.view_set.as_str(), views);
        paper.means_of(&group.method.name, *metric, over).find(|p| p.kind == kind).map(Published::text)
    };
    let row = |kind: Kind| -> Vec<String> {
        let values = metrics.iter().map(|metric| of_kind(kind, metric).unwrap_or_else(|| "unknown".into()));
        [String::new(), kind.name().into()].into_iter().chain(values).collect()
    };
    let known: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| metrics.iter().any(|m| of_kind(*kind, m).is_some())).collect();
    match known.as_slice() {
        [] if paper.published.is_empty() => Vec::new(),
        [] => vec![row(Kind::Paper)],
        known => known.iter().map(|kind| row(*kind)).collect(),
    }
}
