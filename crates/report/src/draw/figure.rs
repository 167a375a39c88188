//! A figure of any kind, and the settings that the figures of a file share.

use figures::{Curves, Draw, Forest, GroupedBars, Heatmaps, Scatter};
use serde_json::Value;

use crate::tables::summary::Group;

/// One picture.
#[non_exhaustive]
pub enum Figure {
    /// Grouped bars.
    Bars(GroupedBars),
    /// Panels of matrices.
    Heatmaps(Heatmaps),
    /// Panels of curves.
    Curves(Curves),
    /// Points.
    Scatter(Scatter),
    /// Rows with intervals.
    Forest(Forest),
}

impl Figure {
    /// The figure as something that can be laid out.
    pub fn draw(&self) -> &(dyn Draw + Sync) {
        match self {
            Self::Bars(bars) => bars,
            Self::Heatmaps(heatmaps) => heatmaps,
            Self::Curves(curves) => curves,
            Self::Scatter(scatter) => scatter,
            Self::Forest(forest) => forest,
        }
    }
}

/// Number of resamples for an interval in a figure.
pub const RESAMPLES: usize = 400;
/// Seed of the resamples.
pub const SEED: u64 = 0;

/// The texts that all figures of a grid show.
pub struct Words<'a> {
    /// The grid's title.
    pub title: &'a str,
    /// The note on the data.
    pub subtitle: Option<String>,
}

/// Largest number of means that a subtitle names.
const NAMED: usize = 3;

/// A subtitle that also says which means leave out some of their views or pairs. `lacking` names these means, each with
/// the number of values that it leaves out.
pub fn with_lacking(subtitle: Option<String>, lacking: &[(String, usize)]) -> Option<String> {
    if lacking.is_empty() {
        return subtitle;
    }
    let named: Vec<String> =
        lacking.iter().take(NAMED).map(|(what, count)| format!("{what} ({count} without)")).collect();
    let more = match lacking.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let note = format!("Means of the views or pairs that have a value: {}{more}.", named.join(", "));
    Some(subtitle.map_or_else(|| note.clone(), |subtitle| format!("{subtitle} {note}")))
}

/// A parameter of a group's method, by its path.
pub fn parameter(group: &Group, path: &str) -> Option<Value> {
    group.method.params.get(path)
}

/// A parameter as the paper writes it: the last key of its path.
pub fn greek(path: &str) -> String {
    match path.rsplit('.').next().unwrap_or(path) {
        "tau" => "τ".into(),
        "lambda" => "λ".into(),
        other => other.into(),
    }
}
