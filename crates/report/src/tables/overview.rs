//! The overview: all methods by all measures, one part for each task, with intervals; then numbers of items and seeds,
//! and cost.

use tasks::{Metric, Task};

use crate::tables::comparison::ends;
use crate::tables::intervals::{Entry, Standing, Standings};
use crate::tables::summary::{Measure, Summary};
use crate::tables::table::Table;
use crate::tables::{MISSING, Names, mean_of_others, over, remark_missing};
use grid::keys::task_differing;

/// The note on the intervals of the overview.
pub const INTERVAL_NOTE: &str = "In brackets: 95% intervals over held-out items and, where there are several, over seeds, for these \
     training rows (1,000 resamples; comparisons have 10,000, so that the last digit can differ). Bold, on screen ★: the best of its \
     subset of views and noise; ≈: a paired test does not tell it from the best (p ≥ 0.05, \
     adjusted over all pairs of methods). Values are means over views or ordered pairs; ties count against the query.";

/// Largest number of measures in one part; more do not fit on a page.
const MOST_COLUMNS: usize = 5;

/// One line per method: every measure with its interval, a part for each task; then counts and cost.
pub fn overview(title: &str, summary: &Summary<'_>, standings: &Standings, notes: &[String]) -> Table {
    let names = Names::new(summary);
    let mut table = Table {
        title: over(title, summary),
        headers: names.headers(),
        rows: summary.groups.iter().map(|group| names.cells(group)).collect(),
        notes: std::iter::once(INTERVAL_NOTE.to_string()).chain(notes.iter().cloned()).collect(),
        ..Table::default()
    };
    table.names = table.headers.len();
    for (task, measures) in by_task(summary) {
        for (i, some) in measures.chunks(MOST_COLUMNS).enumerate() {
            table.part(if i == 0 { task.clone() } else { format!("{task}, part {}", i + 1) });
            some.iter().for_each(|m| measured(&mut table, summary, standings, *m));
        }
    }
    table.part("Counts and cost of a fit");
    counts(&mut table, summary);
    table
}

/// The measures of the overview, by task and its settings, in the order of the measures.
fn by_task(summary: &Summary<'_>) -> Vec<(String, Vec<usize>)> {
    let mut tasks: Vec<(&Measure, Vec<usize>)> = Vec::new();
    for (m, measure) in summary.measures().iter().enumerate().filter(|(_, m)| !m.metric.is_auxiliary()) {
        let same = |other: &&Measure| other.task == measure.task && other.task_params == measure.task_params;
        match tasks.iter_mut().find(|(first, _)| same(first)) {
            Some((_, list)) => list.push(m),
            None => tasks.push((measure, vec![m])),
        }
    }
    tasks.into_iter().map(|(measure, list)| (task_title(measure), list)).collect()
}

/// The title of a part: the title of the task, and the settings that differ from its defaults.
fn task_title(measure: &Measure) -> String {
    let title = Task::from_name(&measure.task).map_or_else(|| measure.task.clone(), |task| task.title().to_string());
    match task_differing(&measure.task, &measure.task_params) {
        settings if settings.is_empty() => title,
        settings => format!("{title} ({settings})"),
    }
}

/// The column of one measure, with its marks and remarks.
fn measured(table: &mut Table, summary: &Summary<'_>, standings: &Standings, m: usize) {
    let measure = &summary.measures()[m];
    let column = table.headers.len();
    table.headers.push(summary.title(measure));
    table.metrics.insert(column, measure.metric);
    for (line, group) in summary.groups.iter().enumerate() {
        let entry = standings.entries[line][m].as_ref();
        table.rows[line].push(entry.map_or(MISSING.into(), text));
        match entry.and_then(|entry| entry.standing) {
            Some(Standing::Best) => drop(table.best.insert((line, column))),
            Some(Standing::Level) => drop(table.level.insert((line, column))),
            Some(Standing::Behind) | None => {}
        }
        match entry {
            None => remark_missing(table, (line, column), summary, group, measure),
            Some(entry) => {
                if let Some(without) = summary.left_out(group, measure) {
                    table.remark((line, column), &mean_of_others(&without));
                } else if let Err(why) = &entry.interval {
                    table.remark((line, column), &format!("No interval: {why}."));
                }
            }
        }
    }
}

/// A value with its interval, such as `0.391 [0.380, 0.402]`, or the value alone.
fn text(entry: &Entry) -> String {
    match &entry.interval {
        Ok(interval) => format!("{:.3} {}", entry.stat.mean, ends(interval, 3, false)),
        Err(_) => format!("{:.3}", entry.stat.mean),
    }
}

/// The columns for the worst pair, items, seeds, size and seconds.
fn counts(table: &mut Table, summary: &Summary<'_>) {
    let number = |value: Option<f64>, digits: usize| value.map_or(MISSING.into(), |v| format!("{v:.digits$}"));
    let ranked = summary.measures_of(Metric::Rank1).next();
    if ranked.is_some() {
        table.headers.push("worst pair, Rank-1".into());
    }
    table.headers.extend(["items", "seeds", "maps", "parameters", "fit s", "fit CPU s"].map(String::from));
    for (line, group) in summary.groups.iter().enumerate() {
        let row = &mut table.rows[line];
        if let Some(rank1) = ranked {
            let worst = summary.stat(group, rank1).map(|s| format!("{:.3} ({})", s.worst.1, s.worst.0));
            row.push(worst.unwrap_or_else(|| MISSING.into()));
        }
        let items = summary.of(group).filter_map(|record| record.n).max();
        let mut seeds: Vec<Option<u64>> = summary.of(group).map(|record| record.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        row.push(items.map_or(MISSING.into(), |n| n.to_string()));
        row.push(seeds.len().to_string());
        row.push(number(summary.cost(group, |r| r.maps.map(|v| v as f64)), 0));
        row.push(number(summary.cost(group, |r| r.parameters.map(|v| v as f64)), 0));
        row.push(number(summary.cost(group, |r| r.fit_seconds), 2));
        row.push(number(summary.cost(group, |r| r.fit_cpu_seconds), 2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::Coordinates;

    use crate::samples::Samples;
    use grid::keys::Params;
    use store::cells::Store;
    use store::record::Record;
    use tasks::noise::Noise;

    #[test]
    fn a_reason_is_said_once_for_all_entries_that_share_it() {
        let record = |method: &str, view_set: &str, error: Option<&str>| Record {
            cell: format!("{method}-{view_set}"),
            views: format!("{view_set}=a,b").parse().expect("a subset"),
            method: Some(method.into()),
            params: Some(Params::default()),
            noise: Some(Noise::default()),
            task: Some("drift".into()),
            task_params: Some(Params::default()),
            space: Some(Coordinates::Universe),
            source: Some("a".into()),
            metric: Some(Metric::DriftP95.into()),
            value: error.is_none().then_some(0.25),
            error: error.map(str::to_string),
            ..Record::default()
        };
        let nothing = Some("nothing drifts");
        let records = [
            record("na", "two", nothing),
            record("gpa", "two", nothing),
            record("na", "all", nothing),
            record("gcca", "all", Some("too few rows")),
            record("gcpa", "all", None),
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        for record in &records {
            store.keep(&record.cell, std::slice::from_ref(record), &[]).expect("writable");
        }
        let samples = Samples::new(&records, &store);
        let standings = Standings::of(&samples).expect("readable");
        let table = overview("T", samples.summary(), &standings, &[]);
        let drift = &table.pieces()[0];
        assert_eq!(drift.title, "Drift");
        assert_eq!((drift.heading(2).as_str(), drift.rows[4][2].as_str()), ("drift p95 ↓", "0.250"));
        assert_eq!(
            drift.footnotes(),
            ["¹ No value: nothing drifts.", "² No value: too few rows.", "³ No interval: no stored scores of `gcpa`."]
        );
        let marks: Vec<String> = (0..5).map(|line| drift.remarked((line, 2))).collect();
        assert_eq!(marks, ["¹", "¹", "¹", "²", "³"]);
        assert!(table.best.is_empty() && table.level.is_empty(), "there is nothing to be better than");
        let last = &table.pieces()[1];
        assert_eq!(last.headers, ["views", "method", "items", "seeds", "maps", "parameters", "fit s", "fit CPU s"]);
    }

    #[test]
    fn a_single_noise_stands_in_the_title() {
        let record = Record {
            views: "all=a,b".parse().expect("a subset"),
            method: Some("gpa".into()),
            params: Some(Params::default()),
            noise: Some("permute 0.5 of a seed 0".parse().expect("a noise")),
            ..Record::default()
        };
        let records = [record];
        let summary = Summary::new(&records);
        assert_eq!(over("T", &summary), "T, noise permute 0.5 of a seed 0");
        let clean = [Record { noise: Some(Noise::default()), ..records[0].clone() }];
        assert_eq!(over("T", &Summary::new(&clean)), "T");
    }
}
