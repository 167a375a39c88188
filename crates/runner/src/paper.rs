//! `experiments/paper/X.yaml`: a grid, what the paper published for it, and the claims it can test.

use std::path::{Path, PathBuf};

use align::Method;
use anyhow::Result;
use data::yaml::{self, Located};
use data::{YamlProblem, nearest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tasks::Metric;

use crate::claims::Claim;
use crate::grid::asked::{self, FigureSpec};
use crate::kept::record::Record;
use crate::tables::agreement::Comparable;
use crate::tables::summary::{Group, Summary, metric_title};
use crate::tables::table::Table;
use crate::tables::{SPREAD_NOTE, with_spread};

/// A table or figure of the paper.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a paper file (title, grid, overrides, quick, columns, published, compare, claims, figures)"
)]
pub struct Paper {
    /// What it is, such as `Table 1: clustering of MASSIVE intents`.
    pub title: String,
    /// The grid file, relative to this one.
    pub grid: PathBuf,
    /// Laid over the grid key by key.
    #[serde(default)]
    pub overrides: Value,
    /// Laid over the grid as well in a quick run: fewer seeds and points.
    #[serde(default)]
    pub quick: Value,
    /// Other names of the target, such as the paper's number for the figure.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The metrics printed, in order.
    pub columns: Vec<String>,
    /// The paper's figures.
    #[serde(default)]
    pub published: Vec<Published>,
    /// When ours may be held against them, and how near they must be.
    pub compare: Option<Comparable>,
    /// The claims tested.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Figures beside those that every grid gets.
    #[serde(default)]
    pub figures: Vec<FigureSpec>,
}

/// One published figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Method name.
    pub method: String,
    /// Metric name.
    pub metric: String,
    /// The figure.
    pub value: f64,
    /// Its ±, where it is known.
    pub std: Option<f64>,
    /// Where it stands.
    pub source: String,
    /// What sets it apart from ours, such as another data set.
    pub note: Option<String>,
    /// The data set that it is of, where that is not the others'.
    pub data: Option<String>,
}

impl Paper {
    /// Reads a paper file.
    ///
    /// # Errors
    /// As every YAML file; unknown metrics and methods with the nearest name.
    pub fn read(path: &Path) -> Result<Located<Self>> {
        let paper: Located<Self> = yaml::read(path)?;
        let metrics: Vec<&str> = Metric::ALL.iter().map(|m| m.name()).collect();
        for (i, name) in paper.value.columns.iter().enumerate() {
            known(&paper, &format!("columns[{i}]"), "metric", name, &metrics)?;
        }
        for (i, published) in paper.value.published.iter().enumerate() {
            known(&paper, &format!("published[{i}].metric"), "metric", &published.metric, &metrics)?;
            known(&paper, &format!("published[{i}].method"), "method", &published.method, &Method::NAMES)?;
        }
        if let Some(compare) = &paper.value.compare {
            for (metric, tolerance) in &compare.tolerance {
                let key = format!("compare.tolerance.{metric}");
                known(&paper, &key, "metric", metric, &metrics)?;
                if tolerance.is_nan() || *tolerance <= 0.0 {
                    return Err(paper.error(&key, format!("{tolerance} given, wanted more than 0")).into());
                }
            }
        }
        for (i, claim) in paper.value.claims.iter().enumerate() {
            if let Some(metric) = claim.test.metric() {
                known(&paper, &format!("claims[{i}].test.{}.metric", claim.test.kind()), "metric", metric, &metrics)?;
            }
        }
        for (key, name) in asked::metrics(&paper.value.figures) {
            known(&paper, &key, "metric", &name, &metrics)?;
        }
        Ok(paper)
    }

    /// The published figure of a method and metric.
    pub fn published(&self, method: &str, metric: Metric) -> Option<&Published> {
        self.published.iter().find(|p| p.method == method && p.metric == metric.name())
    }

    /// The metrics printed.
    pub fn metrics(&self) -> Vec<Metric> {
        self.columns.iter().filter_map(|name| Metric::from_name(name)).collect()
    }

    /// Our figures with the paper's row beneath each method.
    pub fn table(&self, records: &[Record], notes: &[String]) -> Table {
        let summary = Summary::new(records);
        let metrics = self.metrics();
        let (sets, noises) = (summary.view_sets().len() > 1, summary.noises().len() > 1);
        let mut headers = vec!["method".to_string(), String::new()];
        headers.extend(metrics.iter().map(|m| metric_title(*m).to_string()));
        let mut rows = Vec::new();
        for group in &summary.groups {
            let stat = |m: &Metric| summary.stat(group, summary.measures_of(*m).next()?);
            let ours = metrics.iter().map(|m| with_spread(stat(m).as_ref()));
            let mut name = group.label();
            if sets {
                name = format!("{}: {name}", group.view_set);
            }
            if noises {
                name = format!("{name}, noise {}", group.noise);
            }
            rows.push([name, "ours".into()].into_iter().chain(ours).collect());
            if !self.published.is_empty() {
                let theirs = metrics.iter().map(|m| self.published_text(group, *m));
                rows.push([String::new(), "paper".into()].into_iter().chain(theirs).collect());
            }
        }
        let mut notes: Vec<String> = std::iter::once(SPREAD_NOTE.to_string()).chain(notes.iter().cloned()).collect();
        for published in &self.published {
            let remark = published.note.as_ref().map(|note| format!("The paper's {}: {note}.", published.value));
            notes.extend(remark.filter(|remark| !notes.contains(remark)));
        }
        let mut sources: Vec<&str> = self.published.iter().map(|p| p.source.as_str()).collect();
        sources.dedup();
        notes.push(match sources.as_slice() {
            [] => "The paper's own figures for this are not known here.".into(),
            sources => format!("Published figures: {}.", sources.join("; ")),
        });
        Table { title: self.title.clone(), headers, names: 2, rows, notes }
    }

    fn published_text(&self, group: &Group, metric: Metric) -> String {
        match self.published(&group.method, metric) {
            None => "not reported".into(),
            Some(Published { value, std: Some(std), .. }) => format!("{value:.3} ± {std:.3}"),
            Some(Published { value, .. }) => format!("{value:.3}"),
        }
    }
}

fn known(paper: &Located<Paper>, key: &str, kind: &'static str, name: &str, names: &[&str]) -> Result<()> {
    if names.contains(&name) {
        return Ok(());
    }
    let nearest = nearest(name, names.iter().copied()).map(str::to_string);
    let known = names.iter().map(|n| n.to_string()).collect();
    Err(paper.problem(key, YamlProblem::Unknown { kind, name: name.to_string(), nearest, known }).into())
}
