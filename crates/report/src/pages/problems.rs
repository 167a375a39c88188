//! What a reader must know before any figure: what is odd about the data, and which cells failed.

use std::collections::BTreeSet;

use data::{SplitName, Warning, summarise};
use serde::Serialize;

use super::about::{About, Partial};
use crate::tables::summary::Group;
use store::record::{Counted, Record};

/// Everything that went wrong or is odd.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Problems {
    /// How much of the grid is there, where not all of it is.
    pub partial: Option<Missing>,
    /// What is odd about the data, a line for each kind and split.
    pub data: Vec<String>,
    /// What fits warn of, a line for each text, with the method and the number of its cells.
    pub fits: Vec<String>,
    /// Tasks of cells, or whole cells, that failed.
    pub failed: Vec<Failed>,
}

/// What is not there yet, and how it comes to be there.
#[derive(Debug, PartialEq, Serialize)]
pub struct Missing {
    /// `3 of 5 cells are there`.
    pub what: String,
    /// The command that runs the others.
    pub command: String,
}

/// What failed, why, and how to try again.
#[derive(Debug, PartialEq, Serialize)]
pub struct Failed {
    /// The cell's id.
    pub cell: String,
    /// Method, views, noise and seed in words.
    pub what: String,
    /// The error.
    pub error: String,
    /// The command that runs it again.
    pub command: String,
}

impl Problems {
    /// Of a grid's records.
    pub fn of(records: &[Record], about: &About) -> Self {
        let warnings: Vec<Warning> = records.iter().filter_map(warning).collect();
        let failed = records.iter().filter(|record| record.metric.is_none() && record.error.is_some());
        let missing = |partial: Partial| Missing { what: partial.to_string(), command: about.command.clone() };
        Self {
            partial: about.partial(records).map(missing),
            data: summarise(&warnings),
            fits: fits(records),
            failed: failed.map(|record| Failed::of(record, about)).collect(),
        }
    }

    /// All of it, a line each, what matters most first.
    pub fn lines(&self) -> Vec<String> {
        let partial = self.partial.iter().map(|missing| format!("{}: everything here is of these alone", missing.what));
        let failed = self.failed.iter().map(|f| format!("failed: {} (cell {}): {}", f.what, f.cell, f.error));
        partial.chain(self.data.iter().cloned()).chain(self.fits.iter().cloned()).chain(failed).collect()
    }

    /// Nothing to say.
    pub fn is_empty(&self) -> bool {
        self.partial.is_none() && self.data.is_empty() && self.fits.is_empty() && self.failed.is_empty()
    }
}

impl Failed {
    fn of(record: &Record, about: &About) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut what = format!("{} on {}", text(&record.method), record.view_set());
        if let Some(task) = &record.task {
            what += &format!(", {task}");
        }
        if let Some(noise) = record.noise.as_ref().filter(|noise| !noise.is_clean()) {
            what += &format!(", noise {noise}");
        }
        if let Some(seed) = record.seed {
            what += &format!(", seed {seed}");
        }
        Self { cell: record.cell.clone(), what, error: text(&record.error), command: command(record, about) }
    }
}

/// The warnings of fits: the same text of one method once, with the cells it is of.
fn fits(records: &[Record]) -> Vec<String> {
    let mut cells: Vec<((String, &str), BTreeSet<&str>)> = Vec::new();
    for record in records {
        let Some(group) = Group::of(record).filter(|_| record.warnings.is_some()) else { continue };
        for line in record.warnings.iter().flat_map(|warnings| warnings.lines()) {
            let key = (group.label(), line);
            let at = cells.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                cells.push((key, BTreeSet::new()));
                cells.len() - 1
            });
            cells[at].1.insert(&record.cell);
        }
    }
    let told = |((method, line), cells): &((String, &str), BTreeSet<&str>)| {
        let count = cells.len();
        format!("{method}: {line} ({count} {})", if count == 1 { "cell" } else { "cells" })
    };
    cells.iter().map(told).collect()
}

/// The command that runs a record's cell, and those that differ from it in parameters alone.
pub fn command(record: &Record, about: &About) -> String {
    if about.command.is_empty() {
        return String::new();
    }
    let noise = record.noise.as_ref().map(|noise| noise.name().to_string());
    let seed = record.seed.map(|seed| seed.to_string());
    let keys = [
        ("method", record.method.clone()),
        ("views", Some(record.view_set().to_string())),
        ("noise", noise),
        ("seed", seed),
    ];
    let given: Vec<String> = keys.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?))).collect();
    format!("{} --only {}", about.command, files::shell::word(&given.join(",")))
}

/// The warning that a record of the data is about; the example is not kept in records.
fn warning(record: &Record) -> Option<Warning> {
    if record.task.as_deref() != Some("data") {
        return None;
    }
    let Some(Counted::Warning(kind)) = record.metric else { return None };
    let splits = [SplitName::Train, SplitName::Validation, SplitName::Test];
    let split = splits.into_iter().find(|split| Some(split.name()) == record.target.as_deref())?;
    let (count, total) = (record.value? as usize, record.n? as usize);
    Some(Warning::counted(kind, split, record.source.clone(), count, total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use grid::keys::Params;

    #[test]
    fn warnings_and_failures_are_said_with_a_remedy() {
        let odd = |metric: &str, source: &str, value: f64| Record {
            task: Some("data".into()),
            metric: Some(metric.parse().unwrap()),
            source: Some(source.into()),
            target: Some("test".into()),
            value: Some(value),
            n: Some(100),
            ..Record::default()
        };
        let failed = Record {
            cell: "c".into(),
            views: "m3=a,b".parse().unwrap(),
            method: Some("gpa".into()),
            params: Some(Params::default()),
            noise: Some("permute 0.5 of a seed 0".parse().unwrap()),
            seed: Some(7),
            task: Some("clustering".into()),
            warnings: Some("GPA stopped.\nThe view `a` is constant.".into()),
            error: Some("k = 50 for 40 points".into()),
            ..Record::default()
        };
        let not_applicable =
            Record { metric: Some(tasks::Metric::Ari.into()), error: Some("no universe".into()), ..Record::default() };
        let about = About { command: "runner --grid 'a b.yaml'".into(), ..About::default() };
        let records =
            [odd("zero_rows", "en", 3.0), odd("classes_without_test_rows", "intent", 1.0), failed, not_applicable];
        let problems = Problems::of(&records, &about);
        assert_eq!(
            problems.data,
            [
                "all-zero rows in test: 3 of 100 (view `en`)",
                "classes without rows in test: 1 of 100 (labelling `intent`)"
            ]
        );
        assert_eq!(problems.fits, ["GPA: GPA stopped. (1 cell)", "GPA: The view `a` is constant. (1 cell)"]);
        let [only] = problems.failed.as_slice() else { panic!("{:?}", problems.failed) };
        assert_eq!(only.what, "gpa on m3, clustering, noise permute 0.5 of a seed 0, seed 7");
        assert_eq!(only.command, "runner --grid 'a b.yaml' --only method=gpa,views=m3,noise=permute,seed=7");
        assert!(Problems::of(&[], &about).is_empty());
    }
}
