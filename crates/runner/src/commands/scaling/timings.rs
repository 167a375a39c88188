//! Timings as a table, and as log-log curves with their exponents.

use align::Method;
use tasks::resamples::quantile;

use super::star::{Axis, Size, Star};
use figures::{CurvePanel, Curves, Line, Point, Spacing};
use grid::keys::{MethodKey, Subset};
use report::draw::palette;
use report::tables::table::Table;
use store::record::Record;

/// The size in the records of its fits, as the name of their views; the number of views is a column of its own.
fn place(size: Size) -> String {
    format!("N{} d{}", size.items, size.width)
}

/// The views of the records of a size.
pub(super) fn views(size: Size) -> Subset {
    Subset { name: place(size), views: vec!["synthetic".into()] }
}

/// The timed fits of a star.
pub(super) struct Timings<'a> {
    pub(super) star: &'a Star,
    pub(super) records: &'a [Record],
}

/// Median, minimum and maximum.
fn spread(mut values: Vec<f64>) -> Option<(f64, f64, f64)> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (*values.first()?, *values.last()?);
    Some((quantile(&values, 0.5), low, high))
}

/// The value of a column of a record.
type Column = fn(&Record) -> Option<f64>;

impl Timings<'_> {
    fn of(&self, method: &Method, size: Size) -> impl Iterator<Item = &Record> {
        let key = MethodKey::of(method);
        let views = place(size);
        self.records.iter().filter(move |r| {
            r.m == size.views as u64
                && r.view_set() == views
                && r.params.as_ref() == Some(&key.params)
                && r.method.as_ref() == Some(&key.name)
        })
    }

    fn spread(&self, method: &Method, size: Size, column: Column) -> Option<(f64, f64, f64)> {
        spread(self.of(method, size).filter_map(column).collect())
    }

    /// Every size that was timed.
    fn sizes(&self) -> Vec<Size> {
        self.star.sizes(false).into_iter().map(|(size, _)| size).collect()
    }

    /// The sizes along an axis, ascending.
    pub(super) fn along(&self, axis: Axis) -> Vec<Size> {
        let centre = self.star.centre;
        let on_axis = |size: &Size| centre.with(axis, axis.of(*size)) == *size;
        let mut sizes: Vec<Size> = self.sizes().into_iter().filter(on_axis).collect();
        // A size at which no fit succeeded has no point.
        let timed =
            |r: &Record, size: Size| r.m == size.views as u64 && r.view_set() == place(size) && r.fit_seconds.is_some();
        sizes.retain(|&size| self.records.iter().any(|r| timed(r, size)));
        sizes.sort_by_key(|size| axis.of(*size));
        sizes
    }

    /// The slope of log seconds over log size.
    fn exponent(&self, method: &Method, axis: Axis, column: Column) -> Option<f64> {
        let points: Vec<(f64, f64)> = self
            .along(axis)
            .into_iter()
            .filter_map(|size| Some(((axis.of(size) as f64).ln(), self.spread(method, size, column)?.0.ln())))
            .collect();
        let n = points.len() as f64;
        let (x, y) = points.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x / n, sy + y / n));
        let (cross, square) =
            points.iter().fold((0.0, 0.0), |(c, s), (px, py)| (c + (px - x) * (py - y), s + (px - x) * (px - x)));
        (points.len() >= 2 && square > 0.0).then(|| cross / square)
    }

    /// The short label of a method, or its full one if another method has the same.
    fn label(&self, method: &Method) -> String {
        let short = short_label(method);
        let same = self.star.methods.iter().filter(|other| short_label(other) == short).count();
        if same > 1 { MethodKey::of(method).label() } else { short }
    }

    pub(super) fn table(&self, name: &str, note: &str) -> Table {
        let mut table = Table {
            title: format!("{name}: cost of a fit"),
            headers: ["size", "method", "wall s", "range", "CPU s", "peak MB", "maps"].map(String::from).to_vec(),
            names: 2,
            notes: vec![note.to_string()],
            ..Table::default()
        };
        for size in self.sizes() {
            for method in &self.star.methods {
                let wall = self.spread(method, size, |r| r.fit_seconds);
                let failure = self.of(method, size).find_map(|r| r.error.as_deref());
                if wall.is_none() {
                    // No record at all: the size was not asked for.
                    let Some(why) = failure else { continue };
                    table.remark((table.rows.len(), table.names), &format!("No value: {why}."));
                }
                let number = |column: Column| self.spread(method, size, column).map(|(middle, ..)| middle);
                let digits = |value: Option<f64>, decimals: usize| {
                    value.map_or_else(|| "-".into(), |value| format!("{value:.decimals$}"))
                };
                table.rows.push(vec![
                    size.label(),
                    MethodKey::of(method).label(),
                    digits(wall.map(|(middle, ..)| middle), 3),
                    wall.map_or_else(|| "-".into(), |(_, low, high)| format!("{low:.3} to {high:.3}")),
                    digits(number(|r| r.fit_cpu_seconds), 3),
                    digits(number(|r| r.peak_rss_mb), 0),
                    digits(number(|r| r.maps.map(|n| n as f64)), 0),
                ]);
            }
        }
        table
    }

    /// Wall and CPU seconds along an axis. The name of a line ends with its exponent.
    pub(super) fn curves(&self, axis: Axis, name: &str, note: &str) -> Curves {
        let sizes = self.along(axis);
        let columns: [(&str, Column); 2] =
            [("wall seconds of a fit", |r| r.fit_seconds), ("CPU seconds of a fit", |r| r.fit_cpu_seconds)];
        let panel = |(title, column): (&str, Column)| {
            let line = |method: &Method| {
                let point = |&size: &Size| {
                    let (value, low, high) = self.spread(method, size, column)?;
                    Some(Point { value, interval: Some((low, high)) })
                };
                let exponent = self.exponent(method, axis, column);
                let exponent = exponent.map_or(String::new(), |e| format!(" {}^{e:.1}", axis.letter()));
                let label = self.label(method);
                Line {
                    label: label.clone(),
                    note: exponent,
                    style: palette::of_method(method.name(), label),
                    values: sizes.iter().map(point).collect(),
                }
            };
            CurvePanel {
                title: title.into(),
                ticks: sizes.iter().map(|size| axis.of(*size).to_string()).collect(),
                places: sizes.iter().map(|size| axis.of(*size) as f64).collect(),
                lines: self.star.methods.iter().map(line).collect(),
            }
        };
        let fixed: Vec<String> = Axis::ALL
            .into_iter()
            .filter(|other| *other != axis)
            .map(|other| format!("{} = {}", other.letter(), other.of(self.star.centre)))
            .collect();
        Curves {
            title: format!("{name}: cost against {} ({})", axis.title(), fixed.join(", ")),
            subtitle: Some(note.to_string()),
            x_label: axis.title().into(),
            y_label: "seconds".into(),
            y_spacing: Spacing::Logarithmic,
            x_spacing: Spacing::Logarithmic,
            unordered: false,
            panels: columns.into_iter().map(panel).collect(),
        }
    }
}

/// The title of a method, with the option that distinguishes it from another method with the same title.
fn short_label(method: &Method) -> String {
    let params = MethodKey::of(method).params;
    let is = |path: &str, value: &str| params.get(path).is_some_and(|given| given == value);
    let fast = is("solver", "accelerated") || is("base.gpa.solver", "accelerated") || is("training", "fast");
    if fast { format!("{} fast", method.title()) } else { method.title().into() }
}
