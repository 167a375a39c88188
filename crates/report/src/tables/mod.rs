//! Which tables a grid gets; beside it, how records become their figures, how methods are compared, and how a table is
//! written.

pub mod agreement;
pub mod comparison;
pub mod latex;
pub mod leaderboard;
pub mod paper;
pub mod processors;
pub mod summary;
pub mod table;
mod write;

use align::Coordinates;
use tasks::{Metric, SimilarityMeasure, SimilarityStatistic};

use self::summary::{Group, Measure, Stat, Summary};
use self::table::Table;
use store::slug;

/// What stands for "no figure": never a zero.
pub const MISSING: &str = "n/a";

/// How ± is meant, below every table that has one.
pub const SPREAD_NOTE: &str = "± is the population standard deviation (ddof 0) over views of the means over seeds; \
     Rank-k figures are means over ordered pairs, ± over query views, ties counted against the query.";

/// The tables beside the overview, with the stems of their files.
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

/// The columns that tell lines apart: subset and noise only where there are several.
struct Names {
    view_sets: bool,
    noises: bool,
}

impl Names {
    fn new(summary: &Summary<'_>) -> Self {
        Self { view_sets: summary.view_sets().len() > 1, noises: summary.noises().len() > 1 }
    }

    fn headers(&self) -> Vec<String> {
        let optional = [(self.view_sets, "views"), (self.noises, "noise"), (true, "method")];
        optional.into_iter().filter(|(shown, _)| *shown).map(|(_, name)| name.to_string()).collect()
    }

    fn cells(&self, group: &Group) -> Vec<String> {
        let optional =
            [(self.view_sets, group.view_set.clone()), (self.noises, group.noise.to_string()), (true, group.label())];
        optional.into_iter().filter(|(shown, _)| *shown).map(|(_, text)| text).collect()
    }
}

/// One line per method: headline figures, worst pair, cost.
pub fn overview(title: &str, summary: &Summary<'_>, notes: &[String]) -> Table {
    let names = Names::new(summary);
    let ranked = summary.measures_of(Metric::Rank1).next();
    let mut headers = names.headers();
    let name_columns = headers.len();
    let shown: Vec<&Measure> = summary.measures().iter().filter(|m| !m.metric.is_auxiliary()).collect();
    headers.extend(shown.iter().map(|m| summary.title(m)));
    if ranked.is_some() {
        headers.push("worst pair, Rank-1".into());
    }
    headers.extend(["maps", "parameters", "fit s", "fit CPU s"].map(String::from));
    let rows = summary.groups.iter().map(|group| {
        let mut row = names.cells(group);
        row.extend(shown.iter().map(|m| with_spread(summary.stat(group, m).as_ref())));
        if let Some(rank1) = ranked {
            let worst = summary.stat(group, rank1).map(|s| format!("{:.3} ({})", s.worst.1, s.worst.0));
            row.push(worst.unwrap_or_else(|| MISSING.into()));
        }
        let number = |value: Option<f64>, digits: usize| value.map_or(MISSING.into(), |v| format!("{v:.digits$}"));
        row.push(number(summary.cost(group, |r| r.maps.map(|v| v as f64)), 0));
        row.push(number(summary.cost(group, |r| r.parameters.map(|v| v as f64)), 0));
        row.push(number(summary.cost(group, |r| r.fit_seconds), 2));
        row.push(number(summary.cost(group, |r| r.fit_cpu_seconds), 2));
        row
    });
    let mut table = Table {
        title: title.to_string(),
        headers,
        names: name_columns,
        rows: rows.collect(),
        notes: std::iter::once(SPREAD_NOTE.to_string()).chain(notes.iter().cloned()).collect(),
    };
    table.notes.extend(reasons(summary));
    table.notes.extend(left_out(summary, |metric| !metric.is_auxiliary()));
    table
}

/// Why figures are missing, once per reason: for which methods, on which subsets of views.
fn reasons(summary: &Summary<'_>) -> Vec<String> {
    let mut found = Lists::default();
    for group in &summary.groups {
        let label = group.label();
        for measure in
            summary.measures().iter().filter(|m| !m.metric.is_auxiliary() && summary.stat(group, m).is_none())
        {
            let Some(reason) = summary.reason(group, measure) else { continue };
            found.add((reason, &group.view_set), label.clone());
        }
    }
    let mut merged = Lists::default();
    for ((reason, view_set), methods) in found.0 {
        merged.add((reason, methods), format!("`{view_set}`"));
    }
    let line = |((reason, methods), view_sets): &((String, Vec<String>), Vec<String>)| {
        format!("{MISSING} for {} on {}: {reason}.", methods.join(", "), view_sets.join(", "))
    };
    merged.0.iter().map(line).collect()
}

/// Which means of the metrics shown hold fewer values than they were to, once per reason and method.
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

/// Lists without repetitions, by keys in the order they came.
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

/// One line per method, one column per view.
fn by_view(title: &str, summary: &Summary<'_>, measure: &Measure, notes: &[String]) -> Vec<(String, Table)> {
    let several = summary.view_sets().len() > 1;
    let table = |view_set: &&str| {
        let views = summary.views(view_set);
        let mut headers: Vec<String> = vec!["method".into(), "noise".into()];
        headers.extend(views.iter().map(|v| v.to_string()));
        let groups = summary.groups.iter().filter(|g| g.view_set == *view_set);
        let rows = groups.map(|group| {
            let space = summary.headline(group, measure);
            let means = space.map(|s| summary.means(group, measure, s)).unwrap_or_default();
            let figure = |i: usize| means.get(&(i, i)).map_or(MISSING.into(), |v| format!("{v:.3}"));
            [group.label(), group.noise.to_string()].into_iter().chain((0..views.len()).map(figure)).collect()
        });
        let stem = format!(
            "{}_by_view{}",
            stem_of(summary, measure),
            if several { format!("_{view_set}") } else { String::new() }
        );
        let title =
            format!("{title}: {} per view, means over k-means seeds and seeds of the fit", summary.title(measure));
        (stem, Table { title, headers, names: 2, rows: rows.collect(), notes: notes.to_vec() })
    };
    summary.view_sets().iter().map(table).collect()
}

/// One line per method, space and query view, one column per gallery view.
fn by_pair(title: &str, summary: &Summary<'_>, measure: &Measure, notes: &[String]) -> Vec<(String, Table)> {
    let several = summary.view_sets().len() > 1;
    let table = |view_set: &&str| {
        let views = summary.views(view_set);
        let mut headers: Vec<String> = ["method", "noise", "space", "query"].map(String::from).to_vec();
        headers.extend(views.iter().map(|v| v.to_string()));
        let mut rows = Vec::new();
        for group in summary.groups.iter().filter(|g| g.view_set == *view_set) {
            for space in [Coordinates::Input, Coordinates::Universe, Coordinates::Translated] {
                let means = summary.means(group, measure, space);
                if means.is_empty() {
                    continue;
                }
                for (i, query) in views.iter().enumerate() {
                    let names = [group.label(), group.noise.to_string(), space.name().into(), query.to_string()];
                    let none = |j: usize| if i == j { "–".into() } else { MISSING.into() };
                    let figure = |j: usize| means.get(&(i, j)).map_or_else(|| none(j), |v| format!("{v:.3}"));
                    rows.push(names.into_iter().chain((0..views.len()).map(figure)).collect());
                }
            }
        }
        let stem = format!(
            "{}_by_pair{}",
            stem_of(summary, measure),
            if several { format!("_{view_set}") } else { String::new() }
        );
        let title = format!("{title}: {} of queries in the line's view among the column's", summary.title(measure));
        (stem, Table { title, headers, names: 4, rows, notes: notes.to_vec() })
    };
    summary.view_sets().iter().map(table).collect()
}

/// One line per method and measure of similarity: its readings, means over pairs of views, and the largest p.
fn similarity(title: &str, summary: &Summary<'_>, notes: &[String]) -> Option<(String, Table)> {
    let measure = |likeness, reading| summary.measures_of(Metric::Similarity(likeness, reading)).next();
    measure(SimilarityMeasure::Cka, SimilarityStatistic::Raw)?;
    let names = Names::new(summary);
    let mut headers = names.headers();
    headers.extend(["space", "measure"].map(String::from));
    let name_columns = headers.len();
    headers.extend(["value", "calibrated", "ceiling", "largest p"].map(String::from));
    let mut rows = Vec::new();
    for group in &summary.groups {
        for likeness in SimilarityMeasure::ALL {
            let stat = |reading| summary.stat(group, measure(likeness, reading)?);
            let Some(raw) = stat(SimilarityStatistic::Raw) else { continue };
            let mean = |reading| stat(reading).map_or(MISSING.into(), |s| format!("{:.3}", s.mean));
            let mut row = names.cells(group);
            row.extend([
                raw.space.name().into(),
                Metric::Similarity(likeness, SimilarityStatistic::Raw).title().into(),
            ]);
            row.extend([
                format!("{:.3}", raw.mean),
                mean(SimilarityStatistic::Calibrated),
                mean(SimilarityStatistic::Ceiling),
            ]);
            // Of a p more is worse.
            row.push(
                stat(SimilarityStatistic::P).map_or(MISSING.into(), |s| format!("{:.3} ({})", s.worst.1, s.worst.0)),
            );
            rows.push(row);
        }
    }
    let how = "Means over pairs of views. Calibrated: 0 is what permuted items give in the mean, 1 the most. Ceiling: what \
               halves of the views' own coordinates reach, as a similarity. Procrustes is a distance; its calibrated value and \
               ceiling are of 1 − distance."
        .to_string();
    let notes = std::iter::once(how).chain(notes.iter().cloned()).collect();
    let title = format!("{title}: similarity of the views");
    Some(("similarity".into(), Table { title, headers, names: name_columns, rows, notes }))
}

/// A measure as part of a file name: its metric, and what sets its task apart where that is needed.
pub fn stem_of(summary: &Summary<'_>, measure: &Measure) -> String {
    let title = summary.title(measure);
    let variant = title.split_once('(').map(|(_, rest)| format!("_{}", slug(rest.trim_end_matches(')'))));
    format!("{}{}", measure.metric.name(), variant.unwrap_or_default())
}

/// `0.300 ± 0.024`.
pub fn with_spread(stat: Option<&Stat>) -> String {
    stat.map_or(MISSING.into(), |s| format!("{:.3} ± {:.3}", s.mean, s.std))
}

#[cfg(test)]
mod tests {
    use tasks::noise::Noise;

    use super::*;
    use grid::keys::Params;
    use store::record::Record;

    #[test]
    fn a_reason_is_said_once_for_all_that_share_it() {
        let record = |method: &str, view_set: &str, error: &str| Record {
            views: format!("{view_set}=a,b").parse().expect("a subset"),
            method: Some(method.into()),
            params: Some(Params::default()),
            noise: Some(Noise::default()),
            task: Some("drift".into()),
            task_params: Some(Params::default()),
            metric: Some(Metric::Gamma90.into()),
            error: Some(error.into()),
            ..Record::default()
        };
        let nothing = "nothing drifts";
        let records = [
            record("na", "two", nothing),
            record("gpa", "two", nothing),
            record("na", "all", nothing),
            record("gpa", "all", nothing),
            record("gcca", "all", "too few rows"),
        ];
        let said = reasons(&Summary::new(&records));
        assert_eq!(
            said,
            ["n/a for NA, GPA on `two`, `all`: nothing drifts.", "n/a for GCCA on `all`: too few rows."],
            "{said:?}"
        );
    }
}
