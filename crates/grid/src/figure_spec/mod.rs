//! Figures that a grid or paper file requests in addition to those of every grid.

pub mod axes;
pub mod check;

use serde::{Deserialize, Serialize};
use tasks::Metric;

/// An additional figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureSpec {
    /// One line per method over the subsets of views.
    Curves(CurvesSpec),
    /// Seconds and CPU seconds of the fits, over the subsets of views.
    Costs(CostsSpec),
    /// A metric over two parameters of a method.
    Sweep(SweepSpec),
    /// One metric against another, one point per method.
    Scatter(ScatterSpec),
}

/// Axis of positions of a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Along {
    /// The grid's subsets of views.
    Views,
    /// The grid's noises, by their amount, on its first subset of views.
    Noise,
    /// The grid's numbers of training rows, without noise, on its first subset of views.
    FitRows,
    /// A parameter, by its path, with several values among the grid's methods; clean data, first subset. A method
    /// without it is a level line.
    Parameter(String),
}

/// Costs of fits on a logarithmic axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostsSpec {
    /// Stem of the files.
    pub name: String,
    /// Title of the axis of subsets; `views` without one.
    #[serde(default)]
    pub x: Option<String>,
    /// The subsets are no sequence: no line joins them.
    #[serde(default)]
    pub unordered: bool,
}

/// Curves over the grid's subsets of views, noises, numbers of training rows, or values of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvesSpec {
    /// Stem of the files.
    pub name: String,
    /// The metric.
    pub metric: Metric,
    /// Reductions; one panel each.
    #[serde(default = "mean_only")]
    pub of: Vec<Reduce>,
    /// Ordered pairs; an empty list means all pairs.
    #[serde(default)]
    pub pairs: Vec<[String; 2]>,
    /// Only pairs with the last view of a subset.
    #[serde(default)]
    pub with_last: bool,
    /// Axis of positions. Default: the axis along which the grid varies.
    #[serde(default)]
    pub along: Option<Along>,
    /// Title of the axis of positions; the name of what varies without one.
    #[serde(default)]
    pub x: Option<String>,
    /// The positions are no sequence: no line joins them.
    #[serde(default)]
    pub unordered: bool,
}

/// One metric against another: a point per method on the first subset of views, clean data, with 95% intervals where the
/// metric has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScatterSpec {
    /// Stem of the files.
    pub name: String,
    /// Metric of the horizontal axis.
    pub x: Metric,
    /// Metric of the vertical axis.
    pub y: Metric,
    /// Path of a parameter: methods that differ only in it are joined by a line, in the order of its values.
    pub join: Option<String>,
}

/// Two parameters of one method and a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Stem of the files.
    pub name: String,
    /// The method.
    pub method: String,
    /// Path of the parameter of the rows.
    pub rows: String,
    /// Path of the parameter of the columns.
    pub columns: String,
    /// The metric.
    pub metric: Metric,
}

impl CurvesSpec {
    /// Title of the axis of positions.
    pub fn x(&self) -> String {
        self.x.clone().unwrap_or_else(|| match self.along.as_ref().unwrap_or(&Along::Views) {
            Along::Views => "views".into(),
            Along::Noise => "amount of noise".into(),
            Along::FitRows => "training rows".into(),
            Along::Parameter(name) => name.rsplit('.').next().unwrap_or(name).into(),
        })
    }
}

impl FigureSpec {
    /// Stem of its files.
    pub fn name(&self) -> &str {
        match self {
            Self::Curves(spec) => &spec.name,
            Self::Costs(spec) => &spec.name,
            Self::Sweep(spec) => &spec.name,
            Self::Scatter(spec) => &spec.name,
        }
    }

    /// The metrics that it shows.
    pub fn metrics(&self) -> Vec<Metric> {
        match self {
            Self::Curves(spec) => vec![spec.metric],
            Self::Costs(_) => Vec::new(),
            Self::Sweep(spec) => vec![spec.metric],
            Self::Scatter(spec) => vec![spec.x, spec.y],
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Curves(_) => "curves",
            Self::Costs(_) => "costs",
            Self::Sweep(_) => "sweep",
            Self::Scatter(_) => "scatter",
        }
    }
}

/// Names of the figures of every grid.
const TAKEN: &[&str] = &["summary", "leaderboard"];

/// The first figure whose name cannot be a file name, or is that of another figure: its key, and the problem.
fn odd_name(figures: &[FigureSpec]) -> Option<(String, String)> {
    figures.iter().enumerate().find_map(|(i, figure)| {
        let name = figure.name();
        let found = if !is_stem(name) {
            format!("`{name}` names files; {STEM}")
        } else if TAKEN.contains(&name) {
            format!("every grid has a figure `{name}`; take another name")
        } else {
            let first = figures[..i].iter().position(|other| other.name() == name)?;
            format!("`figures[{first}]` has this name; take another one")
        };
        Some((format!("figures[{i}].{}.name", figure.kind()), found))
    })
}

/// Rule for parts of file names.
pub const STEM: &str = "use letters, digits, `-`, `_` and `.`, a letter or digit first, and at most 100 bytes";

/// Largest number of bytes of a name of files: with what is added to it, it has to fit into the 255 of a file system.
pub(crate) const LONGEST: usize = 100;

/// Whether a text can be part of a file name.
pub fn is_stem(text: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    text.len() <= LONGEST && text.starts_with(char::is_alphanumeric) && text.chars().all(known)
}

/// Reduction of the values of views or pairs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduce {
    /// The mean.
    Mean,
    /// The least favourable value.
    Worst,
    /// Every value by itself: the least favourable difference decides.
    Each,
}

/// The default reduction.
pub fn mean_only() -> Vec<Reduce> {
    vec![Reduce::Mean]
}
