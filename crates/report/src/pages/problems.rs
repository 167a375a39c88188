//! Problems that a reader must know before the values: warnings about the data, fits that did not converge, failed
//! cells.

use std::collections::BTreeSet;

use align::Termination;
use data::{SplitName, Warning, summarise};
use serde::Serialize;

use super::about::{About, Partial};
use crate::tables::summary::{Group, names};
use grid::figure_spec::FigureSpec;
use grid::settings::Setting;
use store::record::{Counted, Record};
use tasks::Metric;

/// All failures and warnings of a grid.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Problems {
    /// The missing cells, if the grid is not complete.
    pub partial: Option<Missing>,
    /// Metrics that the grid's comparison or a figure asks for and that no cell has, one line each.
    pub absent: Vec<String>,
    /// Warnings about the data, one line for each kind and split.
    pub data: Vec<String>,
    /// Iterations that ended at their cap: one line for each text, with the methods and the number of their cells.
    pub unconverged: Vec<String>,
    /// Other warnings of fits: one line for each text, with the methods and the number of their cells.
    pub fits: Vec<String>,
    /// Tasks of cells, or whole cells, that failed.
    pub failed: Vec<Failed>,
}

/// The number of missing cells, and the command that computes them.
#[derive(Debug, PartialEq, Serialize)]
pub struct Missing {
    /// Number of stored cells, such as `3 of 5 cells are there`.
    pub what: String,
    /// The command that computes the missing cells.
    pub command: String,
}

/// A failed task or cell: the reason, and the command that runs it again.
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
    /// The problems that the records of a grid contain.
    pub fn of(records: &[Record], about: &About) -> Self {
        let warnings: Vec<Warning> = records.iter().filter_map(warning).collect();
        let failed = records.iter().filter(|record| record.metric.is_none() && record.error.is_some());
        let (unconverged, fits) = fits(records, &about.settings);
        let missing = |partial: Partial| Missing { what: partial.to_string(), command: about.command.clone() };
        Self {
            partial: about.partial(records).map(missing),
            absent: absent(records, about),
            data: summarise(&warnings),
            unconverged,
            fits,
            failed: failed.map(|record| Failed::of(record, about)).collect(),
        }
    }

    /// One line for each problem; missing cells come first, failures last.
    pub fn lines(&self) -> Vec<String> {
        let partial = self.partial.iter().map(|missing| format!("{}: everything here is of these alone", missing.what));
        let failed = self.failed.iter().map(|f| format!("failed: {} (cell {}): {}", f.what, f.cell, f.error));
        let fits = self.unconverged.iter().chain(&self.fits).cloned();
        partial.chain(self.absent.iter().chain(&self.data).cloned()).chain(fits).chain(failed).collect()
    }

    /// Whether there are no problems.
    pub fn is_empty(&self) -> bool {
        let warned = self.absent.len() + self.data.len() + self.unconverged.len() + self.fits.len();
        self.partial.is_none() && warned == 0 && self.failed.is_empty()
    }
}

impl Failed {
    fn of(record: &Record, about: &About) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut what = format!("{} on {}", text(&record.method), record.view_set());
        if let Some(task) = &record.task {
            what += &format!(", {task}");
        }
        what += &record.condition().unwrap_or_default().suffix();
        if let Some(seed) = record.seed {
            what += &format!(", seed {seed}");
        }
        Self { cell: record.cell.clone(), what, error: text(&record.error), command: command(record, about) }
    }
}

fn absent(records: &[Record], about: &About) -> Vec<String> {
    let of_tasks = records.iter().filter_map(|record| record.metric).filter_map(Counted::metric);
    let known: BTreeSet<&str> = of_tasks.map(Metric::name).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let primary = about.primary.iter().map(|primary| ("primary".to_string(), primary.metric));
    let of_figure = |figure: &FigureSpec| {
        let name = format!("figure `{}`", figure.name());
        figure.metrics().into_iter().map(move |metric| (name.clone(), metric))
    };
    let asked = primary.chain(about.figures.iter().flat_map(of_figure));
    let known_ones = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let told = |(place, metric): (String, Metric)| {
        (!known.contains(metric.name()))
            .then(|| format!("{place}: no cell here has `{metric}`; the metrics here are {known_ones}"))
    };
    asked.filter_map(told).collect()
}

/// Largest number of methods that a line names.
const NAMED: usize = 6;

/// The warnings of fits, in two lists: those of iterations that ended at their cap, and the others. Each text occurs
/// once, with its methods and the number of their cells.
fn fits(records: &[Record], settings: &[Setting]) -> (Vec<String>, Vec<String>) {
    let names = names(records, settings);
    let mut found: Vec<(&str, Vec<String>, BTreeSet<&str>)> = Vec::new();
    for record in records {
        let Some(group) = Group::of(record, &names) else { continue };
        let warned = record.warnings.as_deref().unwrap_or_default();
        let capped = record.stop.as_deref() == Some(Termination::IterationCap.name()) && !warned.contains(AT_CAP);
        for line in warned.lines().chain(capped.then_some(CAPPED)) {
            let at = found.iter().position(|(known, ..)| *known == line).unwrap_or_else(|| {
                found.push((line, Vec::new(), BTreeSet::new()));
                found.len() - 1
            });
            let (_, methods, cells) = &mut found[at];
            if cells.insert(&record.cell) && !methods.contains(&group.label()) {
                methods.push(group.label());
            }
        }
    }
    let told = |(line, methods, cells): &(&str, Vec<String>, BTreeSet<&str>)| {
        let more = match methods.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = methods.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let count = cells.len();
        // The methods stand behind the text, because many texts begin with the name of a method themselves.
        format!("{line} ({named}{more}; {count} {})", if count == 1 { "cell" } else { "cells" })
    };
    let (capped, others): (Vec<_>, Vec<_>) =
        found.iter().partition(|(line, ..)| line.contains(AT_CAP) || *line == CAPPED);
    (capped.into_iter().map(told).collect(), others.into_iter().map(told).collect())
}

/// A part of the text of [`align::FitWarning::IterationCap`].
const AT_CAP: &str = "before it converged";
/// Warning for a fit that ended at its cap without a warning of its own: a training with a fixed number of epochs.
pub const CAPPED: &str =
    "the training ended with its last step, not because it no longer improved; more epochs may change the values";

/// The command that runs the cell of a record, and the cells that differ from it only in parameters.
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
        ("fit_rows", record.fit_rows.map(|rows| rows.to_string())),
        ("seed", seed),
    ];
    let given: Vec<String> = keys.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?))).collect();
    format!("{} --only {}", about.command, files::shell::word(&given.join(",")))
}

/// The warning about the data that a record holds. Records do not store the example.
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
            Record { metric: Some(Metric::Ari.into()), error: Some("no universe".into()), ..Record::default() };
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
        assert_eq!(problems.fits, ["GPA stopped. (GPA; 1 cell)", "The view `a` is constant. (GPA; 1 cell)"]);
        let [only] = problems.failed.as_slice() else { panic!("{:?}", problems.failed) };
        assert_eq!(only.what, "gpa on m3, clustering, noise permute 0.5 of a seed 0, seed 7");
        assert_eq!(only.command, "runner --grid 'a b.yaml' --only method=gpa,views=m3,noise=permute,seed=7");
        assert!(Problems::of(&[], &about).is_empty());
    }

    #[test]
    fn a_metric_that_no_cell_has_is_named_with_those_that_are_there() {
        let record = |metric: Metric| Record { metric: Some(metric.into()), value: Some(0.5), ..Record::default() };
        let records = [record(Metric::Rank1), record(Metric::Mrr)];
        let about = |metric: Metric| About {
            primary: Some(grid::Primary { metric, compare: vec!["na".into(), "gpa".into()] }),
            figures: serde_json::from_value(serde_json::json!([{"scatter": {"name": "s", "x": "rank1", "y": "nmi"}}]))
                .unwrap(),
            ..About::default()
        };
        let of_figure = "figure `s`: no cell here has `nmi`; the metrics here are `mrr`, `rank1`";
        let of_primary = "primary: no cell here has `ari`; the metrics here are `mrr`, `rank1`";
        assert_eq!(Problems::of(&records, &about(Metric::Ari)).lines(), [of_primary, of_figure]);
        assert_eq!(Problems::of(&records, &about(Metric::Mrr)).lines(), [of_figure]);
        assert!(Problems::of(&[], &about(Metric::Ari)).is_empty(), "nothing has been computed");
    }

    #[test]
    fn fits_that_did_not_converge_are_told_once_for_all_methods() {
        let fit = |method: &str, cell: &str, warnings: Option<&str>, stop: Termination| Record {
            cell: cell.into(),
            views: "all=a,b".parse().unwrap(),
            method: Some(method.into()),
            params: Some(Params::default()),
            noise: Some("none".parse().unwrap()),
            warnings: warnings.map(str::to_string),
            stop: Some(stop.name().into()),
            ..Record::default()
        };
        let at_cap = "GPA stopped at the cap of 1 iterations before it converged; raise `max_iter`";
        let records = [
            fit("gpa", "1", Some(at_cap), Termination::IterationCap),
            fit("gcpa", "2", Some(at_cap), Termination::IterationCap),
            fit("gcpa", "3", None, Termination::IterationCap),
            fit("gcca", "4", Some("The view `a` is constant."), Termination::ClosedForm),
            fit("srm", "5", None, Termination::Converged),
        ];
        let problems = Problems::of(&records, &About::default());
        assert_eq!(
            problems.unconverged,
            [format!("{at_cap} (GPA, GCPA; 2 cells)"), format!("{CAPPED} (GCPA; 1 cell)")]
        );
        assert_eq!(problems.fits, ["The view `a` is constant. (GCCA; 1 cell)"]);
    }
}
