//! `experiments/paper/X.yaml`: a grid, what the paper published for it, and the claims it can test.

use std::path::{Path, PathBuf};

use align::Method;
use anyhow::Result;
use data::yaml::{self, Located};
use data::{YamlProblem, nearest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tasks::Metric;

use crate::claims::{Claim, Test};
use crate::published::{Comparable, Published};
use grid::figure_spec::{self, FigureSpec};

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
    pub columns: Vec<Metric>,
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
        for (i, published) in paper.value.published.iter().enumerate() {
            known(&paper, &format!("published[{i}].method"), &published.method)?;
        }
        for (metric, tolerance) in paper.value.compare.iter().flat_map(|compare| &compare.tolerance) {
            if tolerance.is_nan() || *tolerance <= 0.0 {
                let key = format!("compare.tolerance.{metric}");
                return Err(paper.error(&key, format!("{tolerance} given, wanted more than 0")).into());
            }
        }
        for (i, claim) in paper.value.claims.iter().enumerate() {
            if let Some(method) = claim.value.as_ref().and_then(|value| value.method.as_ref()) {
                known(&paper, &format!("claims[{i}].value.method"), method)?;
            }
        }
        for (i, claim) in paper.value.claims.iter().enumerate() {
            let over = match &claim.test {
                Test::Better(test) => Some(&test.over),
                Test::SmallerDrop(test) => Some(&test.over),
                _ => None,
            };
            if over.is_some_and(Vec::is_empty) {
                let kind = if matches!(claim.test, Test::Better(_)) { "better" } else { "smaller_drop" };
                let found = "the list is empty; it needs at least one method";
                return Err(paper.error(&format!("claims[{i}].test.{kind}.over"), found).into());
            }
        }
        if let Some((key, found)) = figure_spec::odd_name(&paper.value.figures) {
            return Err(paper.error(&key, found).into());
        }
        Ok(paper)
    }

    /// The surest published mean of a method and metric over a subset with this name and number of views.
    pub fn published<'p>(&'p self, method: &'p str, metric: Metric, over: (&'p str, usize)) -> Option<&'p Published> {
        self.means_of(method, metric, over).min_by_key(|p| p.kind)
    }

    /// The published means of a method and metric over a subset with this name and number of views.
    pub fn means_of<'p>(
        &'p self,
        method: &'p str,
        metric: Metric,
        (view_set, views): (&'p str, usize),
    ) -> impl Iterator<Item = &'p Published> {
        let right = move |p: &&Published| p.method == method && p.metric == metric && p.is_mean_of(view_set, views);
        self.published.iter().filter(right)
    }
}

fn known(paper: &Located<Paper>, key: &str, method: &str) -> Result<()> {
    if Method::from_name(method).is_some() {
        return Ok(());
    }
    let nearest = nearest(method, Method::names().iter().copied()).map(str::to_string);
    let known = Method::names().iter().map(|name| name.to_string()).collect();
    let problem = YamlProblem::Unknown { kind: "method", name: method.to_string(), nearest, known };
    Err(paper.problem(key, problem).into())
}
