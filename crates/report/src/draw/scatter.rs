//! Scatter plots of one metric against another: one point for each method.

use anyhow::Result;
use serde_json::Value;
use tasks::Metric;

use super::figure::{RESAMPLES, SEED, Words, greek, parameter, with_lacking};
use super::palette;
use crate::samples::Samples;
use crate::tables::comparison::by_items;
use crate::tables::summary::Group;
use figures::{Dot, Point, Scatter};
use grid::figure_spec::ScatterSpec;

/// The points of the first subset of views on clean data.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn scatter(spec: &ScatterSpec, words: &Words<'_>, samples: &Samples<'_>) -> Result<Scatter> {
    let ([x, y], summary) = ([spec.x, spec.y], samples.summary());
    let first = summary.view_sets().first().map(|set| set.to_string());
    let here = |g: &&Group| summary.is_plain(&g.condition) && Some(&g.view_set) == first.as_ref();
    let mut groups: Vec<&Group> = summary.groups.iter().filter(here).collect();
    // The points of a path are drawn in their order.
    let value = |g: &Group| spec.join.as_ref().and_then(|name| parameter(g, name)?.as_f64());
    groups.sort_by(|a, b| value(a).unwrap_or(0.0).total_cmp(&value(b).unwrap_or(0.0)));
    let point = |group: &Group, metric: Metric| -> Result<Option<Point>> {
        let Some(measure) = summary.measures_of(metric).next() else { return Ok(None) };
        let Some(stat) = summary.stat(group, measure) else { return Ok(None) };
        let interval = match samples.sample_of(group, measure)? {
            Ok(sample) => by_items(&[&sample], |_| true, [RESAMPLES; 2], SEED)?.interval(0).map(|i| (i.low, i.high)),
            Err(_) => None,
        };
        Ok(Some(Point { value: stat.mean, interval }))
    };
    let (mut dots, mut lacking) = (Vec::new(), Vec::new());
    for group in &groups {
        let (Some(x), Some(y)) = (point(group, x)?, point(group, y)?) else { continue };
        for metric in [spec.x, spec.y] {
            let without = summary.measures_of(metric).next().and_then(|measure| summary.left_out(group, measure));
            let what = || format!("{} of {}", metric.title(), greek_label(group));
            lacking.extend(without.map(|without| (what(), without.places.len())));
        }
        let path = value(group).and(spec.join.as_ref()).map(|name| group.method.label_without(&[name.as_str()]));
        let first_of_path = path.is_none() || !dots.iter().any(|dot: &Dot| dot.path == path);
        let full = greek_label(group);
        let label = match (&spec.join, first_of_path) {
            // On a path, only one point shows the name.
            (Some(name), false) => format!("{} {}", greek(name), text(parameter(group, name))),
            _ => full,
        };
        // All points of a path are one series, whatever their labels are.
        let style = palette::named(group, path.clone().unwrap_or_else(|| group.label()));
        dots.push(Dot { label, style, path, x, y });
    }
    // Points without a path get their labels first, because they have no other place for a name.
    let (alone, paths): (Vec<Dot>, Vec<Dot>) = dots.into_iter().partition(|dot| dot.path.is_none());
    Ok(Scatter {
        title: format!("{}: {} against {}", words.title, y.title(), x.title()),
        subtitle: with_lacking(words.subtitle.clone(), &lacking),
        x_label: axis_title(x),
        y_label: axis_title(y),
        better: (x.higher_is_better(), y.higher_is_better()),
        dots: alone.into_iter().chain(paths).collect(),
    })
}

fn axis_title(metric: Metric) -> String {
    let better = if metric.higher_is_better() { "more" } else { "less" };
    format!("{} ({better} is better)", metric.title())
}

/// The name of a setting, with the parameters as the paper writes them.
fn greek_label(group: &Group) -> String {
    group.label().replace("tau", "τ").replace("lambda", "λ")
}

fn text(value: Option<Value>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
