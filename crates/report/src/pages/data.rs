//! The data for the scripts of the page, as compact JSON: records, pictures and the values of the scatter plot.

use std::collections::HashMap;

use anyhow::Result;
use serde::Serialize;

use crate::draw::palette;
use crate::tables::intervals::Entry;
use crate::tables::summary::{Group, Summary};
use figures::{series, style};
use grid::FitRows;
use grid::keys::{Params, task_differing};
use grid::settings::Names;
use store::cells::Store;
use store::picture::Picture;
use store::record::Record;

/// Largest number of records on a page, which is about two megabytes. The records of a larger grid are in its
/// records.csv.
const MOST_RECORDS: usize = 60_000;
/// Largest number of points of all pictures on a page, which is about half a megabyte.
const MOST_POINTS: usize = 30_000;

/// All data for the scripts.
#[derive(Debug, Serialize)]
pub struct Data {
    /// Stem of the names of downloaded files.
    name: String,
    scatter: Scatter,
    pictures: Vec<PictureData>,
    records: Records,
}

/// The points of the plot of cost against quality.
#[derive(Debug, Serialize)]
struct Scatter {
    measures: Vec<MeasureData>,
    costs: Vec<&'static str>,
    points: Vec<PointData>,
}

#[derive(Debug, Serialize)]
struct MeasureData {
    title: String,
    higher: bool,
}

#[derive(Debug, Serialize)]
struct PointData {
    colour: String,
    /// Outline of the marker around the origin. The inside of two nested outlines is not filled.
    marker: String,
    label: String,
    views: String,
    /// Noise and number of training rows, after a comma.
    condition: String,
    /// By measure: the value and the ends of its interval; without an interval the value alone.
    values: Vec<Option<Vec<f64>>>,
    costs: Vec<Option<f64>>,
}

/// Coordinates of the points in thousandths.
#[derive(Debug, Serialize)]
struct PictureData {
    cell: String,
    title: String,
    labelling: Option<String>,
    items: Vec<u64>,
    labels: Option<Vec<i64>>,
    views: Vec<ViewData>,
}

#[derive(Debug, Serialize)]
struct ViewData {
    name: String,
    /// x and y alternately.
    before: Vec<i32>,
    after: Vec<i32>,
}

/// The records by column. A text is the index of its entry in a list.
#[derive(Debug, Default, Serialize)]
struct Records {
    /// A sentence on the records that are left out.
    left_out: Option<String>,
    cells: Vec<CellData>,
    lists: Vec<ListData>,
    values: Vec<Option<f64>>,
    counts: Vec<Option<u64>>,
    of_cell: Vec<usize>,
}

#[derive(Debug, Serialize)]
struct CellData {
    id: String,
    method: String,
    views: String,
    noise: String,
    /// Number of training rows.
    rows: FitRows,
    seed: Option<u64>,
}

/// One column of texts.
#[derive(Debug, Serialize)]
struct ListData {
    name: &'static str,
    texts: Vec<String>,
    rows: Vec<usize>,
}

impl Data {
    /// The data from the records of a grid, the entries of the overview and the stored pictures.
    ///
    /// # Errors
    /// A picture that cannot be read.
    pub fn of(
        name: &str,
        records: &[Record],
        summary: &Summary<'_>,
        entries: &[Vec<Option<Entry>>],
        store: &Store,
    ) -> Result<Self> {
        Ok(Self {
            name: name.to_string(),
            scatter: scatter(summary, entries),
            pictures: pictures(summary, store)?,
            records: Records::of(records, summary.names()),
        })
    }

    /// Whether there is at least one picture.
    pub fn has_pictures(&self) -> bool {
        !self.pictures.is_empty()
    }

    /// Whether there are costs and values to plot.
    pub fn has_scatter(&self) -> bool {
        !self.scatter.measures.is_empty() && self.scatter.points.iter().any(|p| p.costs.iter().any(Option::is_some))
    }
}

/// Rounds to six significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn scatter(summary: &Summary<'_>, entries: &[Vec<Option<Entry>>]) -> Scatter {
    type Column = fn(&Record) -> Option<f64>;
    let costs: [(&'static str, Column); 4] = [
        ("fit, seconds", |r| r.fit_seconds),
        ("fit, CPU seconds", |r| r.fit_cpu_seconds),
        ("parameters", |r| r.parameters.map(|n| n as f64)),
        ("peak memory, MB", |r| r.peak_rss_mb),
    ];
    let value = |entry: &Option<Entry>| {
        let entry = entry.as_ref()?;
        let mut value = vec![rounded(entry.stat.mean)];
        value.extend(entry.interval.iter().flat_map(|i| [rounded(i.low), rounded(i.high)]));
        Some(value)
    };
    // The markers are those of the figures of the subset.
    let style = |group: &Group| {
        let same = |g: &&Group| g.view_set == group.view_set && g.condition == group.condition;
        let keys: Vec<_> = summary.groups.iter().filter(same).map(palette::key).collect();
        let at = summary.groups.iter().filter(same).position(|g| g == group).unwrap_or(0);
        series::styles(&keys.iter().collect::<Vec<_>>()).get(at).copied().unwrap_or_default()
    };
    let point = |(group, entries): (&Group, &Vec<Option<Entry>>)| PointData {
        colour: style::hex(style(group).colour),
        marker: outline(style(group)),
        label: group.label(),
        views: group.view_set.clone(),
        condition: group.condition.in_full(),
        values: entries.iter().map(value).collect(),
        costs: costs.iter().map(|(_, column)| summary.cost(group, *column).map(rounded)).collect(),
    };
    let measure = |m| MeasureData { title: summary.title(m), higher: m.metric.higher_is_better() };
    Scatter {
        measures: summary.measures().iter().map(measure).collect(),
        costs: costs.iter().map(|(name, _)| *name).collect(),
        points: summary.groups.iter().zip(entries).map(point).collect(),
    }
}

/// A marker as the path of an SVG, around the origin.
fn outline(style: series::Style) -> String {
    let corner = |(x, y): &(f64, f64)| format!("{x:.1} {y:.1}");
    let closed = |points: &[(f64, f64)]| format!("M{}z", points.iter().map(corner).collect::<Vec<_>>().join("L"));
    style.marker.polygons((0.0, 0.0), 5.0, style.colour).iter().map(|(points, _)| closed(points)).collect()
}

/// The pictures of the first seed of every group, clean data first, as many as fit.
fn pictures(summary: &Summary<'_>, store: &Store) -> Result<Vec<PictureData>> {
    let several = (summary.view_sets().len() > 1, summary.conditions().len() > 1);
    let mut groups: Vec<_> = summary.groups.iter().collect();
    groups.sort_by_key(|group| !summary.is_plain(&group.condition));
    let (mut pictures, mut room) = (Vec::new(), MOST_POINTS);
    for group in groups {
        let Some(cell) = summary.of(group).next().map(|record| record.cell.clone()) else { continue };
        let Some(picture) = store.picture(&cell)? else { continue };
        let points = picture.items.len() * picture.views.len();
        if points > room {
            break;
        }
        room -= points;
        let mut title = group.label();
        if several.0 {
            title += &format!(", {}", group.view_set);
        }
        if several.1 {
            title += &group.condition.in_full();
        }
        pictures.push(PictureData::of(cell, title, picture));
    }
    Ok(pictures)
}

impl PictureData {
    fn of(cell: String, title: String, picture: Picture) -> Self {
        let flat = |points: Vec<[f32; 2]>| points.into_iter().flatten().map(|v| (v * 1e3).round() as i32).collect();
        let views = picture.views.into_iter();
        Self {
            cell,
            title,
            labelling: picture.labelling,
            items: picture.items,
            labels: picture.labels,
            views: views.map(|v| ViewData { name: v.name, before: flat(v.before), after: flat(v.after) }).collect(),
        }
    }
}

impl Records {
    fn of(records: &[Record], names: &Names) -> Self {
        let scored: Vec<&Record> = records.iter().filter(|r| r.metric.is_some() && r.method.is_some()).collect();
        if scored.len() > MOST_RECORDS {
            let left_out = format!("{} records are too many for a page; they are in records.csv.", scored.len());
            return Self { left_out: Some(left_out), ..Self::default() };
        }
        let mut out = Self::default();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for record in &scored {
            let next = out.cells.len();
            let at = *places.entry(record.cell.as_str()).or_insert(next);
            if at == next {
                out.cells.push(CellData::of(record, names));
            }
            out.of_cell.push(at);
            out.values.push(record.value.map(rounded));
            out.counts.push(record.n);
        }
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut tasks: HashMap<(Option<&str>, Option<&Params>), String> = HashMap::new();
        for record in &scored {
            tasks.entry((record.task.as_deref(), record.task_params.as_ref())).or_insert_with_key(|key| named(*key));
        }
        let task = |r: &Record| tasks.get(&(r.task.as_deref(), r.task_params.as_ref())).cloned().unwrap_or_default();
        out.lists = vec![
            ListData::of("task", scored.iter().map(|r| task(r))),
            ListData::of("metric", scored.iter().map(|r| r.metric.map_or_else(String::new, |m| m.to_string()))),
            ListData::of("space", scored.iter().map(|r| r.space.map_or_else(String::new, |s| s.name().into()))),
            ListData::of("source", scored.iter().map(|r| text(&r.source))),
            ListData::of("target", scored.iter().map(|r| text(&r.target))),
            ListData::of("why none", scored.iter().map(|r| text(&r.error))),
        ];
        out
    }
}

/// The name of a task with the parameters that differ from its defaults.
fn named((task, params): (Option<&str>, Option<&Params>)) -> String {
    let task = task.unwrap_or_default();
    let differing = params.map(|params| task_differing(task, params)).unwrap_or_default();
    if differing.is_empty() { task.to_string() } else { format!("{task} ({differing})") }
}

impl CellData {
    fn of(record: &Record, names: &Names) -> Self {
        let label = record.method_key().map(|key| names.get(&key).label.clone());
        Self {
            id: record.cell.clone(),
            method: label.or_else(|| record.method.clone()).unwrap_or_default(),
            views: record.view_set().to_string(),
            noise: record.noise.as_ref().map_or_else(String::new, |noise| noise.to_string()),
            rows: FitRows::from_count(record.fit_rows),
            seed: record.seed,
        }
    }
}

impl ListData {
    fn of(name: &'static str, values: impl Iterator<Item = String>) -> Self {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut texts = Vec::new();
        let rows = values
            .map(|text| {
                *places.entry(text).or_insert_with_key(|text| {
                    texts.push(text.clone());
                    texts.len() - 1
                })
            })
            .collect();
        Self { name, texts, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_six_digits() {
        assert_eq!(rounded(0.123_456_789), 0.123_457);
        assert_eq!(rounded(1.0 / 3e6), 3.333_33e-7);
        assert!(rounded(f64::NAN).is_nan());
    }

    #[test]
    fn texts_stand_once() {
        let list = ListData::of("x", ["a", "b", "a"].into_iter().map(str::to_string));
        assert_eq!((list.texts, list.rows), (vec!["a".to_string(), "b".into()], vec![0, 1, 0]));
    }

    #[test]
    fn a_page_holds_what_it_can() {
        let record = Record {
            metric: Some(tasks::Metric::Rank1.into()),
            method: Some("gpa".into()),
            noise: Some(tasks::noise::Noise::default()),
            params: Some(Params::default()),
            value: Some(0.5),
            ..Record::default()
        };
        let records = vec![record; MOST_RECORDS + 1];
        assert!(Records::of(&records, &Names::default()).left_out.is_some_and(|text| text.contains("records.csv")));
        let few = Records::of(&records[..3], &Names::default());
        assert_eq!((few.values.len(), few.cells.len(), few.left_out), (3, 1, None));
    }
}
