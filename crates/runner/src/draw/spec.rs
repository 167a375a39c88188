//! The figures that a paper file asks for: curves over subsets of views, sweeps over two parameters.

use anyhow::Result;
use serde_json::Value;
use tasks::{Interval, Metric, paired_bootstrap};

use super::Figure;
use crate::claims::evidence::{Evidence, Place, Sample};
use crate::claims::test::Reduce;
use crate::figures::{CurvePanel, Curves, Heatmaps, Line, Panel, Point, Spacing};
use crate::paper::{CostsSpec, CurvesSpec, FigureSpec, SweepSpec};
use crate::record::Record;
use crate::store::Store;
use crate::summary::{Group, Summary, metric_title};

/// Resamples behind an interval of a curve.
const RESAMPLES: usize = 400;
/// Their seed.
const SEED: u64 = 0;

/// What all figures of a grid say.
pub struct Words<'a> {
    /// The grid's title.
    pub title: &'a str,
    /// What has to be said about the data.
    pub subtitle: Option<String>,
}

/// The figure with the stem of its files.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn figure(spec: &FigureSpec, words: &Words<'_>, summary: &Summary<'_>, store: &Store) -> Result<(Figure, String)> {
    Ok(match spec {
        FigureSpec::Curves(spec) => (Figure::Curves(curves(spec, words, summary, store)?), spec.name.clone()),
        FigureSpec::Costs(spec) => (Figure::Curves(costs(spec, words, summary)), spec.name.clone()),
        FigureSpec::Sweep(spec) => (Figure::Heatmaps(sweep(spec, words, summary)), spec.name.clone()),
    })
}

/// One line per method over the subsets of views, with 95% intervals over test items.
fn curves(spec: &CurvesSpec, words: &Words<'_>, summary: &Summary<'_>, store: &Store) -> Result<Curves> {
    let metric = Metric::from_name(&spec.metric).unwrap_or(Metric::Rank1);
    let evidence = Evidence::new(summary, store);
    let sets: Vec<String> = summary.view_sets().into_iter().map(str::to_string).collect();
    let mut lines: Vec<Vec<Line>> = spec.of.iter().map(|_| Vec::new()).collect();
    for (label, method) in labels(summary) {
        let mut points: Vec<Vec<Option<Point>>> = spec.of.iter().map(|_| Vec::new()).collect();
        for set in &sets {
            let last = evidence.views(set).last().map(|view| view.to_string()).unwrap_or_default();
            let sample = evidence.sample(&label, metric, set, "none")?.ok();
            let found = sample.map(|sample| intervals(spec, metric, &last, &sample)).transpose()?;
            for (i, points) in points.iter_mut().enumerate() {
                points.push(found.as_ref().map(|found| found[i]).filter(|point| point.value.is_finite()));
            }
        }
        for (lines, values) in lines.iter_mut().zip(points) {
            if values.iter().any(Option::is_some) {
                lines.push(Line { label: label.clone(), colour: method.clone(), values, ..Line::default() });
            }
        }
    }
    let panel = |(of, lines): (&Reduce, Vec<Line>)| CurvePanel {
        title: match of {
            Reduce::Mean if spec.with_last => "mean over the pairs with the added view".into(),
            Reduce::Mean if !spec.pairs.is_empty() => pair_names(&spec.pairs),
            Reduce::Mean => "mean over pairs".into(),
            Reduce::Worst | Reduce::Each => "worst pair".into(),
        },
        ticks: ticks(&sets),
        places: Vec::new(),
        lines,
    };
    Ok(Curves {
        title: format!("{}: {}", words.title, metric_title(metric)),
        subtitle: words.subtitle.clone(),
        x_label: spec.x.clone(),
        y_label: metric_title(metric).into(),
        y_spacing: Spacing::Linear,
        unordered: spec.unordered,
        panels: spec.of.iter().zip(lines).map(panel).collect(),
    })
}

/// The pairs that a mean is over, a pair and its reverse as one.
fn pair_names(pairs: &[[String; 2]]) -> String {
    let reversed = |[s, t]: &[String; 2]| pairs.iter().position(|[a, b]| a == t && b == s);
    let once = pairs.iter().enumerate().filter(|(i, pair)| reversed(pair).is_none_or(|at| at > *i));
    let names: Vec<String> = once
        .map(|(_, pair)| format!("{} {} {}", pair[0], if reversed(pair).is_some() { "↔" } else { "→" }, pair[1]))
        .collect();
    format!("mean over {}", names.join(", "))
}

/// Labels of all groups with their methods, each once.
fn labels(summary: &Summary<'_>) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for group in &summary.groups {
        let entry = (group.label(), group.method.clone());
        if !labels.contains(&entry) {
            labels.push(entry);
        }
    }
    labels
}

/// Subsets as they stand below an axis.
fn ticks(sets: &[String]) -> Vec<String> {
    sets.iter().map(|set| set.trim_start_matches('m').replace('-', " ")).collect()
}

/// Wall and CPU seconds of the fits, means over seeds.
fn costs(spec: &CostsSpec, words: &Words<'_>, summary: &Summary<'_>) -> Curves {
    let sets: Vec<String> = summary.view_sets().into_iter().map(str::to_string).collect();
    type Column = fn(&Record) -> Option<f64>;
    let columns: [(&str, Column); 2] =
        [("wall seconds of the fit", |r| r.fit_seconds), ("CPU seconds of the fit", |r| r.fit_cpu_seconds)];
    let panel = |(title, column): (&str, Column)| {
        let line = |(label, colour): (String, String)| {
            let value = |set: &String| {
                let here = |g: &&Group| g.label() == label && g.view_set == *set && g.noise == "none";
                let seconds = summary.cost(summary.groups.iter().find(here)?, column)?;
                Some(Point { value: seconds, interval: None })
            };
            Line { values: sets.iter().map(value).collect(), label, colour, ..Line::default() }
        };
        CurvePanel {
            title: title.into(),
            ticks: ticks(&sets),
            places: Vec::new(),
            lines: labels(summary).into_iter().map(line).collect(),
        }
    };
    Curves {
        title: format!("{}: cost", words.title),
        subtitle: words.subtitle.clone(),
        x_label: spec.x.clone(),
        y_label: "seconds".into(),
        y_spacing: Spacing::Logarithmic,
        unordered: spec.unordered,
        panels: columns.into_iter().map(panel).collect(),
    }
}

fn intervals(spec: &CurvesSpec, metric: Metric, last: &str, sample: &Sample) -> Result<Vec<Point>> {
    let wanted = |(source, target): &Place| {
        let listed = |[s, t]: &[String; 2]| s == source && Some(t.as_str()) == target.as_deref();
        let among = spec.pairs.is_empty() || spec.pairs.iter().any(listed);
        let touches_last = source == last || target.as_deref() == Some(last);
        among && (!spec.with_last || (touches_last && Some(source) != target.as_ref()))
    };
    let found = paired_bootstrap(sample.items, RESAMPLES, SEED, |weights| {
        let by_place = sample.by_place(weights);
        let values: Vec<f64> = by_place.into_iter().filter(|(place, _)| wanted(place)).map(|(_, v)| v).collect();
        let least = |values: &[f64]| {
            let worse = if metric.higher_is_better() { f64::min } else { f64::max };
            values.iter().copied().reduce(worse).unwrap_or(f64::NAN)
        };
        let reduce = |of: &Reduce| match of {
            Reduce::Mean => values.iter().sum::<f64>() / values.len() as f64,
            Reduce::Worst | Reduce::Each => least(&values),
        };
        spec.of.iter().map(reduce).collect()
    })?;
    // An interval placed around a share of nearly nothing reaches a hair below zero, where no share is.
    let point = |i: &Interval| Point { value: i.estimate, interval: Some((i.low.max(i.estimate.min(0.0)), i.high)) };
    Ok(found.iter().map(point).collect())
}

/// The first parameter downwards, the second to the right.
fn sweep(spec: &SweepSpec, words: &Words<'_>, summary: &Summary<'_>) -> Heatmaps {
    let metric = Metric::from_name(&spec.metric);
    let groups: Vec<&Group> = summary.groups.iter().filter(|g| g.method == spec.method).collect();
    let parameter = |group: &Group, name: &str| -> Option<String> {
        serde_json::from_str::<Value>(&group.params).ok()?.get(name).map(Value::to_string)
    };
    let distinct = |name: &str| {
        let mut values: Vec<String> = Vec::new();
        for value in groups.iter().filter_map(|group| parameter(group, name)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let (rows, columns) = (distinct(&spec.rows), distinct(&spec.columns));
    let panel = |metric: Metric| {
        let measure = summary.measures_of(metric).next()?;
        let value = |row: &String, column: &String| {
            let here = |g: &&&Group| {
                parameter(g, &spec.rows).as_ref() == Some(row) && parameter(g, &spec.columns).as_ref() == Some(column)
            };
            summary.stat(groups.iter().find(here)?, measure).map(|stat| stat.mean)
        };
        let values = rows.iter().map(|row| columns.iter().map(|column| value(row, column)).collect()).collect();
        Some(Panel { title: metric_title(metric).into(), rows: rows.clone(), columns: columns.clone(), values })
    };
    Heatmaps {
        title: format!("{}: {} against {}", words.title, greek(&spec.rows), greek(&spec.columns)),
        subtitle: words.subtitle.clone(),
        panels: metric.and_then(panel).into_iter().collect(),
        row_label: greek(&spec.rows),
        column_label: greek(&spec.columns),
        value_label: metric.map(metric_title).unwrap_or_default().into(),
    }
}

/// A parameter as the paper writes it.
fn greek(name: &str) -> String {
    match name {
        "tau" => "τ".into(),
        "lambda" => "λ".into(),
        other => other.into(),
    }
}
