//! The figures that a file defines: curves over views, noises, numbers of training rows or a parameter, sweeps over two
//! parameters, costs.

use anyhow::Result;
use serde_json::Value;
use tasks::Metric;

use super::figure::{Figure, RESAMPLES, SEED, Words, greek, parameter, with_lacking};
use super::{palette, scatter};
use crate::samples::{Place, Sample, Samples, resampled};
use crate::tables::comparison::by_items;
use crate::tables::processors;
use crate::tables::summary::{Group, Measure, Summary};
use figures::{CurvePanel, Curves, Heatmaps, Line, Panel, Point, Spacing};
use grid::figure_spec::{Along, CostsSpec, CurvesSpec, FigureSpec, Reduce, SweepSpec};
use grid::keys::InFull;
use grid::settings::shortest;
use grid::{Condition, FitRows};
use store::record::Record;

/// The figure with the stem of its files.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn figure(spec: &FigureSpec, words: &Words<'_>, samples: &Samples<'_>) -> Result<(Figure, String)> {
    let summary = samples.summary();
    Ok(match spec {
        FigureSpec::Curves(spec) => (Figure::Curves(curves(spec, words, samples)?), spec.name.clone()),
        FigureSpec::Costs(spec) => (Figure::Curves(costs(spec, words, summary)), spec.name.clone()),
        FigureSpec::Sweep(spec) => (Figure::Heatmaps(sweep(spec, words, summary)), spec.name.clone()),
        FigureSpec::Scatter(spec) => (Figure::Scatter(scatter::scatter(spec, words, samples)?), spec.name.clone()),
    })
}

/// A position along an axis.
struct Position {
    tick: String,
    /// The number of the position, if it has one.
    place: Option<f64>,
}

/// A line without values: the group at every position.
struct Track<'a> {
    /// The setting that all groups of the line share, in full.
    full: InFull,
    label: String,
    method: String,
    groups: Vec<Option<&'a Group>>,
}

/// The positions along an axis, and the groups of each line at these positions.
fn along<'a>(axis: &Along, summary: &'a Summary<'_>) -> (Vec<Position>, Vec<Track<'a>>) {
    match axis {
        Along::Views => {
            let sets: Vec<String> = summary.view_sets().into_iter().map(str::to_string).collect();
            let at = |group: &Group| {
                summary.is_plain(&group.condition).then(|| sets.iter().position(|s| *s == group.view_set))?
            };
            let positions = ticks(&sets).into_iter().map(|tick| Position { tick, place: None });
            (positions.collect(), tracks(summary, sets.len(), |group| (group.method.in_full(), at(group))))
        }
        Along::Noise => {
            let first = summary.view_sets().first().map(|set| set.to_string());
            let amount = |condition: &Condition| condition.noise.amount().unwrap_or(0.0);
            let mut noises: Vec<&Condition> = summary.conditions();
            noises.retain(|condition| condition.fit_rows == summary.most_rows());
            noises.sort_by(|a, b| amount(a).total_cmp(&amount(b)));
            let at = |group: &Group| {
                let here = Some(&group.view_set) == first.as_ref();
                here.then(|| noises.iter().position(|condition| **condition == group.condition))?
            };
            let position =
                |noise: &&Condition| Position { tick: amount(noise).to_string(), place: Some(amount(noise)) };
            let positions = noises.iter().map(position).collect();
            (positions, tracks(summary, noises.len(), |group| (group.method.in_full(), at(group))))
        }
        Along::FitRows => {
            let first = summary.view_sets().first().map(|set| set.to_string());
            let sizes = summary.sizes();
            let at = |group: &Group| {
                let here = Some(&group.view_set) == first.as_ref() && group.condition.noise.is_clean();
                here.then(|| sizes.iter().position(|size| *size == group.condition.fit_rows))?
            };
            let rows = |size: FitRows| summary.rows_of(first.as_deref().unwrap_or_default(), size);
            let position = |&size: &FitRows| Position {
                tick: rows(size).map_or_else(|| size.to_string(), |rows| rows.to_string()),
                place: rows(size).map(|rows| rows as f64),
            };
            let positions = sizes.iter().map(position).collect();
            (positions, tracks(summary, sizes.len(), |group| (group.method.in_full(), at(group))))
        }
        Along::Parameter(name) => along_parameter(name, summary),
    }
}

fn along_parameter<'a>(name: &str, summary: &'a Summary<'_>) -> (Vec<Position>, Vec<Track<'a>>) {
    let first = summary.view_sets().first().map(|set| set.to_string());
    let here = |group: &&Group| summary.is_plain(&group.condition) && Some(&group.view_set) == first.as_ref();
    let mut values: Vec<Value> = Vec::new();
    for value in summary.groups.iter().filter(here).filter_map(|group| parameter(group, name)) {
        if value.is_number() && !values.contains(&value) {
            values.push(value);
        }
    }
    values.sort_by(|a, b| a.as_f64().unwrap_or(f64::NAN).total_cmp(&b.as_f64().unwrap_or(f64::NAN)));
    let found = |group: &Group| {
        let mut full = group.method.in_full();
        let value = if here(&group) { parameter(group, name) } else { None };
        let at = value.and_then(|value| values.iter().position(|known| *known == value));
        // The line belongs to the method, whatever the value of the parameter is.
        full.words.retain(|(path, _)| at.is_none() || path != name);
        (full, at)
    };
    let mut lines = tracks(summary, values.len(), found);
    // A line of several settings has the name of what they share, as far as that distinguishes it from the other lines.
    let full: Vec<InFull> = lines.iter().map(|line| line.full.clone()).collect();
    let told = shortest(&full.iter().collect::<Vec<_>>());
    for ((line, full), told) in lines.iter_mut().zip(&full).zip(told) {
        if line.groups.iter().flatten().count() > 1 {
            line.label = full.text(|path| told.contains(&path));
        }
    }
    // Methods without the parameter, and methods with the value that means "none", are the same at every position.
    for group in summary.groups.iter().filter(here).filter(|group| found(group).1.is_none()) {
        let (groups, mut label) = (vec![Some(group); values.len()], group.label());
        if lines.iter().any(|line| line.label == label) {
            let value = parameter(group, name).filter(|value| !value.is_null());
            let value = value.map_or_else(|| "by default".to_string(), |value| value.to_string());
            label += &format!(", {} {value}", greek(name));
        }
        lines.push(Track { full: group.method.in_full(), label, method: group.method.name.clone(), groups });
    }
    let position = |value: &Value| Position { tick: value.to_string(), place: None };
    (values.iter().map(position).collect(), lines)
}

/// One track for all groups with the same full setting, in order. A group without a position is on no track. The track
/// has the name of its first group.
fn tracks<'a>(
    summary: &'a Summary<'_>,
    positions: usize,
    of: impl Fn(&Group) -> (InFull, Option<usize>),
) -> Vec<Track<'a>> {
    let mut tracks: Vec<Track<'a>> = Vec::new();
    for group in &summary.groups {
        let (full, Some(at)) = of(group) else { continue };
        let known = tracks.iter().position(|track| track.full == full && track.method == group.method.name);
        let known = known.unwrap_or_else(|| {
            let (label, method) = (group.label(), group.method.name.clone());
            tracks.push(Track { full, label, method, groups: vec![None; positions] });
            tracks.len() - 1
        });
        tracks[known].groups[at] = Some(group);
    }
    tracks
}

/// One line per method, with 95% intervals over test items.
fn curves(spec: &CurvesSpec, words: &Words<'_>, samples: &Samples<'_>) -> Result<Curves> {
    let (metric, summary) = (spec.metric, samples.summary());
    let measure = summary.measures_of(metric).next();
    let (positions, tracks) = along(spec.along.as_ref().unwrap_or(&Along::Views), summary);
    let mut lines: Vec<Vec<Line>> = spec.of.iter().map(|_| Vec::new()).collect();
    let mut lacking: Vec<(String, usize)> = Vec::new();
    for track in tracks {
        let mut points: Vec<Vec<Option<Point>>> = spec.of.iter().map(|_| Vec::new()).collect();
        for group in &track.groups {
            let sample = match (group, measure) {
                (Some(group), Some(measure)) => samples.sample_of(group, measure)?.ok(),
                _ => None,
            };
            let last = group.and_then(|group| summary.views(&group.view_set).last().map(|view| view.to_string()));
            let last = last.unwrap_or_default();
            let without = group.zip(measure).and_then(|(group, measure)| summary.left_out(group, measure));
            let without = without.map_or(0, |without| without.places.iter().filter(|p| shows(spec, &last, p)).count());
            if let (Some(group), true) = (group, sample.is_some() && without > 0) {
                let entry = (format!("{} on {}", group.label(), group.view_set), without);
                if !lacking.contains(&entry) {
                    lacking.push(entry);
                }
            }
            let found = match (sample, group.zip(measure)) {
                (Some(sample), _) => Some(intervals(spec, metric, &last, &sample)?),
                (None, Some((group, measure))) if metric.quantity().is_none() => {
                    Some(of_all_items(spec, &last, summary, group, measure))
                }
                _ => None,
            };
            for (i, points) in points.iter_mut().enumerate() {
                points.push(found.as_ref().map(|found| found[i]).filter(|point| point.value.is_finite()));
            }
        }
        for (lines, values) in lines.iter_mut().zip(points) {
            if values.iter().any(Option::is_some) {
                let Some(first) = track.groups.iter().flatten().next() else { continue };
                let (label, style) = (track.label.clone(), palette::named(first, track.label.clone()));
                lines.push(Line { label, style, values, ..Line::default() });
            }
        }
    }
    let places: Option<Vec<f64>> = positions.iter().map(|position| position.place).collect();
    let panel = |(of, lines): (&Reduce, Vec<Line>)| CurvePanel {
        title: match of {
            Reduce::Mean if spec.with_last => "mean over the pairs with the added view".into(),
            Reduce::Mean if !spec.pairs.is_empty() => pair_names(&spec.pairs),
            Reduce::Mean => "mean over pairs".into(),
            Reduce::Worst | Reduce::Each => "worst pair".into(),
        },
        ticks: positions.iter().map(|position| position.tick.clone()).collect(),
        places: places.clone().unwrap_or_default(),
        lines,
    };
    Ok(Curves {
        title: format!("{}: {}", words.title, metric.title()),
        subtitle: with_lacking(words.subtitle.clone(), &lacking),
        x_label: spec.x(),
        y_label: metric.title().into(),
        y_spacing: Spacing::Linear,
        x_spacing: if spec.along == Some(Along::FitRows) { Spacing::Logarithmic } else { Spacing::Linear },
        unordered: spec.unordered,
        panels: spec.of.iter().zip(lines).map(panel).collect(),
    })
}

/// The points of a metric that is no function of single items. The share that a map keeps of one pair has the interval
/// of its records; other values have none.
fn of_all_items(spec: &CurvesSpec, last: &str, summary: &Summary<'_>, group: &Group, measure: &Measure) -> Vec<Point> {
    let views = summary.views(&group.view_set);
    let shown = |measure: &Measure| -> Vec<f64> {
        let space = summary.headline(group, measure);
        let means = space.map(|space| summary.means(group, measure, space)).unwrap_or_default();
        let place = |source: usize, target: usize| (views[source].to_string(), Some(views[target].to_string()));
        means.into_iter().filter(|&((s, t), _)| shows(spec, last, &place(s, t))).map(|(_, value)| value).collect()
    };
    let end = |name: &str| {
        let metric = Metric::from_name(&format!("{}_{name}", measure.metric))?;
        match shown(&Measure { metric, ..measure.clone() }).as_slice() {
            [end] => Some(*end),
            _ => None,
        }
    };
    let values = shown(measure);
    let worse = |a: &f64, b: &f64| if measure.metric.higher_is_better() { a.total_cmp(b) } else { b.total_cmp(a) };
    let point = |of: &Reduce| Point {
        value: match of {
            Reduce::Mean => values.iter().sum::<f64>() / values.len() as f64,
            Reduce::Worst | Reduce::Each => values.iter().copied().min_by(worse).unwrap_or(f64::NAN),
        },
        interval: end("low").zip(end("high")),
    };
    spec.of.iter().map(point).collect()
}

/// Longest title that names pairs.
const NAMES: usize = 60;

/// The pairs that a mean is over; a pair and its reverse count as one.
fn pair_names(pairs: &[[String; 2]]) -> String {
    let reversed = |[s, t]: &[String; 2]| pairs.iter().position(|[a, b]| a == t && b == s);
    let once = pairs.iter().enumerate().filter(|(i, pair)| reversed(pair).is_none_or(|at| at > *i));
    let names: Vec<String> = once
        .map(|(_, pair)| format!("{} {} {}", pair[0], if reversed(pair).is_some() { "↔" } else { "→" }, pair[1]))
        .collect();
    match (names.as_slice(), pairs.len()) {
        ([one], 1) => one.clone(),
        _ if names.iter().map(String::len).sum::<usize>() > NAMES => {
            format!("mean over {} pairs of views", pairs.len())
        }
        _ => format!("mean over {}", names.join(", ")),
    }
}

/// The first group of each setting.
fn settings<'s>(summary: &'s Summary<'_>) -> Vec<&'s Group> {
    let mut settings: Vec<&Group> = Vec::new();
    for group in &summary.groups {
        if !settings.iter().any(|known| known.method == group.method) {
            settings.push(group);
        }
    }
    settings
}

/// Names of subsets as they appear below an axis.
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
        let line = |setting: &Group| {
            let value = |set: &String| {
                let here =
                    |g: &&Group| g.method == setting.method && g.view_set == *set && summary.is_plain(&g.condition);
                let seconds = summary.cost(summary.groups.iter().find(here)?, column)?;
                Some(Point { value: seconds, interval: None })
            };
            let (label, style) = (setting.label(), palette::key(setting));
            Line { values: sets.iter().map(value).collect(), label, style, ..Line::default() }
        };
        CurvePanel {
            title: title.into(),
            ticks: ticks(&sets),
            places: Vec::new(),
            lines: settings(summary).into_iter().map(line).collect(),
        }
    };
    let mixed = processors::mixed_briefly(summary.records());
    let subtitle = words.subtitle.iter().cloned().chain(mixed).reduce(|words, mixed| format!("{words} {mixed}"));
    Curves {
        title: format!("{}: cost", words.title),
        subtitle,
        x_label: spec.x.clone().unwrap_or_else(|| "views".into()),
        y_label: "seconds".into(),
        y_spacing: Spacing::Logarithmic,
        x_spacing: Spacing::Linear,
        unordered: spec.unordered,
        panels: columns.into_iter().map(panel).collect(),
    }
}

/// Whether a place counts for a curve; `last` is the last view of the subset.
fn shows(spec: &CurvesSpec, last: &str, (source, target): &Place) -> bool {
    let listed = |[s, t]: &[String; 2]| s == source && Some(t.as_str()) == target.as_deref();
    let among = spec.pairs.is_empty() || spec.pairs.iter().any(listed);
    let touches_last = source == last || target.as_deref() == Some(last);
    among && (!spec.with_last || (touches_last && Some(source) != target.as_ref()))
}

fn intervals(spec: &CurvesSpec, metric: Metric, last: &str, sample: &Sample) -> Result<Vec<Point>> {
    let wanted = |place: &Place| shows(spec, last, place);
    let drawn = resampled(&[sample], RESAMPLES, SEED, |evaluated, omitted| {
        let by_place = evaluated[0].by_place(omitted);
        let values: Vec<f64> = by_place.into_iter().filter(|(place, _)| wanted(place)).map(|(_, v)| v).collect();
        let least = |values: &[f64]| {
            let worse = |a: f64, b: f64| match metric.higher_is_better() {
                // A missing value ends the line; it is not skipped.
                _ if a.is_nan() || b.is_nan() => f64::NAN,
                true => a.min(b),
                false => a.max(b),
            };
            values.iter().copied().reduce(worse).unwrap_or(f64::NAN)
        };
        let reduce = |of: &Reduce| match of {
            Reduce::Mean => values.iter().sum::<f64>() / values.len() as f64,
            Reduce::Worst | Reduce::Each => least(&values),
        };
        spec.of.iter().map(reduce).collect()
    })?;
    let mean = by_items(&[sample], wanted, [RESAMPLES; 2], SEED)?.interval(0);
    let point = |(figure, &value): (usize, &f64)| {
        // The interval of a share near zero can end slightly below zero, which no share can reach.
        let interval = match spec.of[figure] {
            Reduce::Mean => mean,
            Reduce::Worst | Reduce::Each => drawn.interval(figure),
        };
        let interval = interval.map(|i| (i.low.max(value.min(0.0)), i.high));
        Point { value, interval }
    };
    Ok(drawn.estimates().iter().enumerate().map(point).collect())
}

/// The first parameter goes down, the second to the right.
fn sweep(spec: &SweepSpec, words: &Words<'_>, summary: &Summary<'_>) -> Heatmaps {
    let groups: Vec<&Group> = summary.groups.iter().filter(|g| g.method.name == spec.method).collect();
    let parameter = |group: &Group, name: &str| parameter(group, name).map(|value| value.to_string());
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
        Some(Panel { title: metric.title().into(), rows: rows.clone(), columns: columns.clone(), values })
    };
    Heatmaps {
        title: format!("{}: {} against {}", words.title, greek(&spec.rows), greek(&spec.columns)),
        subtitle: words.subtitle.clone(),
        panels: panel(spec.metric).into_iter().collect(),
        row_label: greek(&spec.rows),
        column_label: greek(&spec.columns),
        value_label: spec.metric.title().into(),
    }
}
