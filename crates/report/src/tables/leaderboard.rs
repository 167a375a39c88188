//! `experiments/leaderboard.yaml`: the methods of several grids in one table and one figure.
//!
//! A row is a method, identified by its label. A column is a subset of views of a grid under one measure of the primary
//! metric. All values come from the comparisons of the grids, that is, from records and stored scores.

mod means;

use std::path::{Path, PathBuf};

use anyhow::Result;
use data::DataError;
use data::yaml::{self, Located};
use serde::Deserialize;
use tasks::Metric;

pub use self::means::means;
use crate::settings;
use crate::tables::MISSING;
use crate::tables::comparison::{Comparison, LEVEL, Line, adjust_over, ends, p_value};
use crate::tables::table::Table;
use figures::{Forest, ForestRow, Point};
use grid::Grid;
use grid::figure_spec::{STEM, is_stem};
use grid::keys::MethodKey;
use grid::settings::{Names, Setting};

/// The grids of a leaderboard.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a leaderboard (name, title, grids, data, rows)")]
pub struct Leaderboard {
    /// Name of the output folder.
    pub name: String,
    /// Title of the tables and the figure.
    pub title: String,
    /// The grid files, relative to this one.
    pub grids: Vec<PathBuf>,
    /// Data sets on which every grid is run in place of its own: names, or paths of manifests relative to this file,
    /// such as the folds of one data set.
    #[serde(default)]
    pub data: Vec<String>,
    /// Methods that share a row although their labels differ, such as two ranks because one data set is too narrow for
    /// the larger.
    #[serde(default)]
    pub rows: Vec<Row>,
}

/// Methods of several grids that share a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a row (label, methods)")]
pub struct Row {
    /// The label of the row.
    pub label: String,
    /// The methods: aliases, names in the tables of their grids, or full labels.
    pub methods: Vec<String>,
}

/// The results of one grid on one data set.
pub struct Entry {
    /// The grid file.
    pub grid: String,
    /// The data set that the leaderboard names in place of the grid's own.
    pub set: Option<String>,
    /// The name of the data in tables.
    pub data: String,
    /// The settings of its methods.
    pub settings: Vec<Setting>,
    /// Its comparisons, the pre-registered measure first.
    pub comparisons: Vec<Comparison>,
}

impl Leaderboard {
    /// Reads a leaderboard file and the grid files that it names.
    ///
    /// # Errors
    /// The errors of every YAML file; no grid; an error in a grid; a row with a method that no grid has, that another
    /// row has, too, or with two methods of one grid.
    pub fn read(path: &Path) -> Result<Located<Self>> {
        let board: Located<Self> = yaml::read(path)?;
        let Self { name, grids, rows, .. } = &board.value;
        if !is_stem(name) {
            return Err(board.error("name", format!("`{name}` names a folder; {STEM}")).into());
        }
        if grids.is_empty() {
            return Err(board.error("grids", "the list is empty; it needs at least one grid file").into());
        }
        let mut settings: Vec<Vec<Setting>> = Vec::new();
        for (i, grid) in grids.iter().enumerate() {
            let file = path.parent().unwrap_or(Path::new("")).join(grid);
            if !file.exists() {
                let found = format!("there is no file {}; correct the path", file.display());
                return Err(board.error(&format!("grids[{i}]"), found).into());
            }
            settings.push(Grid::read(&file)?.value.settings());
        }
        check_rows(&board, rows, &settings)?;
        Ok(board)
    }

    /// Gives every line a name that is unique over the settings of all grids, and gives the methods of each of
    /// [`Leaderboard::rows`] the label of the row. Settings with the same alias share a row.
    pub fn join(&self, entries: &mut [Entry]) {
        let names = all_names(entries.iter().map(|entry| entry.settings.as_slice()));
        for line in entries.iter_mut().flat_map(|entry| &mut entry.comparisons).flat_map(|c| &mut c.lines) {
            let known = [names.get(&line.setting).label.clone(), line.setting.label(), line.method.clone()];
            let row = self.rows.iter().find(|row| row.methods.iter().any(|method| known.contains(method)));
            let [label, ..] = known;
            line.method = row.map_or(label, |row| row.label.clone());
        }
    }
}

/// Names of settings that are unique over several grids. The alias of one grid holds for all grids.
fn all_names<'s>(grids: impl Iterator<Item = &'s [Setting]>) -> Names {
    let mut all: Vec<Setting> = grids.flatten().cloned().collect();
    all.sort_by_key(|setting| setting.alias.is_none());
    Names::of(&all)
}

/// Refuses rows that would hold two methods of one grid, and unknown methods.
fn check_rows(board: &Located<Leaderboard>, rows: &[Row], grids: &[Vec<Setting>]) -> Result<(), DataError> {
    let all = all_names(grids.iter().map(Vec::as_slice));
    let of_grid = |settings: &Vec<Setting>| -> Vec<[String; 3]> {
        let own = Names::of(settings);
        let names = |key: MethodKey| [all.get(&key).label.clone(), own.get(&key).label.clone(), key.label()];
        settings.iter().map(|setting| names(setting.key())).collect()
    };
    let labels: Vec<Vec<[String; 3]>> = grids.iter().map(of_grid).collect();
    let mut seen: Vec<(&str, String)> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        if row.methods.is_empty() {
            let found = "the list is empty; it needs at least one label";
            return Err(board.error(&format!("rows[{i}].methods"), found));
        }
        for (j, method) in row.methods.iter().enumerate() {
            let key = format!("rows[{i}].methods[{j}]");
            if !labels.iter().flatten().flatten().any(|label| label == method) {
                let mut known: Vec<String> = labels.iter().flatten().flatten().cloned().collect();
                known.sort();
                known.dedup();
                return Err(board.unknown(&key, "label", method, known));
            }
            if let Some((_, first)) = seen.iter().find(|(known, _)| known == method) {
                return Err(board.error(&key, format!("`{method}` stands in `{first}` already; remove one of the two")));
            }
            seen.push((method, key));
        }
        for (grid, of_grid) in board.value.grids.iter().zip(&labels) {
            let named = |names: &[String; 3]| row.methods.iter().find(|method| names.contains(method));
            let its: Vec<&String> = of_grid.iter().filter_map(named).collect();
            if let [first, second, ..] = its[..] {
                let found = format!(
                    "{} has both `{first}` and `{second}`, and a line holds one method of each grid; give each a row of its own",
                    grid.display()
                );
                return Err(board.error(&format!("rows[{i}].methods"), found));
            }
        }
    }
    Ok(())
}

/// A column: the lines of one comparison on one subset of views.
struct Column<'a> {
    entry: usize,
    title: String,
    measure: &'a str,
    metric: Metric,
    /// Whether the measure is the first of the grid. Methods are ordered by these measures.
    leads: bool,
    lines: Vec<&'a Line>,
}

impl Column<'_> {
    fn line(&self, method: &str) -> Option<&Line> {
        self.lines.iter().copied().find(|line| line.method == method)
    }
}

fn columns(entries: &[Entry]) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    for (entry, of) in entries.iter().enumerate() {
        for (i, comparison) in of.comparisons.iter().enumerate() {
            let mut sets: Vec<&str> = comparison.lines.iter().map(|line| line.view_set.as_str()).collect();
            sets.dedup();
            for set in &sets {
                let set_name = if sets.len() > 1 { format!(" {set}") } else { String::new() };
                columns.push(Column {
                    entry,
                    title: format!("{}{set_name}: {}", of.data, comparison.name),
                    measure: &comparison.name,
                    metric: comparison.metric,
                    leads: i == 0,
                    lines: comparison.lines.iter().filter(|line| line.view_set == *set).collect(),
                });
            }
        }
    }
    columns
}

/// Methods by their mean place over the leading columns, the best first. A method without a value in one of these
/// columns comes after all others.
fn order(columns: &[Column<'_>]) -> Vec<(String, Option<f64>)> {
    let mut methods: Vec<(String, Option<f64>)> = Vec::new();
    for line in columns.iter().flat_map(|column| &column.lines) {
        if methods.iter().any(|(method, _)| *method == line.method) {
            continue;
        }
        let middle = |column: &Column<'_>| {
            let (first, last) = column.line(&line.method)?.places;
            Some((first + last) as f64 / 2.0)
        };
        let places: Option<Vec<f64>> = columns.iter().filter(|column| column.leads).map(middle).collect();
        let mean = places.map(|places| places.iter().sum::<f64>() / places.len() as f64);
        methods.push((line.method.clone(), mean));
    }
    methods.sort_by(|a, b| a.1.unwrap_or(f64::INFINITY).total_cmp(&b.1.unwrap_or(f64::INFINITY)));
    methods
}

/// The table: value, interval and place in every column, one part for each data set; then mean place and cost.
pub fn table(title: &str, entries: &[Entry], notes: &[String]) -> Table {
    let columns = columns(entries);
    let methods = order(&columns);
    let how = "Value, 95% interval, and after the dot the place or places that 95% of the resamples give the method in that \
               column. Bold: the best; ≈: a test does not tell it from the best (p ≥ 0.05). Ordered by the mean of the places' middles \
               over each data set's first measure; seconds are means over data sets."
        .to_string();
    let mut table = Table {
        title: title.to_string(),
        headers: vec!["method".to_string()],
        names: 1,
        rows: methods.iter().map(|(method, _)| vec![method.clone()]).collect(),
        notes: std::iter::once(how).chain(notes.iter().cloned()).collect(),
        ..Table::default()
    };
    for (at, column) in columns.iter().enumerate() {
        if at == 0 || columns[at - 1].entry != column.entry {
            table.part(entries[column.entry].data.clone());
        }
        table.metrics.insert(table.headers.len(), column.metric);
        for (i, (method, _)) in methods.iter().enumerate() {
            let line = column.line(method);
            table.rows[i].push(line.map_or(MISSING.into(), cell));
            match line.map(|line| line.adjusted) {
                Some(None) => drop(table.best.insert((i, table.headers.len()))),
                Some(Some(p)) if p >= LEVEL => drop(table.level.insert((i, table.headers.len()))),
                _ => {}
            }
        }
        table.headers.push(column.title.clone());
    }
    table.part("Mean place and cost");
    table.headers.extend(["mean place", "fit s", "fit CPU s"].map(String::from));
    for (row, (method, place)) in table.rows.iter_mut().zip(&methods) {
        row.push(place.map_or(MISSING.into(), |place| format!("{place:.1}")));
        for which in [0, 1] {
            let leading = columns.iter().filter(|column| column.leads);
            let seconds: Option<Vec<f64>> = leading.map(|column| column.line(method)?.cost[which]).collect();
            let mean = seconds.map(|s| s.iter().sum::<f64>() / s.len() as f64);
            row.push(mean.map_or(MISSING.into(), |s| format!("{s:.2}")));
        }
    }
    table
}

fn cell(line: &Line) -> String {
    let i = &line.figure.interval;
    format!("{:.3} {} · {}", i.estimate, ends(i, 3, false), line.place())
}

/// The parameters of the rows whose names do not show all parameters.
pub fn settings(title: &str, entries: &[Entry]) -> Option<Table> {
    let lines = entries.iter().flat_map(|entry| &entry.comparisons).flat_map(|comparison| &comparison.lines);
    settings::of(title, lines.map(|line| (line.method.clone(), &line.setting)))
}

/// The figure: one panel per data set, one row per method, one point per measure.
pub fn figure(title: &str, entries: &[Entry]) -> Forest {
    let columns = columns(entries);
    let mut measures: Vec<&str> = Vec::new();
    for column in &columns {
        if !measures.contains(&column.measure) {
            measures.push(column.measure);
        }
    }
    let point = |line: &Line| {
        let i = &line.figure.interval;
        Point { value: i.estimate, interval: Some((i.low, i.high)) }
    };
    let row = |(method, _): (String, Option<f64>)| {
        let of = |entry: usize, measure: &str| {
            let here = columns.iter().find(|column| column.entry == entry && column.measure == measure);
            here.and_then(|column| column.line(&method)).map(point)
        };
        let points = (0..entries.len()).map(|entry| measures.iter().map(|measure| of(entry, measure)).collect());
        ForestRow { points: points.collect(), label: method }
    };
    let lead = entries.first().and_then(|entry| entry.comparisons.first());
    Forest {
        title: title.to_string(),
        subtitle: None,
        panels: entries.iter().map(|entry| entry.data.clone()).collect(),
        series: measures.iter().map(|measure| measure.to_string()).collect(),
        x_label: lead.map_or_else(String::new, |first| format!("{}, with 95% intervals", first.metric.title())),
        rows: order(&columns).into_iter().map(row).collect(),
    }
}

/// All differences of several grids in one table, with q over all of them.
pub fn adjusted(title: &str, entries: &mut [Entry], notes: &[String]) -> Table {
    adjust_over(entries.iter_mut().flat_map(|entry| &mut entry.comparisons));
    differences(title, entries, notes)
}

/// Every difference to the best method of its table, with q over all of them.
fn differences(title: &str, entries: &[Entry], notes: &[String]) -> Table {
    let mut rows = Vec::new();
    for entry in entries {
        for comparison in &entry.comparisons {
            for line in &comparison.lines {
                let (Some(behind), Some(adjusted), Some(q)) = (line.behind, line.adjusted, line.q) else { continue };
                let i = &behind.interval;
                let mut row = vec![entry.data.clone(), comparison.title(), line.view_set.clone(), line.method.clone()];
                row.push(format!("{:.4} {}", i.estimate, ends(i, 4, false)));
                row.extend([behind.p, adjusted, q].map(p_value));
                rows.push(row);
            }
        }
    }
    let comparisons = || entries.iter().flat_map(|entry| &entry.comparisons);
    let pairs = rows.len() + comparisons().map(|comparison| comparison.others.len()).sum::<usize>();
    let how = format!(
        "Paired differences to the best method of each table. p is two-sided; p (max-t) is adjusted over all pairs of methods of \
         a table (step-down maximum t), because the best is known from the same data; q is Benjamini and Hochberg's over all {pairs} pairs of \
         methods of all data sets and measures together."
    );
    let headers = ["data", "measure", "views", "method", "behind the best", "p", "p (max-t)", "q (BH)"];
    Table {
        title: format!("{title}: all comparisons together"),
        headers: headers.map(String::from).to_vec(),
        names: 4,
        rows,
        notes: std::iter::once(how).chain(notes.iter().cloned()).collect(),
        ..Table::default()
    }
}
