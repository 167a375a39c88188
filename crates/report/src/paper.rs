//! `experiments/paper/X.yaml`: a grid, the published values of the paper, and the claims that the grid can test.

mod check;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use data::yaml::{self, Located};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tasks::Metric;

use crate::claims::Claim;
use crate::published::{Comparable, Published};
use grid::figure_spec::FigureSpec;
use grid::{Grid, lay_over};

/// A table or figure of the paper.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a paper file (title, grid, overrides, quick, columns, published, compare, claims, figures, on_data)"
)]
pub struct Paper {
    /// Title, such as `Table 1: clustering of MASSIVE intents`.
    pub title: String,
    /// The grid file, relative to this one.
    pub grid: PathBuf,
    /// Changes of the grid, merged into it key by key.
    #[serde(default)]
    pub overrides: Value,
    /// Further changes for a quick run: fewer seeds and points.
    #[serde(default)]
    pub quick: Value,
    /// Other names of the target, such as the paper's number for the figure.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The printed metrics, in order.
    pub columns: Vec<Metric>,
    /// The published values.
    #[serde(default)]
    pub published: Vec<Published>,
    /// Condition and tolerance of comparisons with the published values.
    pub compare: Option<Comparable>,
    /// The tested claims.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Figures in addition to those of every grid.
    #[serde(default)]
    pub figures: Vec<FigureSpec>,
    /// Changes of this file for other data sets (`--data`), merged into it key by key: their views have other names.
    #[serde(default)]
    pub on_data: BTreeMap<String, Value>,
}

impl Paper {
    /// Reads a paper file.
    ///
    /// # Errors
    /// The errors of every YAML file; errors of its grid file; unknown metrics, methods, parameters, subsets and views,
    /// with the most similar name.
    pub fn read(path: &Path) -> Result<Located<Self>> {
        let paper = Self::read_on(path, None)?;
        // An error in the changes for a data set is found without this data set.
        for data in paper.value.on_data.keys() {
            Self::read_on(path, Some(data))?;
        }
        Ok(paper)
    }

    /// Like [`Paper::read`], with the changes for a data set, if there are any: a name, or the path of a manifest.
    ///
    /// # Errors
    /// The errors of [`Paper::read`].
    pub fn read_on(path: &Path, data: Option<&str>) -> Result<Located<Self>> {
        let name = data.and_then(|data| Path::new(data).file_stem()?.to_str());
        let mut paper: Located<Self> = yaml::read_with(path, |value| {
            let changes = name.and_then(|name| value.get("on_data")?.get(name)).cloned();
            changes.iter().for_each(|changes| lay_over(value, changes));
        })?;
        let Self { published, compare, claims, figures, overrides, .. } = &paper.value;
        for (metric, tolerance) in compare.iter().flat_map(|compare| &compare.tolerance) {
            if tolerance.is_nan() || *tolerance <= 0.0 {
                let key = format!("compare.tolerance.{metric}");
                return Err(paper.error(&key, format!("found {tolerance}, expected more than 0")).into());
            }
        }
        let file = path.parent().unwrap_or(Path::new("")).join(&paper.value.grid);
        if !file.exists() {
            return Err(paper.error("grid", format!("there is no file {}; correct the path", file.display())).into());
        }
        // The whole grid: a quick run may leave out parts that claims and figures need.
        let grid = Grid::read_with(&file, overrides)?.value;
        check::published(&paper, published, &grid)?;
        check::claims(&paper, claims, &grid)?;
        grid::figure_spec::check::figures(&paper, figures, &grid.methods)?;
        if let Some(views) = grid.named_views() {
            Self::check_pairs(&paper, &views)?;
        }
        paper.value.figures = grid::figure_spec::axes::named(&paper, figures, &grid.axes())?;
        Ok(paper)
    }

    /// Refuses pairs in claims and figures with a view that is not among `views`, which are those of the data.
    ///
    /// # Errors
    /// The first such view, with its place in the file and the most similar view.
    pub fn check_pairs(paper: &Located<Self>, views: &[String]) -> Result<()> {
        check::claim_pairs(paper, &paper.value.claims, views)?;
        Ok(grid::figure_spec::check::figure_pairs(paper, &paper.value.figures, views)?)
    }

    /// The most reliable published mean of a method and metric over a subset with this name and number of views.
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
