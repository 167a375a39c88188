//! Forecast of a cell's cost, from earlier records if there are any.

use std::collections::HashMap;

use align::Dataset;
use serde::{Deserialize, Serialize};
use tasks::resamples::quantile;

use grid::FitRows;
use grid::keys::{MethodKey, Params};
use grid::plan::{Cell, Plan};
use store::record::Record;

/// Basis of a forecast of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Records of cells with the same method, views, noise and number of training rows.
    Records,
    /// Forecast work, scaled to seconds by the finished cells of this grid.
    Scaled,
    /// No cell has run: the forecast work has no unit.
    Work,
}

/// Forecasts for the cells of one plan.
pub struct Forecast<'a> {
    data: &'a Dataset,
    /// Seconds and peak megabytes of finished cells, by the settings that determine the cost.
    measured: HashMap<Key, Measured>,
    /// Median seconds per unit of forecast work.
    per_work: Option<f64>,
    projects_training_rows: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    method: MethodKey,
    views: String,
    noise: String,
    fit_rows: FitRows,
}

#[derive(Clone, Default)]
struct Measured {
    seconds: Vec<f64>,
    peak_mb: Option<f64>,
}

/// Megabytes of a process without data.
const PROGRAM_MB: f64 = 60.0;

impl<'a> Forecast<'a> {
    /// Forecasts from the records of the finished cells.
    pub fn new(plan: &'a Plan, records: &[Record]) -> Self {
        let mut cells: HashMap<&str, Vec<&Record>> = HashMap::new();
        for record in records.iter().filter(|record| record.fit_seconds.is_some()) {
            cells.entry(record.cell.as_str()).or_default().push(record);
        }
        let mut measured: HashMap<Key, Measured> = HashMap::new();
        let mut per_work = Vec::new();
        for cell in &plan.cells {
            let Some(records) = cells.get(cell.id.as_str()) else { continue };
            let seconds = seconds(records);
            let entry = measured.entry(Key::of(cell)).or_default();
            entry.seconds.push(seconds);
            let peak = records.iter().filter_map(|record| record.peak_rss_mb).reduce(f64::max);
            entry.peak_mb = peak.map(|peak| entry.peak_mb.map_or(peak, |other| other.max(peak))).or(entry.peak_mb);
            per_work.push(seconds / cell.weight());
        }
        let projects_training_rows = plan.grid.value.tasks.iter().any(tasks::Task::projects_training_rows);
        Self { data: plan.source.dataset(), measured, per_work: median(per_work), projects_training_rows }
    }

    /// Wall seconds of fit and tasks, and the basis of the forecast.
    pub fn seconds(&self, cell: &Cell) -> (Option<f64>, Basis) {
        let same = self.measured.get(&Key::of(cell)).and_then(|measured| median(measured.seconds.clone()));
        match (same, self.per_work) {
            (Some(seconds), _) => (Some(seconds), Basis::Records),
            (None, Some(per_work)) => (Some(per_work * cell.weight()), Basis::Scaled),
            (None, None) => (None, Basis::Work),
        }
    }

    /// Bytes of a cell beside the data set: two copies of its views (for noise and standardisation) and three P × P
    /// matrices of `f64`, with P its columns in all; if a task projects training rows, their projections and unit rows. If
    /// such a cell has run alone, its peak.
    pub fn bytes(&self, cell: &Cell) -> u64 {
        let peak = self.measured.get(&Key::of(cell)).and_then(|measured| measured.peak_mb);
        if let Some(peak) = peak {
            return ((peak * 1e6) as u64).saturating_sub(self.base());
        }
        let views = &self.data.train.views;
        let widths = views.names().map(str::to_string).zip(views.widths());
        let columns: u64 = widths.filter(|(name, _)| cell.views.contains(name)).map(|(_, width)| width as u64).sum();
        let projected = if self.projects_training_rows { self.data.train.views.rows() as u64 } else { 0 };
        2 * 4 * columns * (self.rows() + projected) + 3 * 8 * columns * columns
    }

    /// Megabytes of a process that runs this cell alone.
    pub fn process_mb(&self, cell: &Cell) -> f64 {
        (self.base() + self.bytes(cell)) as f64 / 1e6
    }

    /// Bytes of a process with the data set.
    fn base(&self) -> u64 {
        let columns: u64 = self.data.train.views.widths().iter().map(|&width| width as u64).sum();
        (PROGRAM_MB * 1e6) as u64 + 4 * columns * self.rows()
    }

    fn rows(&self) -> u64 {
        let validation = self.data.validation.as_ref().map_or(0, |split| split.views.rows());
        (self.data.train.views.rows() + self.data.test.views.rows() + validation) as u64
    }
}

impl Key {
    fn of(cell: &Cell) -> Self {
        Self {
            method: MethodKey::of(&cell.method),
            views: cell.views.join(","),
            noise: cell.noise.name().into(),
            fit_rows: cell.fit_rows,
        }
    }
}

/// Seconds of the fit and of every task, each once.
fn seconds(records: &[&Record]) -> f64 {
    let mut seconds = records.iter().find_map(|record| record.fit_seconds).unwrap_or_default();
    let mut seen: Vec<(&Option<String>, &Option<Params>)> = Vec::new();
    for record in records {
        let task = (&record.task, &record.task_params);
        if !seen.contains(&task) {
            seen.push(task);
            seconds += record.score_seconds.unwrap_or_default();
        }
    }
    seconds
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| quantile(&values, 0.5))
}
