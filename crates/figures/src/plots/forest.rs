//! Rows with intervals: one row per method, one panel per data set, which shows the leading methods at a glance.

use super::curves::Point;
use crate::Draw;
use crate::axis::{self, Axis};
use crate::font::{self, ASCENT, CAP, Lines};
use crate::frame::{self, Key, MARGIN};
use crate::scene::{Anchor, Area, Part, Scene, Text};
use crate::series::{DISTINCT, Style};
use crate::style::{GRID, INK, MUTED, PANEL, Rgb, TEXT, TICK};

/// One row: a name, and per panel one point for each series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForestRow {
    /// Name left of the panels.
    pub label: String,
    /// `points[panel][series]`; missing ones are left out.
    pub points: Vec<Vec<Option<Point>>>,
}

/// A figure of rows with intervals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    /// Title of the figure.
    pub title: String,
    /// Remark about the figure.
    pub subtitle: Option<String>,
    /// Titles above the panels.
    pub panels: Vec<String>,
    /// Legend texts of the points of a row; not needed for one point per row.
    pub series: Vec<String>,
    /// Title of the value axes.
    pub x_label: String,
    /// Rows from top to bottom.
    pub rows: Vec<ForestRow>,
}

/// Height of a row whose name is one line.
const ROW: f64 = 22.0;
/// Most lines of a row's name.
const NAME_LINES: usize = 2;
/// Width of a plot.
const WIDTH: f64 = 210.0;
const GUTTER: f64 = 42.0;
const RADIUS: f64 = 3.2;
/// Between a row's points, downwards.
const LANE: f64 = 7.0;
/// Most that a row's name takes.
const NAME_ROOM: f64 = 300.0;
impl Draw for Forest {
    fn scene(&self) -> Scene {
        let name = |row: &ForestRow| font::wrap(&row.label, TEXT, NAME_ROOM, NAME_LINES);
        let names: Vec<Lines> = self.rows.iter().map(name).collect();
        let left = MARGIN + names.iter().map(|lines| font::widest(lines, TEXT)).fold(0.0, f64::max) + 10.0;
        let lines = names.iter().map(|lines| lines.len()).max().unwrap_or(0).max(1) as f64;
        let row = ROW + (lines - 1.0) * TEXT.line_height();
        let axes: Vec<Axis> = (0..self.panels.len()).map(|panel| self.axis(panel)).collect();
        // Numbers below neighbouring panels, half of which hang out, do not touch.
        let number = axes.iter().map(|axis| font::widest(&axis.labels(), TICK)).fold(0.0, f64::max);
        let gutter = GUTTER.max(number + 10.0);
        let panels = self.panels.len().max(1) as f64;
        let wide = left + panels * WIDTH + (panels - 1.0) * gutter + MARGIN + (number / 2.0 - MARGIN).max(6.0);
        let least = frame::least_width(&self.title, self.subtitle.as_deref(), frame::TITLE_ROOM);
        let mut scene = Scene::new(&self.title, wide.max(least));
        let mut top = frame::header(&mut scene, &self.title, self.subtitle.as_deref()) + 8.0;
        if self.series.len() > 1 {
            let entries: Vec<(Key, &str)> =
                self.series.iter().enumerate().map(|(i, name)| (Key::Marker(style(i)), name.as_str())).collect();
            top = frame::legend(&mut scene, &entries, top) + 8.0;
        }
        let titles: Vec<Lines> = self.panels.iter().map(|p| font::wrap(p, PANEL, WIDTH, 2)).collect();
        let heads = titles.iter().map(|lines| lines.len()).max().unwrap_or(0) as f64 * PANEL.line_height() + 4.0;
        let plot = top + heads;
        let height = row * self.rows.len().max(1) as f64;
        for (i, name) in names.iter().enumerate() {
            let y = plot + row * (i as f64 + 0.5);
            if i % 2 == 0 {
                let right = left + panels * WIDTH + (panels - 1.0) * gutter;
                scene.fill(Area::new(MARGIN - 4.0, y - row / 2.0, right, y + row / 2.0), STRIPE, Part::Ground);
            }
            let up = (name.len().max(1) as f64 - 1.0) / 2.0 * TEXT.line_height();
            scene.lines(name, (MARGIN, y - up + CAP * TEXT.size / 2.0), Anchor::Start, TEXT, INK);
        }
        if self.rows.is_empty() || self.panels.is_empty() {
            scene.text(Text::new("no data", (left, plot + 0.6 * row), Anchor::Start, TEXT, MUTED));
        }
        for (p, title) in titles.iter().enumerate() {
            let x = left + p as f64 * (WIDTH + gutter);
            scene.lines(title, (x, top + ASCENT * PANEL.size), Anchor::Start, PANEL, INK);
            self.panel(&mut scene, (p, &axes[p]), (x, plot), row);
        }
        let foot = plot + height + 5.0 + TICK.line_height() + 4.0;
        let title = font::wrap(&self.x_label, TEXT, wide - left - MARGIN, 2);
        scene.lines(&title, ((left + wide - MARGIN) / 2.0, foot + ASCENT * TEXT.size), Anchor::Middle, TEXT, INK);
        scene.height = foot + title.len() as f64 * TEXT.line_height() + MARGIN;
        scene
    }
}

/// Ground of every other row.
const STRIPE: Rgb = Rgb(0xF6, 0xF6, 0xF6);

/// The slots of series begin where no colour is kept for a method: a row is one method, and all of them have these series.
fn style(series: usize) -> Style {
    Style::of_slot((series + 4) % DISTINCT)
}

/// A point with the ends of its interval.
fn reach(point: Point) -> (f64, f64) {
    let (low, high) = point.ends().unwrap_or((point.value, point.value));
    (low.min(point.value), high.max(point.value))
}

impl Forest {
    fn points(&self, panel: usize) -> impl Iterator<Item = (usize, usize, Point)> {
        self.rows.iter().enumerate().flat_map(move |(row, of)| {
            let here = of.points.get(panel).map(Vec::as_slice).unwrap_or_default();
            let there = move |(series, point): (usize, &Option<Point>)| {
                point.filter(|p| axis::drawable(p.value)).map(|p| (row, series, p))
            };
            here.iter().enumerate().filter_map(there)
        })
    }

    fn axis(&self, panel: usize) -> Axis {
        let ends = self.points(panel).map(|(_, _, point)| reach(point));
        match ends.reduce(|(a, b), (low, high)| (a.min(low), b.max(high))) {
            Some((low, high)) if high > low => Axis::holding(low, high),
            Some((value, _)) => Axis::holding(value.min(0.0), value.max(1e-3)),
            None => Axis::holding(0.0, 1.0),
        }
    }

    fn panel(&self, scene: &mut Scene, (panel, axis): (usize, &Axis), (left, top): (f64, f64), height: f64) {
        let bottom = top + height * self.rows.len().max(1) as f64;
        let x = |value: f64| left + WIDTH * axis.part(value);
        let labels = axis.labels();
        let widths = labels.iter().map(|label| font::width(label, TICK));
        let shown = axis::thinned(&axis::centred(axis.ticks.iter().map(|&tick| x(tick)), widths), 8.0);
        for ((tick, label), shown) in axis.ticks.iter().zip(&labels).zip(shown) {
            scene.line((x(*tick), top), (x(*tick), bottom), 0.8, GRID);
            if shown {
                let at = (x(*tick), bottom + 5.0 + ASCENT * TICK.size);
                scene.text(Text::new(label.as_str(), at, Anchor::Middle, TICK, MUTED));
            }
        }
        scene.line((left, bottom), (left + WIDTH, bottom), 1.0, INK);
        // Points of a row stand below one another, so that no interval hides another.
        let middle = (self.series.len().max(1) as f64 - 1.0) / 2.0;
        let y = |row: usize, series: usize| top + height * (row as f64 + 0.5) + LANE * (series as f64 - middle);
        for (row, series, point) in self.points(panel) {
            let y = y(row, series);
            let (low, high) = reach(point);
            scene.line((x(low), y), (x(high), y), 1.4, style(series).colour);
        }
        for (row, series, point) in self.points(panel) {
            scene.marker((x(point.value), y(row, series)), RADIUS, style(series));
        }
    }
}
