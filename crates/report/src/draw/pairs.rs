//! Heat maps of the differences by pair of views: all differences, and the significant ones.

use figures::{Heatmaps, Panel};

use super::figure::Figure;
use crate::tables::comparison::LEVEL;
use crate::tables::pair_ends;
use crate::tables::pairs::{PairDifferences, PairLine};
use crate::tables::summary::Summary;

/// A figure for each subset with at least three views. Measures of single views have none.
pub fn figures(
    title: &str,
    subtitle: Option<&str>,
    summary: &Summary<'_>,
    pairs: &[PairDifferences],
) -> Vec<(Figure, String)> {
    let mut figures = Vec::new();
    for of in pairs.iter().filter(|of| of.of_pairs()) {
        let sets = of.view_sets();
        for set in &sets {
            let views = summary.views(set);
            if views.len() < 3 {
                continue;
            }
            let lines: Vec<&PairLine> = of.lines.iter().filter(|line| line.view_set == *set).collect();
            let (suffix, on) = match sets.len() {
                1 => (String::new(), String::new()),
                _ => (format!("_{set}"), format!(" on {set}")),
            };
            let title = format!("{title}{on}: {}", of.caption());
            figures.push((heatmaps(title, subtitle, views, of, &lines), format!("{}{suffix}", of.stem)));
        }
    }
    figures
}

fn heatmaps(
    title: String,
    subtitle: Option<&str>,
    views: &[&str],
    of: &PairDifferences,
    lines: &[&PairLine],
) -> Figure {
    let symmetric = of.metric.is_symmetric();
    let panel = |title: &str, shown: &dyn Fn(&PairLine) -> bool| {
        let value = |source: &str, target: &str| {
            let here = |line: &&&PairLine| {
                let (from, to) = (line.place.0.as_str(), line.place.1.as_deref().unwrap_or_default());
                (from, to) == (source, target) || (symmetric && (to, from) == (source, target))
            };
            lines.iter().find(here).filter(|line| shown(line)).map(|line| line.difference.interval.estimate)
        };
        let names: Vec<String> = views.iter().map(|view| view.to_string()).collect();
        Panel {
            title: title.into(),
            rows: names.clone(),
            columns: names,
            values: views.iter().map(|from| views.iter().map(|to| value(from, to)).collect()).collect(),
        }
    };
    let ends = pair_ends(of.metric);
    let hatched = "Hatched: no such pair, or not told from zero.";
    Figure::Heatmaps(Heatmaps {
        title,
        subtitle: Some(subtitle.map_or_else(|| hatched.to_string(), |subtitle| format!("{subtitle} {hatched}"))),
        panels: vec![panel("all pairs", &|_| true), panel("p (Holm) < 0.05", &|line| line.adjusted < LEVEL)],
        row_label: ends.0.into(),
        column_label: ends.1.into(),
        value_label: format!("difference of {}", of.name),
    })
}
