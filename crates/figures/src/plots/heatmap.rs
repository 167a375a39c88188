//! Heat maps: a value per pair of a row and a column, several panels on one colour scale.

use crate::Draw;
use crate::axis::{self, Axis, Writing};
use crate::font::{self, ASCENT, CAP, DESCENT, Lines};
use crate::frame::{self, MARGIN, TITLE_ROOM};
use crate::scene::{Anchor, Area, Part, Scene, Text};
use crate::style::{self, BLANK, Face, HATCH, INK, MUTED, PANEL, TEXT, TICK};

/// One matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Title that distinguishes the panel: a method.
    pub title: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Values row by row; missing and not finite ones are hatched.
    pub values: Vec<Vec<Option<f64>>>,
}

/// Panels that share a colour scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heatmaps {
    /// Title of the figure.
    pub title: String,
    /// Remark about the data, for example that they stand in for others.
    pub subtitle: Option<String>,
    /// The matrices, three to a line at most.
    pub panels: Vec<Panel>,
    /// Title of the rows.
    pub row_label: String,
    /// Title of the columns.
    pub column_label: String,
    /// Title of the colour bar.
    pub value_label: String,
}

impl Draw for Heatmaps {
    fn scene(&self) -> Scene {
        Chart::new(self, 3, None).scene(TITLE_ROOM)
    }

    fn shades_are_values(&self) -> bool {
        true
    }

    /// As many panels to a line as fit with values in their cells, else as fit at all.
    fn scene_within(&self, width: f64) -> Scene {
        let room = width / crate::LEAST_SCALE;
        let layout = (1..=3).rev().find_map(|across| {
            let chart = Chart::new(self, across, None);
            (chart.width() <= room).then_some(chart)
        });
        let chart = layout.unwrap_or_else(|| {
            let chart = Chart::new(self, 1, None);
            let count = (chart.matrix.0 / chart.cell.0).max(1.0);
            let side = (chart.cell.0 - (chart.width() - width) / count).max(LEAST_CELL);
            Chart::new(self, 1, Some(side))
        });
        crate::within(chart.scene(room.min(TITLE_ROOM)), width)
    }
}

/// Room for the name of a row, or of a column that reads upwards.
const NAME_ROOM: f64 = 150.0;
/// Between a matrix and the names beside it.
const NAME_GAP: f64 = 5.0;
/// Between panels.
const GUTTER: f64 = 26.0;
/// Least width of a panel's matrix: its title has to go somewhere.
const LEAST_MATRIX: f64 = 110.0;
/// Width of the colour bar, its least height, and its distance from the panels.
const BAR: f64 = 13.0;
const BAR_HEIGHT: f64 = 120.0;
/// A bar beside many lines of panels is no higher: its numbers and title stay together in sight.
const MOST_BAR_HEIGHT: f64 = 320.0;
const BAR_GAP: f64 = 24.0;
/// Least side of a cell.
const LEAST_CELL: f64 = 6.0;

/// Layout that is computed before the first mark is placed.
struct Chart<'a> {
    data: &'a Heatmaps,
    axis: Option<Axis>,
    cell: (f64, f64),
    names: Face,
    values: Option<Writing>,
    row_names: f64,
    column_names: f64,
    upright: bool,
    matrix: (f64, f64),
    columns: usize,
}

impl<'a> Chart<'a> {
    /// With at most `across` panels to a line, and cells of a given side or of one that suits them.
    fn new(data: &'a Heatmaps, across: usize, side: Option<f64>) -> Self {
        let panels = &data.panels;
        let values: Vec<f64> = panels.iter().flat_map(cells).filter_map(|(_, _, value)| value).collect();
        let most = |count: fn(&Panel) -> usize| panels.iter().map(count).max().unwrap_or(0);
        let (rows, columns) = (most(|panel| panel.rows.len()), most(|panel| panel.columns.len()));
        let (side, writing) = match side {
            Some(side) => ((side, side), writing(side, &values)),
            None => cell(rows.max(columns), &values),
        };

        let face = if side.1 < 14.0 { Face::regular(9.0) } else { TICK };
        let names = |of: fn(&Panel) -> &[String]| {
            let shown = |name: &String| font::widest(&font::wrap(name, face, NAME_ROOM, 1), face);
            panels.iter().flat_map(of).map(shown).fold(0.0, f64::max)
        };
        let column_width = names(|panel| &panel.columns);
        let upright = column_width <= side.0 - 5.0;
        let lines = panels.len().div_ceil(across).max(1);
        let least = if across == 1 { (columns as f64 * side.0).max(LEAST_MATRIX * 0.6) } else { LEAST_MATRIX };
        Self {
            data,
            axis: scale(&values),
            cell: side,
            names: face,
            values: writing,
            row_names: names(|panel| &panel.rows),
            column_names: if upright { face.line_height() } else { column_width },
            upright,
            matrix: ((columns as f64 * side.0).max(least), rows as f64 * side.1),
            columns: panels.len().div_ceil(lines),
        }
    }

    /// Width of the title of the rows.
    fn row_title(&self) -> f64 {
        let width = frame::upward_title_width(&self.data.row_label, self.matrix.1);
        if width > 0.0 { width + 5.0 } else { 0.0 }
    }

    /// Width of a matrix with the names of its rows.
    fn block(&self) -> f64 {
        self.row_names + NAME_GAP + self.matrix.0
    }

    /// Where the panels end.
    fn right(&self) -> f64 {
        let panels = self.columns as f64 * (self.block() + GUTTER) - GUTTER.min(self.columns as f64 * GUTTER);
        MARGIN + self.row_title() + panels
    }

    /// Width of the whole figure, its title aside.
    fn width(&self) -> f64 {
        let Some(axis) = &self.axis else { return self.right() + MARGIN };
        let title = frame::upward_title_width(&self.data.value_label, BAR_HEIGHT);
        self.right() + BAR_GAP + BAR + 6.0 + font::widest(&axis.labels(), TICK) + 6.0 + title + MARGIN
    }

    /// With a title that widens the figure to at most `title_room`.
    fn scene(&self, title_room: f64) -> Scene {
        let data = self.data;
        let (row_title, block, right) = (self.row_title(), self.block(), self.right());
        let tick_labels = self.axis.as_ref().map(Axis::labels).unwrap_or_default();
        let least = frame::least_width(&data.title, data.subtitle.as_deref(), title_room);
        let mut scene = Scene::new(&data.title, self.width().max(least));
        let mut y = frame::header(&mut scene, &data.title, data.subtitle.as_deref()) + 8.0;
        let mut span: Option<(f64, f64)> = None;
        for line in data.panels.chunks(self.columns.max(1)) {
            let titles: Vec<Lines> =
                line.iter().map(|panel| font::wrap(&panel.title, PANEL, self.matrix.0, 4)).collect();
            let title_lines = titles.iter().map(|lines| lines.len()).max().unwrap_or(0) as f64;
            let top = y + title_lines * PANEL.line_height() + if title_lines > 0.0 { 3.0 } else { 0.0 };
            for (i, (panel, title)) in line.iter().zip(&titles).enumerate() {
                let left = MARGIN + row_title + i as f64 * (block + GUTTER) + self.row_names + NAME_GAP;
                // a short title stands right above its matrix
                let first = top - 3.0 - title.len() as f64 * PANEL.line_height() + ASCENT * PANEL.size;
                scene.lines(title, (left, first), Anchor::Start, PANEL, INK);
                self.panel(&mut scene, panel, (left, top));
            }
            frame::upward_title(&mut scene, &data.row_label, MARGIN, (top, top + self.matrix.1));
            span = Some((span.map_or(top, |(first, _)| first), top + self.matrix.1));
            y = self.below(&mut scene, line.len(), (MARGIN + row_title + self.row_names + NAME_GAP, top), block) + 16.0;
        }
        let mut bottom = y - 16.0;
        match (&self.axis, span) {
            (Some(axis), Some((top, end))) => {
                let end = end.clamp(top + BAR_HEIGHT, top + MOST_BAR_HEIGHT);
                self.colour_bar(&mut scene, axis, &tick_labels, (right + BAR_GAP, top, end));
                bottom = bottom.max(end + 6.0);
            }
            _ if data.panels.is_empty() => {
                scene.text(Text::new("no data", (scene.width / 2.0, y + 40.0), Anchor::Middle, TEXT, MUTED));
                bottom = y + 80.0;
            }
            _ => {}
        }
        scene.height = bottom + MARGIN;
        scene
    }

    /// Draws a matrix with the names of its rows and columns, its upper left corner at `corner`.
    fn panel(&self, scene: &mut Scene, panel: &Panel, (left, top): (f64, f64)) {
        if panel.rows.is_empty() || panel.columns.is_empty() {
            let at = (left, top + NAME_GAP + ASCENT * TEXT.size);
            scene.text(Text::new("no data", at, Anchor::Start, TEXT, MUTED));
            return;
        }
        let (wide, high) = self.cell;
        let face = self.names;
        let middle = CAP * face.size / 2.0;
        // Names higher than their cells are written where they have room; all are said on hover.
        let shown = |count: usize, side: f64, size: f64| {
            let places = (0..count).map(move |i| side * (i as f64 + 0.5));
            axis::thinned(&axis::centred(places, vec![size; count]), 0.0)
        };
        let rows = shown(panel.rows.len(), high, face.size);
        for (i, name) in panel.rows.iter().enumerate().filter(|(i, _)| rows[*i]) {
            let at = (left - NAME_GAP, top + high * (i as f64 + 0.5) + middle);
            scene.lines(&font::wrap(name, face, NAME_ROOM, 1), at, Anchor::End, face, INK);
        }
        let below = top + high * panel.rows.len() as f64 + NAME_GAP;
        let columns = shown(panel.columns.len(), wide, if self.upright { 0.0 } else { face.size });
        for (j, name) in panel.columns.iter().enumerate().filter(|(j, _)| columns[*j]) {
            let x = left + wide * (j as f64 + 0.5);
            let name = font::wrap(name, face, NAME_ROOM, 1);
            for line in name.iter() {
                let text = if self.upright {
                    Text::new(line.as_str(), (x, below + ASCENT * face.size), Anchor::Middle, face, INK)
                } else {
                    Text::new(line.as_str(), (x + middle, below), Anchor::End, face, INK).upwards()
                };
                scene.text(text.part_of(name.full.as_ref()));
            }
        }
        for (i, j, value) in cells(panel) {
            let (x, y) = (left + wide * j as f64, top + high * i as f64);
            let area = Area::new(x + 0.4, y + 0.4, x + wide - 0.4, y + high - 0.4);
            if let Some(value) = value {
                let data = self.data;
                scene.datum(
                    Area::new(x, y, x + wide, y + high),
                    [
                        ("panel", panel.title.clone()),
                        (data.row_label.as_str(), panel.rows[i].clone()),
                        (data.column_label.as_str(), panel.columns[j].clone()),
                        (data.value_label.as_str(), axis::precise(value)),
                    ],
                );
            }
            match (value, &self.axis) {
                (Some(value), Some(axis)) => {
                    let ground = style::sequential(axis.part(value));
                    scene.fill(area, ground, Part::Cell);
                    if let Some(way) = self.values {
                        let at = (x + wide / 2.0, y + high / 2.0 + CAP * way.face.size / 2.0);
                        scene.text(Text::new(way.write(value), at, Anchor::Middle, way.face, style::ink_on(ground)));
                    }
                }
                _ => hatch(scene, area),
            }
        }
    }

    /// Draws the title of the columns below each of `count` panels; returns the lower edge.
    fn below(&self, scene: &mut Scene, count: usize, (left, top): (f64, f64), block: f64) -> f64 {
        let names = top + self.matrix.1 + NAME_GAP + self.column_names;
        let lines = font::wrap(&self.data.column_label, TEXT, self.matrix.0, 3);
        if lines.is_empty() {
            return names;
        }
        let first = names + 4.0 + ASCENT * TEXT.size;
        for i in 0..count {
            let centre = left + i as f64 * (block + GUTTER) + self.matrix.0 / 2.0;
            scene.lines(&lines, (centre, first), Anchor::Middle, TEXT, INK);
        }
        first + (lines.len() as f64 - 1.0) * TEXT.line_height() + DESCENT * TEXT.size
    }

    fn colour_bar(&self, scene: &mut Scene, axis: &Axis, labels: &[String], (left, top, bottom): (f64, f64, f64)) {
        const STEPS: usize = 128;
        let at = |part: f64| bottom - (bottom - top) * part;
        for i in (0..STEPS).rev() {
            // each down to the end, under the next: no seams
            let area = Area::new(left, at((i + 1) as f64 / STEPS as f64), left + BAR, bottom);
            scene.fill(area, style::sequential(i as f64 / (STEPS - 1) as f64), Part::Key);
        }
        let heights =
            axis::centred(axis.ticks.iter().rev().map(|&tick| at(axis.part(tick))), vec![TICK.size; labels.len()]);
        let shown = axis::thinned(&heights, 2.0).into_iter().rev();
        for ((&tick, label), _) in axis.ticks.iter().zip(labels).zip(shown).filter(|(_, shown)| *shown) {
            let y = at(axis.part(tick));
            scene.line((left + BAR, y), (left + BAR + 3.0, y), 0.8, MUTED);
            let place = (left + BAR + 6.0, y + CAP * TICK.size / 2.0);
            scene.text(Text::new(label.as_str(), place, Anchor::Start, TICK, MUTED));
        }
        let title = left + BAR + 6.0 + font::widest(labels, TICK) + 6.0;
        let middle = f64::midpoint(top, bottom);
        // Wrapped as its width was reckoned.
        let height = (middle - BAR_HEIGHT / 2.0, middle + BAR_HEIGHT / 2.0);
        frame::upward_title(scene, &self.data.value_label, title, height);
    }
}

/// The colour scale of all values, its ends at round numbers.
fn scale(values: &[f64]) -> Option<Axis> {
    let ends = |(low, high): (f64, f64), &value: &f64| (low.min(value), high.max(value));
    let first = values.first()?;
    let (low, high) = values.iter().fold((*first, *first), ends);
    Some(Axis::holding(low, high))
}

/// Size of a cell in matrices of up to `count` rows and columns, and how values are written in it: the
/// zero before the point goes before the text becomes small, and the text before it becomes illegible.
fn cell(count: usize, values: &[f64]) -> ((f64, f64), Option<Writing>) {
    let side = match count {
        0..=4 => 44.0,
        5..=6 => 36.0,
        7..=10 => 28.0,
        11..=16 => 23.0,
        17..=24 => 18.0,
        _ => 11.0,
    };
    if let Some(way) = Writing::fitting(values, &[11.0, 10.5, 10.0], &[10.0, 9.0, 8.0], side - 3.0) {
        return ((side, side), Some(way));
    }
    // longer numbers widen the cells of small matrices
    let way = Writing::fitting(values, &[9.0], &[], if count <= 12 { 48.0 } else { 0.0 });
    ((way.map_or(side, |way| way.widest(values) + 4.0), side), way)
}

/// How values are written in a cell of this side, if they can be.
fn writing(side: f64, values: &[f64]) -> Option<Writing> {
    Writing::fitting(values, &[11.0, 10.5, 10.0], &[10.0, 9.0], side - 3.0)
}

/// Every cell with its value, if that can be drawn.
fn cells(panel: &Panel) -> impl Iterator<Item = (usize, usize, Option<f64>)> + '_ {
    let value = |i: usize, j: usize| panel.values.get(i)?.get(j).copied().flatten().filter(|&v| axis::drawable(v));
    (0..panel.rows.len()).flat_map(move |i| (0..panel.columns.len()).map(move |j| (i, j, value(i, j))))
}

/// Light grey with lines from lower left to upper right.
fn hatch(scene: &mut Scene, area: Area) {
    scene.fill(area, BLANK, Part::Cell);
    let (wide, high) = (area.width(), area.height());
    let mut offset = 6.0;
    while offset < wide + high {
        // where the line leaves the cell at its left or lower and at its upper or right edge
        let from = (area.left + (offset - high).max(0.0), area.top + offset.min(high));
        let to = (area.left + offset.min(wide), area.top + (offset - wide).max(0.0));
        scene.line(from, to, 0.8, HATCH);
        offset += 6.0;
    }
}
