//! The tables of a grid by view, by pair and of similarity. The files beside this one compute values from records,
//! compare methods and write tables.

pub mod agreement;
pub mod comparison;
pub mod findings;
pub mod intervals;
pub mod leaderboard;
pub mod overview;
pub mod pairs;
pub mod paper;
pub mod processors;
pub mod summary;
pub mod table;

use std::collections::HashSet;

use align::Coordinates;
use grid::{Condition, FitRows};
use tasks::noise::Noise;
use tasks::{Better, Metric, SimilarityMeasure, SimilarityStatistic};

use self::summary::{Group, LeftOut, Measure, Stat, Summary};
use self::table::{Table, arrow};
use store::slug;

/// The text in place of a value that does not exist. It is never a zero.
pub const MISSING: &str = "n/a";

/// The meaning of ± in the tables that reproduce those of a paper.
pub const SPREAD_NOTE: &str = "± is the spread over views, no uncertainty: the population standard deviation (ddof 0) over views of \
     the means over seeds. Rank-k figures are means over ordered pairs, ± over query views, ties counted against the query.";

/// The tables besides the overview, with the stems of their files.
pub fn details(title: &str, summary: &Summary<'_>, notes: &[String]) -> Vec<(String, Table)> {
    let mut tables = Vec::new();
    for metric in [Metric::Ari, Metric::Nmi, Metric::DriftMean, Metric::CycleError] {
        tables.extend(summary.measures_of(metric).flat_map(|m| by_view(title, summary, m, notes)));
    }
    for metric in [Metric::Rank1, Metric::Accuracy, Metric::Map] {
        tables.extend(summary.measures_of(metric).flat_map(|m| by_pair(title, summary, m, notes)));
    }
    tables.extend(similarity(title, summary, notes));
    tables
}

/// The columns that distinguish lines: the subset of views, the noise and the number of training rows appear only if
/// there are several.
pub(crate) struct Names {
    view_sets: bool,
    noises: bool,
    sizes: bool,
}

impl Names {
    pub(crate) fn new(summary: &Summary<'_>) -> Self {
        let noise = |condition: &&Condition| condition.noise.clone();
        let noises: HashSet<Noise> = summary.conditions().iter().map(noise).collect();
        Self { view_sets: summary.view_sets().len() > 1, noises: noises.len() > 1, sizes: summary.sizes().len() > 1 }
    }

    /// The same columns for a table of one subset of views.
    fn of_one_set(summary: &Summary<'_>) -> Self {
        Self { view_sets: false, ..Self::new(summary) }
    }

    /// Of a table whose lines hold all numbers of training rows.
    pub(crate) fn of_all_sizes(summary: &Summary<'_>) -> Self {
        Self { sizes: false, ..Self::new(summary) }
    }

    pub(crate) fn headers(&self) -> Vec<String> {
        let optional =
            [(self.view_sets, "views"), (self.noises, "noise"), (self.sizes, "training rows"), (true, "method")];
        optional.into_iter().filter(|(shown, _)| *shown).map(|(_, name)| name.to_string()).collect()
    }

    pub(crate) fn cells(&self, group: &Group) -> Vec<String> {
        let Condition { noise, fit_rows } = &group.condition;
        let optional = [
            (self.view_sets, group.view_set.clone()),
            (self.noises, noise.to_string()),
            (self.sizes, fit_rows.to_string()),
            (true, group.label()),
        ];
        optional.into_iter().filter(|(shown, _)| *shown).map(|(_, text)| text).collect()
    }
}

/// A title with the noise and the number of training rows, if all lines have the same ones and their columns are left
/// out.
pub(crate) fn over(title: &str, summary: &Summary<'_>) -> String {
    let names = Names::new(summary);
    let Some(first) = summary.conditions().first().copied() else { return title.to_string() };
    let shared = Condition {
        noise: if names.noises { Noise::default() } else { first.noise.clone() },
        fit_rows: if names.sizes { FitRows::All } else { first.fit_rows },
    };
    format!("{title}{}", shared.suffix())
}

/// Adds the reason why an entry has no value.
fn remark_missing(table: &mut Table, entry: (usize, usize), summary: &Summary<'_>, group: &Group, measure: &Measure) {
    let reason = summary.reason(group, measure).unwrap_or_else(|| "it was not computed".into());
    table.remark(entry, &format!("No value: {reason}."));
}

/// The note on a mean over some of its values.
fn mean_of_others(without: &LeftOut) -> String {
    format!("A mean of the others: {without}.")
}

/// Marks the best entry of a column among lines with the same key, by the unrounded values.
fn mark_best<K: PartialEq>(table: &mut Table, column: usize, better: Better, lines: &[(K, Option<f64>)]) {
    let mut keys: Vec<&K> = Vec::new();
    for (key, _) in lines {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        let same = lines.iter().enumerate().filter(|(_, (other, _))| other == key);
        table.mark_best(column, &same.map(|(line, (_, value))| (line, *value)).collect::<Vec<_>>(), better);
    }
}

/// The means that hold fewer values than they should, once for each reason and method.
pub fn left_out(summary: &Summary<'_>, shown: impl Fn(Metric) -> bool) -> Vec<String> {
    let mut found = Lists::default();
    for group in &summary.groups {
        for measure in summary.measures().iter().filter(|m| shown(m.metric)) {
            if let Some(without) = summary.left_out(group, measure) {
                found.add((without.to_string(), group.label(), &group.view_set), summary.title(measure));
            }
        }
    }
    let line = |((without, method, view_set), measures): &((String, String, &String), Vec<String>)| {
        format!("{} of {method} on `{view_set}` is a mean of the others: {without}.", measures.join(", "))
    };
    found.0.iter().map(line).collect()
}

/// The distinct lists by key, in the order in which the keys came.
struct Lists<K>(Vec<(K, Vec<String>)>);

impl<K> Default for Lists<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Lists<K> {
    fn add(&mut self, key: K, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, list)) if list.contains(&value) => {}
            Some((_, list)) => list.push(value),
            None => self.0.push((key, vec![value])),
        }
    }
}

/// One line for each method, one column for each view.
fn by_view(title: &str, summary: &Summary<'_>, measure: &Measure, notes: &[String]) -> Vec<(String, Table)> {
    let names = Names::of_one_set(summary);
    let table = |view_set: &&str| {
        let views = summary.views(view_set);
        let what = format!("{title}{}: {} by view", of_set(summary, view_set), titled(summary, measure));
        let mut table = detail(&over(&what, summary), names.headers(), views, notes);
        let mut lines = Vec::new();
        for (line, group) in summary.groups.iter().filter(|g| g.view_set == *view_set).enumerate() {
            let space = summary.headline(group, measure);
            let means = space.map(|s| summary.means(group, measure, s)).unwrap_or_default();
            let value = |i: usize| means.get(&(i, i)).copied();
            table.rows.push(names.cells(group));
            table.rows[line].extend((0..views.len()).map(|i| three_digits(value(i))));
            for i in (0..views.len()).filter(|i| value(*i).is_none()) {
                remark_missing(&mut table, (line, names.headers().len() + i), summary, group, measure);
            }
            lines.push((&group.condition, (0..views.len()).map(value).collect()));
        }
        mark_all(&mut table, measure.metric.better(), &lines);
        (stem_in(summary, measure, "by_view", view_set), table)
    };
    summary.view_sets().iter().map(table).collect()
}

/// One line for each method, space and query view, one column for each gallery view.
fn by_pair(title: &str, summary: &Summary<'_>, measure: &Measure, notes: &[String]) -> Vec<(String, Table)> {
    let names = Names::of_one_set(summary);
    let table = |view_set: &&str| {
        let views = summary.views(view_set);
        let ends = pair_ends(measure.metric);
        let what = format!(
            "{title}{}: {} by pair, the {} in the line, the {} in the column",
            of_set(summary, view_set),
            titled(summary, measure),
            ends.0,
            ends.1
        );
        let mut headers = names.headers();
        headers.extend(["space", ends.0].map(String::from));
        let mut table = detail(&over(&what, summary), headers, views, notes);
        let mut lines = Vec::new();
        for group in summary.groups.iter().filter(|g| g.view_set == *view_set) {
            for space in [Coordinates::Input, Coordinates::Universe, Coordinates::Translated] {
                let means = summary.means(group, measure, space);
                if means.is_empty() {
                    continue;
                }
                for (i, query) in views.iter().enumerate() {
                    let value = |j: usize| means.get(&(i, j)).copied();
                    let entry =
                        |j: usize| if i == j && value(j).is_none() { "–".into() } else { three_digits(value(j)) };
                    let line = table.rows.len();
                    let mut row = names.cells(group);
                    row.extend([space.name().into(), query.to_string()]);
                    row.extend((0..views.len()).map(entry));
                    table.rows.push(row);
                    for j in (0..views.len()).filter(|j| *j != i && value(*j).is_none()) {
                        let why = summary.missing(group, measure, space, (query, views[j]));
                        table.remark((line, table.names + j), &format!("No value: {why}."));
                    }
                    lines.push(((&group.condition, i), (0..views.len()).map(value).collect()));
                }
            }
        }
        mark_all(&mut table, measure.metric.better(), &lines);
        (stem_in(summary, measure, "by_pair", view_set), table)
    };
    summary.view_sets().iter().map(table).collect()
}

/// The two ends of a pair: retrieval looks up the items of one view in another; a classifier is trained on one view and
/// applied to another.
pub fn pair_ends(metric: Metric) -> (&'static str, &'static str) {
    match metric {
        Metric::Accuracy => ("source view", "target view"),
        metric if metric.is_symmetric() => ("view", "view"),
        _ => ("query view", "gallery view"),
    }
}

/// An empty table with a column for each view.
fn detail(title: &str, names: Vec<String>, views: &[&str], notes: &[String]) -> Table {
    let count = names.len();
    let headers = names.into_iter().chain(views.iter().map(|view| view.to_string())).collect();
    Table { title: title.to_string(), headers, names: count, notes: notes.to_vec(), ..Table::default() }
}

/// Marks the best entry of every column after the names; `lines` hold the key that lines share and their values.
fn mark_all<K: PartialEq + Copy>(table: &mut Table, better: Better, lines: &[(K, Vec<Option<f64>>)]) {
    for column in table.names..table.headers.len() {
        let values: Vec<(K, Option<f64>)> = lines.iter().map(|(key, row)| (*key, row[column - table.names])).collect();
        mark_best(table, column, better, &values);
    }
}

/// The name of a measure with the direction of its metric.
fn titled(summary: &Summary<'_>, measure: &Measure) -> String {
    format!("{} {}", summary.title(measure), arrow(measure.metric.better())).trim_end().to_string()
}

/// The subset of views, if there are several.
fn of_set(summary: &Summary<'_>, view_set: &str) -> String {
    if summary.view_sets().len() > 1 { format!(" on {view_set}") } else { String::new() }
}

/// The stem of the files of a table, with the subset of views if there are several.
fn stem_in(summary: &Summary<'_>, measure: &Measure, kind: &str, view_set: &str) -> String {
    let set = if summary.view_sets().len() > 1 { format!("_{view_set}") } else { String::new() };
    format!("{}_{kind}{set}", stem_of(summary, measure))
}

pub(crate) fn three_digits(value: Option<f64>) -> String {
    value.map_or(MISSING.into(), |v| format!("{v:.3}"))
}

/// One line for each method and similarity measure: its statistics, means over pairs of views, and the largest p.
fn similarity(title: &str, summary: &Summary<'_>, notes: &[String]) -> Option<(String, Table)> {
    let measure = |likeness, reading| summary.measures_of(Metric::Similarity(likeness, reading)).next();
    measure(SimilarityMeasure::Cka, SimilarityStatistic::Raw)?;
    let names = Names::new(summary);
    let how = "Means over pairs of views; bold: the best mean of its subset of views, noise and measure. Calibrated: 0 is what permuted \
               items give in the mean, 1 the most. Ceiling: what halves of the views' own coordinates reach, as a similarity. \
               Procrustes is a distance; its calibrated value and ceiling are of 1 − distance."
        .to_string();
    let mut table = Table {
        title: over(&format!("{title}: similarity of the views"), summary),
        headers: names.headers(),
        notes: std::iter::once(how).chain(notes.iter().cloned()).collect(),
        ..Table::default()
    };
    table.headers.extend(["space", "measure"].map(String::from));
    table.names = table.headers.len();
    table.headers.extend(["value", "calibrated", "ceiling", "largest p"].map(String::from));
    let mut lines: [Vec<_>; SimilarityMeasure::ALL.len()] = Default::default();
    for group in &summary.groups {
        for (kind, likeness) in SimilarityMeasure::ALL.into_iter().enumerate() {
            let stat = |reading| summary.stat(group, measure(likeness, reading)?);
            let Some(raw) = stat(SimilarityStatistic::Raw) else { continue };
            let mean = |reading| stat(reading).map(|s| s.mean);
            let metric = Metric::Similarity(likeness, SimilarityStatistic::Raw);
            let mut row = names.cells(group);
            row.extend([raw.space.name().into(), format!("{} {}", metric.title(), arrow(metric.better()))]);
            row.push(three_digits(Some(raw.mean)));
            row.extend([SimilarityStatistic::Calibrated, SimilarityStatistic::Ceiling].map(|s| three_digits(mean(s))));
            // A larger p is worse.
            row.push(
                stat(SimilarityStatistic::P).map_or(MISSING.into(), |s| format!("{:.3} ({})", s.worst.1, s.worst.0)),
            );
            let line = table.rows.len();
            table.rows.push(row);
            lines[kind].push((
                line,
                (&group.view_set, &group.condition),
                raw.mean,
                mean(SimilarityStatistic::Calibrated),
            ));
        }
    }
    for (kind, likeness) in SimilarityMeasure::ALL.into_iter().enumerate() {
        let better = Metric::Similarity(likeness, SimilarityStatistic::Raw).better();
        for (_, key, ..) in &lines[kind] {
            let same = || lines[kind].iter().filter(|(_, other, ..)| other == key);
            let raw: Vec<_> = same().map(|&(line, _, raw, _)| (line, Some(raw))).collect();
            let calibrated: Vec<_> = same().map(|&(line, _, _, calibrated)| (line, calibrated)).collect();
            table.mark_best(table.names, &raw, better);
            table.mark_best(table.names + 1, &calibrated, Better::Higher);
        }
    }
    Some(("similarity".into(), table))
}

/// A measure as a part of a file name: the metric, and the settings of its task if the metric alone is ambiguous.
pub fn stem_of(summary: &Summary<'_>, measure: &Measure) -> String {
    let title = summary.title(measure);
    let variant = title.split_once('(').map(|(_, rest)| format!("_{}", slug(rest.trim_end_matches(')'))));
    format!("{}{}", measure.metric.name(), variant.unwrap_or_default())
}

/// `0.300 ± 0.024`.
pub fn with_spread(stat: Option<&Stat>) -> String {
    stat.map_or(MISSING.into(), |s| format!("{:.3} ± {:.3}", s.mean, s.std))
}
