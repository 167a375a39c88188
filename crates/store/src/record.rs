//! Records: rows of results. This file is the only place that lists the columns.

pub mod columns;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use align::Coordinates;
use align::Method;
use anyhow::{Context as _, Result, bail};
use data::{WarningKind, nearest};
use polars_core::prelude::{AnyValue, Column, DataFrame, PolarsError, PolarsResult};
use tasks::noise::Noise;
use tasks::{Metric, Task, UnknownMetric};

use crate::selection::Selection;
use grid::keys::{MethodKey, Params, Subset};
use grid::{Condition, FitRows};

/// Type of a column: conversion between a list of values and a polars column.
trait Field: Sized {
    fn column(name: &str, values: Vec<Self>) -> Column;
    fn values(column: &Column) -> PolarsResult<Vec<Self>>;
}

impl Field for Option<String> {
    fn column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        Ok(column.str()?.iter().map(|v| v.map(str::to_string)).collect())
    }
}

impl Field for String {
    fn column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        Ok(<Option<Self>>::values(column)?.into_iter().map(Option::unwrap_or_default).collect())
    }
}

impl Field for Option<f64> {
    fn column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        Ok(column.f64()?.iter().collect())
    }
}

impl Field for Option<u64> {
    fn column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        Ok(column.u64()?.iter().collect())
    }
}

impl Field for u64 {
    fn column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        Ok(<Option<Self>>::values(column)?.into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// A column of texts. Each distinct text is parsed once, because a grid has few texts and many records with them.
fn parsed<T: Clone, E: fmt::Display>(
    column: &Column,
    parse: impl Fn(&str) -> Result<T, E>,
) -> PolarsResult<Vec<Option<T>>> {
    let mut known: HashMap<&str, T> = HashMap::new();
    let texts = column.str()?;
    let mut read = |row: usize, text| match known.get(text) {
        Some(value) => Ok(value.clone()),
        None => {
            let problem = |error: E| PolarsError::ComputeError(format!("record {row}: {error}").into());
            let value = parse(text).map_err(problem)?;
            known.insert(text, value.clone());
            Ok(value)
        }
    };
    texts.iter().enumerate().map(|(row, text)| text.map(|text| read(row, text)).transpose()).collect()
}

fn written<T: fmt::Display>(name: &str, values: &[Option<T>]) -> Column {
    let texts: Vec<Option<String>> = values.iter().map(|value| value.as_ref().map(T::to_string)).collect();
    Column::new(name.into(), texts)
}

/// Fields that are values in memory and texts in files.
macro_rules! texts {
    ($($kind:ty),*) => {$(
        impl Field for Option<$kind> {
            fn column(name: &str, values: Vec<Self>) -> Column {
                written(name, &values)
            }
            fn values(column: &Column) -> PolarsResult<Vec<Self>> {
                parsed(column, str::parse)
            }
        }
    )*};
}

texts!(Noise, Params, Counted, Selection);

impl Field for Subset {
    fn column(name: &str, values: Vec<Self>) -> Column {
        written(name, &values.into_iter().map(Some).collect::<Vec<_>>())
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        Ok(parsed(column, str::parse)?.into_iter().map(Option::unwrap_or_default).collect())
    }
}

impl Field for Option<Coordinates> {
    fn column(name: &str, values: Vec<Self>) -> Column {
        let names: Vec<Option<&str>> = values.iter().map(|space| space.map(Coordinates::name)).collect();
        Column::new(name.into(), names)
    }
    fn values(column: &Column) -> PolarsResult<Vec<Self>> {
        parsed(column, |name| Coordinates::from_name(name).ok_or_else(|| format!("no space is called `{name}`")))
    }
}

/// Kind of a record's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// A metric.
    Metric(Metric),
    /// Number of occurrences of a problem in the data.
    Warning(WarningKind),
}

impl Counted {
    /// The metric, if it is one.
    pub fn metric(self) -> Option<Metric> {
        match self {
            Self::Metric(metric) => Some(metric),
            Self::Warning(_) => None,
        }
    }
}

impl From<Metric> for Counted {
    fn from(metric: Metric) -> Self {
        Self::Metric(metric)
    }
}

impl From<WarningKind> for Counted {
    fn from(kind: WarningKind) -> Self {
        Self::Warning(kind)
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metric(metric) => metric.name(),
            Self::Warning(kind) => kind.name(),
        })
    }
}

impl FromStr for Counted {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        let warning = WarningKind::from_name(name).map(Self::Warning);
        warning.map_or_else(|| name.parse().map(Self::Metric), Ok)
    }
}

/// The values of a column of a data frame; of [`LATER_COLUMNS`] none, if the frame does not have it.
fn given<F: Field + Default + Clone>(frame: &DataFrame, name: &str) -> PolarsResult<Vec<F>> {
    match frame.column(name) {
        Err(_) if LATER_COLUMNS.contains(&name) => Ok(vec![F::default(); frame.height()]),
        column => F::values(column?),
    }
}

macro_rules! record {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// One figure of one cell, or its failure. Columns in this order in `records.parquet` and
        /// `records.csv`; null means not applicable or not run, never zero.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Record {
            $($(#[$doc])* pub $name: $kind,)*
        }

        /// Column names in order.
        pub const COLUMNS: &[&str] = &[$(stringify!($name)),*];

        /// All columns of the records.
        fn columns(records: &[Record]) -> Vec<Column> {
            vec![$(
                <$kind as Field>::column(stringify!($name), records.iter().map(|r| r.$name.clone()).collect())
            ),*]
        }

        /// The records as a data frame, without [`LATER_COLUMNS`] that have no value.
        ///
        /// # Errors
        /// None in practice: the columns are equally long.
        pub fn to_frame(records: &[Record]) -> Result<DataFrame> {
            let mut columns = columns(records);
            columns.retain(|column| !LATER_COLUMNS.contains(&column.name().as_str()) || column.null_count() < column.len());
            Ok(DataFrame::new(records.len(), columns)?)
        }

        /// The records of a data frame.
        ///
        /// # Errors
        /// A column that is missing or of another type; a record that no run can have written, see [`Record::check`].
        pub fn from_frame(frame: &DataFrame) -> Result<Vec<Record>> {
            grid::register_methods();
            let mut records = vec![Record::default(); frame.height()];
            $(
                let name = stringify!($name);
                let values = given::<$kind>(frame, name).with_context(|| format!("column `{name}`"))?;
                records.iter_mut().zip(values).for_each(|(record, value)| record.$name = value);
            )*
            for (row, record) in records.iter().enumerate() {
                record.check().with_context(|| format!("record {row} (counted from 0, cell {})", record.cell))?;
            }
            Ok(records)
        }
    };
}

record! {
    /// The grid's name.
    grid: String,
    /// The cell's id, a hash of everything that can change its numbers.
    cell: String,
    /// The data set asked for.
    data: String,
    /// The bundled set used in its place.
    stand_in: Option<String>,
    /// The subset of views, `name=view,view,...`.
    views: Subset,
    /// Number of views M.
    m: u64,
    /// Method name.
    method: Option<String>,
    /// Version of the method: raised whenever its numbers move.
    method_version: Option<u64>,
    /// Its parameters, JSON with sorted keys.
    params: Option<Params>,
    /// What was done to the training rows.
    noise: Option<Noise>,
    /// Which rows of different views belong together: `rows`, or the pairing with its parameters as JSON.
    pairing: Option<String>,
    /// What was done to the views' widths: `as_they_are` or `pca`.
    widths: Option<String>,
    /// Seed of the fit.
    seed: Option<u64>,
    /// Task name; `data` for what is odd about the data, null for a cell that failed before any task.
    task: Option<String>,
    /// Version of the task: raised whenever its numbers move.
    task_version: Option<u64>,
    /// `input`, `universe` or `translated`.
    space: Option<Coordinates>,
    /// The view, or the source of the pair.
    source: Option<String>,
    /// The target of the pair.
    target: Option<String>,
    /// The metric, or what is odd about the data.
    metric: Option<Counted>,
    /// The figure.
    value: Option<f64>,
    /// Its unit.
    unit: Option<String>,
    /// Held-out items behind it.
    n: Option<u64>,
    /// Wall seconds of the fit.
    fit_seconds: Option<f64>,
    /// CPU seconds of the fit.
    fit_cpu_seconds: Option<f64>,
    /// Wall seconds of the task.
    score_seconds: Option<f64>,
    /// Peak resident memory, null unless the cell ran alone.
    peak_rss_mb: Option<f64>,
    /// Matrices that the fit holds.
    maps: Option<u64>,
    /// Numbers in them and in the corrector.
    parameters: Option<u64>,
    /// Sweeps or training steps.
    iterations: Option<u64>,
    /// How the fit ended.
    stop: Option<String>,
    /// What the fit optimised, at its end.
    objective: Option<f64>,
    /// How far it can be above the lowest, in its unit.
    optimality_gap: Option<f64>,
    /// What a reader has to know before any number of the fit, a line each.
    warnings: Option<String>,
    /// Why there is no figure.
    error: Option<String>,
    /// Revision of the code that the program was compiled from, `-dirty` where it was not as committed; `unknown` where it
    /// was compiled outside a checkout.
    git: Option<String>,
    /// Checksum of the lock file that it was compiled with.
    lock_sha256: Option<String>,
    /// Revision of the folder that the grid file lies in; null outside a checkout.
    grid_git: Option<String>,
    /// Checksum of the data.
    data_sha256: String,
    /// Machine.
    host: String,
    /// Its processor and instruction set.
    cpu: String,
    /// Threads the cell could use.
    threads: u64,
    /// The node of a cluster that it ran on, else the machine.
    node: Option<String>,
    /// How often the scheduler had started its job anew; null outside a job.
    restarts: Option<u64>,
    /// When the cell was finished, in UTC.
    finished_at: Option<String>,
    /// The task's parameters, JSON with sorted keys.
    task_params: Option<Params>,
    /// Number of training rows, where the fit has a part of them.
    fit_rows: Option<u64>,
    /// The choice of the parameters by cross-validation, as JSON; null for parameters that are given.
    selection: Option<Selection>,
    /// Wall seconds of the choice, without the fit of the chosen candidate.
    selection_seconds: Option<f64>,
}

/// Columns that came later than others. A file has them if a record has a value in them, so that files without such a
/// value are what they were before.
pub const LATER_COLUMNS: &[&str] = &["fit_rows", "selection", "selection_seconds"];

/// The first value in which records differ, column by column, in words; `same` compares numbers with a fraction.
///
/// # Errors
/// None in practice: the columns are equally long.
pub fn first_difference(
    kept: &[Record],
    again: &[Record],
    without: &[&str],
    same: impl Fn(f64, f64) -> bool,
) -> Result<Option<String>> {
    for (ours, theirs) in columns(kept).iter().zip(&columns(again)) {
        let name = ours.name().as_str();
        if without.contains(&name) {
            continue;
        }
        for row in 0..ours.len().min(theirs.len()) {
            let (kept, again) = (ours.get(row)?, theirs.get(row)?);
            let alike = match (&kept, &again) {
                (AnyValue::Float64(kept), AnyValue::Float64(again)) => same(*kept, *again),
                (kept, again) => kept == again,
            };
            if !alike {
                return Ok(Some(format!("`{name}` of record {row} is {kept}, computed {again}")));
            }
        }
    }
    Ok(None)
}

/// Columns about the cost of a cell. They differ from run to run; all others are reproducible to the bit.
pub const COST_COLUMNS: &[&str] = &[
    "fit_seconds",
    "fit_cpu_seconds",
    "score_seconds",
    "selection_seconds",
    "peak_rss_mb",
    "host",
    "threads",
    "node",
    "restarts",
    "finished_at",
];

impl Record {
    /// The name of the subset, without its views.
    pub fn view_set(&self) -> &str {
        &self.views.name
    }

    /// Refuses a record that no run can have written: a value outside the range of its metric, an unknown method, an
    /// unknown task.
    ///
    /// # Errors
    /// The value found and the value expected.
    pub fn check(&self) -> Result<()> {
        let method = self.method.as_deref().filter(|name| !Method::names().contains(name));
        if let Some(name) = method {
            bail!(unknown("method", name, Method::names()));
        }
        let task = self.task.as_deref().filter(|name| ![DATA, COST].contains(name) && !Task::names().contains(name));
        if let Some(name) = task {
            bail!(unknown("task", name, Task::names()));
        }
        let (Some(value), Some(metric)) = (self.value, self.metric) else { return Ok(()) };
        let (least, most) = match metric {
            Counted::Metric(metric) => metric.range(),
            Counted::Warning(_) => (0.0, f64::INFINITY),
        };
        if value.is_finite() && value >= least - ROUNDING && value <= most + ROUNDING {
            return Ok(());
        }
        let wanted = match (least.is_finite(), most.is_finite()) {
            (true, true) => format!("a number from {least} to {most}"),
            (true, false) => format!("a number of at least {least}"),
            (false, true) => format!("a number of at most {most}"),
            (false, false) => "a finite number".into(),
        };
        bail!("`{metric}` has the value {value}; expected {wanted}")
    }

    /// Noise and number of the training rows, if the record belongs to a fit.
    pub fn condition(&self) -> Option<Condition> {
        Some(Condition { noise: self.noise.clone()?, fit_rows: FitRows::from_count(self.fit_rows) })
    }

    /// The method with its parameters, if the record belongs to one.
    pub fn method_key(&self) -> Option<MethodKey> {
        Some(MethodKey { name: self.method.clone()?, params: self.params.clone()? })
    }
}

/// Largest distance of a value from its metric's range by rounding.
const ROUNDING: f64 = 1e-4;

/// Name in the task column for records about the data.
pub const DATA: &str = "data";
/// Name in the task column of scores for values of training items that chose among candidates.
pub const SELECTION: &str = "selection";
/// Name in the task column for records about fits that are timed without a task.
pub const COST: &str = "cost";

fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let meant = nearest(name, known.iter().copied()).map(|name| format!(" did you mean `{name}`?")).unwrap_or_default();
    let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    format!(
        "unknown {kind} `{name}`;{meant} this program knows the {kind}s {known}; one of your own is known to the program that registers it"
    )
}

#[cfg(test)]
mod tests {
    use align::SelectionReport;

    use super::*;

    #[test]
    fn records_survive_the_frame() {
        let record = Record {
            grid: "g".into(),
            value: Some(0.25),
            seed: Some(u64::MAX),
            source: None,
            error: Some("a, \"b\"".into()),
            views: "m2=en,fr".parse().expect("a subset"),
            noise: Some("permute 0.5 of en seed 3".parse().expect("a noise")),
            params: Some(r#"{"tau":0.5}"#.parse().expect("JSON")),
            space: Some(Coordinates::Universe),
            metric: Some(Metric::Rank1.into()),
            ..Record::default()
        };
        let frame = to_frame(&[record.clone(), Record::default()]).expect("equal lengths");
        let names =
            |frame: &DataFrame| frame.get_column_names().iter().map(|n| n.as_str().to_string()).collect::<Vec<_>>();
        let first: Vec<&str> = COLUMNS.iter().copied().filter(|name| !LATER_COLUMNS.contains(name)).collect();
        assert_eq!(names(&frame), first);
        assert_eq!(from_frame(&frame).expect("same columns"), [record.clone(), Record::default()]);
        let report = SelectionReport::new("rank1".into(), true, 5, Vec::new(), 0);
        let later =
            Record { fit_rows: Some(100), selection: Some(report.into()), selection_seconds: Some(0.5), ..record };
        let later = [later, Record::default()];
        let frame = to_frame(&later).expect("equal lengths");
        assert_eq!(names(&frame), COLUMNS);
        assert_eq!(from_frame(&frame).expect("same columns"), later);
        let without = Record { fit_rows: None, ..later[0].clone() };
        let found = first_difference(&later[..1], &[without], &[], |a, b| a == b).expect("one column more");
        assert_eq!(found.as_deref(), Some("`fit_rows` of record 0 is 100, computed null"));
    }

    #[test]
    fn what_no_run_can_have_written_is_refused_with_its_row() {
        let found = |record: Record| {
            let frame = to_frame(&[Record::default(), record]).expect("two rows");
            format!("{:#}", from_frame(&frame).expect_err("edited"))
        };
        let of = |metric: Metric, value: f64| Record {
            cell: "c".into(),
            metric: Some(metric.into()),
            value: Some(value),
            ..Record::default()
        };
        assert_eq!(
            found(of(Metric::Accuracy, -1.0)),
            "record 1 (counted from 0, cell c): `accuracy` has the value -1; expected a number from 0 to 1"
        );
        assert!(
            found(of(Metric::Rank1, f64::NAN)).ends_with("`rank1` has the value NaN; expected a number from 0 to 1")
        );
        assert!(found(of(Metric::EffectiveRank, -3.0)).ends_with("expected a number of at least 0"));
        let calibrated = Metric::from_name("cka_calibrated").expect("known");
        assert!(found(of(calibrated, 1.5)).ends_with("expected a number of at most 1"));
        assert!(found(of(Metric::HubSkewness, f64::INFINITY)).ends_with("has the value inf; expected a finite number"));
        let method = found(Record { method: Some("gcpaa".into()), ..Record::default() });
        assert!(
            method.contains("unknown method `gcpaa`; did you mean `gcpa`? this program knows the methods `na`"),
            "{method}"
        );
        let task = found(Record { task: Some("retreival".into()), ..Record::default() });
        assert!(task.contains("unknown task `retreival`; did you mean `retrieval`?"), "{task}");
        let timed = Record { task: Some(COST.into()), ..Record::default() };
        assert!(timed.check().is_ok() && Record { task: Some(DATA.into()), ..Record::default() }.check().is_ok());
        let mut odd = to_frame(&[Record::default(), Record::default()]).expect("two rows");
        odd.with_column(Column::new("metric".into(), [None, Some("acuracy")])).expect("as long");
        let metric = format!("{:#}", from_frame(&odd).expect_err("no metric"));
        assert!(metric.starts_with("column `metric`: record 1: unknown metric `acuracy`"), "{metric}");
        let rounded = of(Metric::Accuracy, 1.0 + 1e-7);
        assert_eq!(from_frame(&to_frame(std::slice::from_ref(&rounded)).expect("a row")).expect("rounding"), [rounded]);
    }

    #[test]
    fn a_name_is_of_a_metric_or_of_a_warning() {
        let names = |kind: WarningKind| Counted::from(kind).to_string();
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(Counted::Metric(metric)));
        }
        for kind in WarningKind::ALL {
            assert!(Metric::from_name(&names(kind)).is_none() && names(kind).parse() == Ok(Counted::Warning(kind)));
        }
        let mut odd = to_frame(&[Record::default()]).expect("a row");
        odd.with_column(Column::new("noise".into(), ["permute"])).expect("as long");
        let error = format!("{:#}", from_frame(&odd).expect_err("no noise"));
        assert!(error.contains("column `noise`") && error.contains("`permute` is no noise"), "{error}");
    }
}
