//! The table of means over data sets, such as the folds of one data set.

use tasks::{Better, Metric, Spread};

use super::Entry;
use crate::tables::MISSING;
use crate::tables::comparison::ends;
use crate::tables::table::Table;

/// One row: a method on a subset of views under one measure, with its value on each data set.
struct Row {
    method: String,
    values: Vec<Option<f64>>,
}

impl Row {
    /// Mean and deviation over the data sets, if all of them have a value.
    fn spread(&self) -> Option<Spread> {
        Spread::of(&self.values.iter().copied().collect::<Option<Vec<f64>>>()?)
    }

    /// Mean of the paired differences to another row.
    fn behind(&self, best: &Row, sign: f64) -> Option<Spread> {
        let pairs = best.values.iter().zip(&self.values);
        Spread::of(&pairs.map(|(best, own)| Some(sign * ((*best)? - (*own)?))).collect::<Option<Vec<f64>>>()?)
    }
}

/// The rows that are compared with each other: one grid, one measure, one subset of views.
struct Group {
    names: [String; 3],
    metric: Metric,
    /// Best mean first; rows without a mean last.
    rows: Vec<Row>,
}

/// Mean, interval and standard deviation over the data sets of each grid, and the value on each of them. There is no
/// such table unless a grid was run on at least two data sets.
pub fn means(title: &str, entries: &[Entry]) -> Option<Table> {
    let mut sets: Vec<&str> = Vec::new();
    for set in entries.iter().filter_map(|entry| entry.set.as_deref()) {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    if sets.len() < 2 {
        return None;
    }
    let groups = groups(entries, &sets);
    let several = groups.iter().any(|group| group.names[0] != groups[0].names[0]);
    let names = ["grid", "measure", "views", "method"].into_iter().skip(usize::from(!several));
    let mut table = Table {
        title: format!("{title}: means over {} data sets", sets.len()),
        headers: names.chain(["mean", "SD", "behind the best"]).chain(sets.iter().copied()).map(String::from).collect(),
        names: 3 + usize::from(several),
        notes: vec![format!(
            "Mean over the {count} data sets with its 95% interval (Student's t with {freedom} degree{s} of freedom), and \
             the standard deviation (SD). \"Behind the best\" is the mean of the paired differences to the best method, \
             with the same kind of interval. Bold: the best mean. A method without a value on one of the data sets has no \
             mean. The folds of one data set share training items. Their values are therefore not independent, and the \
             intervals are approximate.",
            count = sets.len(),
            freedom = sets.len() - 1,
            s = if sets.len() == 2 { "" } else { "s" },
        )],
        ..Table::default()
    };
    let mean_column = table.names;
    if groups.iter().all(|group| group.metric == groups[0].metric) {
        table.metrics.extend(groups.first().map(|group| (mean_column, group.metric)));
    }
    for group in &groups {
        let best = group.rows.first().filter(|row| group.metric.better() != Better::Neither && row.spread().is_some());
        for (place, row) in group.rows.iter().enumerate() {
            let spread = row.spread();
            if place == 0 && best.is_some() {
                table.best.insert((table.rows.len(), mean_column));
            }
            let behind = best.filter(|_| place > 0).and_then(|best| row.behind(best, sign(group.metric)));
            let missing = || MISSING.to_string();
            let mut line: Vec<String> = group.names.iter().skip(usize::from(!several)).cloned().collect();
            line.push(row.method.clone());
            line.push(
                spread.map_or_else(missing, |of| format!("{:.3} {}", of.mean.estimate, ends(&of.mean, 3, false))),
            );
            line.push(spread.map_or_else(missing, |of| format!("{:.3}", of.deviation)));
            line.push(
                behind.map_or_else(missing, |of| format!("{:.3} {}", of.mean.estimate, ends(&of.mean, 3, false))),
            );
            line.extend(row.values.iter().map(|value| value.map_or_else(missing, |value| format!("{value:.3}"))));
            table.rows.push(line);
        }
    }
    Some(table)
}

/// 1 for a metric whose higher values are better, otherwise −1.
fn sign(metric: Metric) -> f64 {
    if metric.higher_is_better() { 1.0 } else { -1.0 }
}

fn groups(entries: &[Entry], sets: &[&str]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for entry in entries {
        let Some(at) = sets.iter().position(|set| entry.set.as_deref() == Some(*set)) else { continue };
        for comparison in &entry.comparisons {
            for line in &comparison.lines {
                let names = [entry.grid.clone(), comparison.title(), line.view_set.clone()];
                let known = groups.iter().position(|group| group.names == names).unwrap_or_else(|| {
                    groups.push(Group { names, metric: comparison.metric, rows: Vec::new() });
                    groups.len() - 1
                });
                let rows = &mut groups[known].rows;
                let row = rows.iter().position(|row| row.method == line.method).unwrap_or_else(|| {
                    rows.push(Row { method: line.method.clone(), values: vec![None; sets.len()] });
                    rows.len() - 1
                });
                rows[row].values[at] = Some(line.figure.interval.estimate);
            }
        }
    }
    for group in &mut groups {
        let sign = sign(group.metric);
        let worth = |row: &Row| row.spread().map_or(f64::NEG_INFINITY, |spread| sign * spread.mean.estimate);
        group.rows.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    }
    groups
}
