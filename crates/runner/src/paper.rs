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
use crate::published::{Comparable, Kind, Published, sources};
use crate::tables::summary::{Group, Summary};
use crate::tables::table::Table;
use crate::tables::{SPREAD_NOTE, left_out, with_spread};

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
    /// The published values.
    #[serde(default)]
    pub published: Vec<Published>,
    /// When ours may be compared with them, and how near they must be.
    pub compare: Option<Comparable>,
    /// The claims tested.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Figures beside those that every grid gets.
    #[serde(default)]
    pub figures: Vec<FigureSpec>,
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
            if let Some(value) = &claim.value {
                known(&paper, &format!("claims[{i}].value.metric"), "metric", &value.metric, &metrics)?;
                if let Some(method) = &value.method {
                    known(&paper, &format!("claims[{i}].value.method"), "method", method, &Method::NAMES)?;
                }
            }
            if let Some(metric) = claim.test.metric() {
                known(&paper, &format!("claims[{i}].test.{}.metric", claim.test.kind()), "metric", metric, &metrics)?;
            }
        }
        for (key, name) in asked::metrics(&paper.value.figures) {
            known(&paper, &key, "metric", &name, &metrics)?;
        }
        Ok(paper)
    }

    /// The surest published mean of a method and metric over a subset with this name and number of views.
    pub fn published<'p>(&'p self, method: &'p str, metric: Metric, over: (&'p str, usize)) -> Option<&'p Published> {
        self.means_of(method, metric, over).min_by_key(|p| p.kind)
    }

    /// The published means of a method and metric over a subset with this name and number of views.
    fn means_of<'p>(
        &'p self,
        method: &'p str,
        metric: Metric,
        (view_set, views): (&'p str, usize),
    ) -> impl Iterator<Item = &'p Published> {
        let right =
            move |p: &&Published| p.method == method && p.metric == metric.name() && p.is_mean_of(view_set, views);
        self.published.iter().filter(right)
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
        headers.extend(metrics.iter().map(|m| m.title().to_string()));
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
            rows.extend(self.published_rows(group, summary.views(&group.view_set).len(), &metrics));
        }
        let mut notes: Vec<String> = std::iter::once(SPREAD_NOTE.to_string()).chain(notes.iter().cloned()).collect();
        notes.extend(left_out(&summary, |metric| metrics.contains(&metric)));
        match sources(&self.published).as_slice() {
            [] => notes.push("The paper's own values for this are not known here.".into()),
            sources => notes.extend(sources.iter().cloned()),
        }
        Table { title: self.title.clone(), headers, names: 2, rows, notes }
    }

    /// A row for each kind of source that has a value of this method on these views; one that says so where none has.
    fn published_rows(&self, group: &Group, views: usize, metrics: &[Metric]) -> Vec<Vec<String>> {
        let of_kind = |kind: Kind, metric: &Metric| {
            let over = (group.view_set.as_str(), views);
            self.means_of(&group.method, *metric, over).find(|p| p.kind == kind).map(Published::text)
        };
        let row = |kind: Kind| -> Vec<String> {
            let values = metrics.iter().map(|metric| of_kind(kind, metric).unwrap_or_else(|| "unknown".into()));
            [String::new(), kind.name().into()].into_iter().chain(values).collect()
        };
        let known: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| metrics.iter().any(|m| of_kind(*kind, m).is_some())).collect();
        match known.as_slice() {
            [] if self.published.is_empty() => Vec::new(),
            [] => vec![row(Kind::Paper)],
            known => known.iter().map(|kind| row(*kind)).collect(),
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
