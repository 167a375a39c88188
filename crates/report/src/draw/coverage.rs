//! Risk of mapped queries against coverage: a line for each method.

use anyhow::Result;
use figures::{CurvePanel, Curves, Line, Point};
use store::cells::StoredSeries;
use tasks::Quantity;
use tasks::upgrade::{COVERAGES, RiskCoverage};

use super::palette;
use crate::samples::Samples;
use crate::tables::summary::{Group, Measure};

/// The figure of some methods by one AURC; `None` if no method has stored distances.
///
/// A line is the mean over pairs of models and seeds.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn figure(
    title: String,
    subtitle: Option<String>,
    samples: &Samples<'_>,
    groups: &[&Group],
    measure: &Measure,
) -> Result<Option<Curves>> {
    let mut lines = Vec::new();
    for group in groups {
        let Some(risks) = risks(samples, group, measure)? else { continue };
        let point = |&value: &f64| Some(Point { value, interval: None });
        lines.push(Line {
            label: group.label(),
            style: palette::key(group),
            values: risks.iter().map(point).collect(),
            ..Line::default()
        });
    }
    let panel = CurvePanel {
        title: String::new(),
        ticks: COVERAGES.iter().map(|coverage| format!("{:.0}%", 100.0 * coverage)).collect(),
        places: COVERAGES.to_vec(),
        lines,
    };
    Ok((!panel.lines.is_empty()).then(|| Curves {
        title,
        subtitle,
        x_label: "share of the queries, the nearest to the pairs first".into(),
        y_label: "risk: 1 − nDCG@10".into(),
        panels: vec![panel],
        ..Curves::default()
    }))
}

/// Mean risk at every coverage, over pairs of models and seeds.
fn risks(samples: &Samples<'_>, group: &Group, measure: &Measure) -> Result<Option<Vec<f64>>> {
    let Some(space) = samples.summary().headline(group, measure) else { return Ok(None) };
    let mut all: Vec<Vec<f64>> = Vec::new();
    for cell in samples.scores(group)? {
        let mine = |stored: &&StoredSeries| {
            (&stored.task, &stored.task_params) == (&measure.task, &measure.task_params) && stored.series.space == space
        };
        let of =
            |quantity: Quantity| cell.iter().filter(mine).map(|it| &it.series).filter(move |s| s.quantity == quantity);
        for distance in of(Quantity::PairDistance) {
            let same = |s: &&tasks::Series| (&s.source, &s.target) == (&distance.source, &distance.target);
            let Some(ndcg) = of(Quantity::Ndcg10).find(same) else { continue };
            let nearness: Vec<f64> = distance.values.iter().map(|&distance| -f64::from(distance)).collect();
            let risk: Vec<f64> = ndcg.values.iter().map(|&ndcg| 1.0 - f64::from(ndcg)).collect();
            let curve = RiskCoverage::new(&nearness, &risk)?;
            if curve.queries() > 0 {
                all.push(COVERAGES.map(|coverage| curve.risk_at(coverage)).to_vec());
            }
        }
    }
    let mean = |at: usize| all.iter().map(|curve| curve[at]).sum::<f64>() / all.len() as f64;
    Ok((!all.is_empty()).then(|| (0..COVERAGES.len()).map(mean).collect()))
}
