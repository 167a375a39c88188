//! Curves: panels side by side, one line per method, named at its right end.

use crate::Draw;
use crate::axis::{self, Axis, Spacing};
use crate::font::{self, ASCENT, CAP, DESCENT, Lines};
use crate::frame::{self, MARGIN, TITLE_ROOM};
use crate::scene::{Anchor, Area, Scene, Text};
use crate::series::{self, Style, StyleKey};
use crate::style::{GRID, INK, MUTED, PANEL, TEXT, TICK};

/// A point of a line. Values that are not finite count as absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Value of the line.
    pub value: f64,
    /// Ends of the error bar, on the value's scale.
    pub interval: Option<(f64, f64)>,
}

impl Point {
    /// The ends of the error bar, if both can be drawn.
    pub(crate) fn ends(self) -> Option<(f64, f64)> {
        self.interval.filter(|&(low, high)| axis::drawable(low) && axis::drawable(high))
    }
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Name at its right end.
    pub label: String,
    /// Text after the name; it does not distinguish lines.
    pub note: String,
    /// Key of its style.
    pub style: StyleKey,
    /// One point per position; missing ones break the line.
    pub values: Vec<Option<Point>>,
}

/// One panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurvePanel {
    /// Title above the panel.
    pub title: String,
    /// Names below the positions.
    pub ticks: Vec<String>,
    /// Values of the positions, spaced as the figure says; an empty list means equal distances.
    pub places: Vec<f64>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A figure of curves; all panels share the value axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Title of the figure.
    pub title: String,
    /// Remark about the data, for example that they stand in for others.
    pub subtitle: Option<String>,
    /// Title of the positions.
    pub x_label: String,
    /// Title of the value axis.
    pub y_label: String,
    /// Spacing of the values.
    pub y_spacing: Spacing,
    /// Spacing of positions with values.
    pub x_spacing: Spacing,
    /// Whether positions are not a sequence: points then stand side by side, and no line joins them.
    pub unordered: bool,
    /// The panels.
    pub panels: Vec<CurvePanel>,
}

impl Draw for Curves {
    fn scene(&self) -> Scene {
        Chart::new(self, SHARED, NAME_ROOM).scene(usize::MAX, TITLE_ROOM)
    }

    /// As many panels side by side as fit, narrower ones where not even one does.
    fn scene_within(&self, width: f64) -> Scene {
        let room = width / crate::LEAST_SCALE;
        let chart = Chart::new(self, SHARED, NAME_ROOM);
        let across = (1..=self.panels.len()).rev().find(|&across| chart.width(across) <= room);
        let scene = match across {
            Some(across) => chart.scene(across, room.min(TITLE_ROOM)),
            None => {
                // Names give way before the plot does.
                let named = Chart::new(self, SHARED, NAME_ROOM.min(0.45 * room));
                Chart::new(self, SHARED - (named.width(1) - room), NAME_ROOM.min(0.45 * room))
                    .scene(1, room.min(TITLE_ROOM))
            }
        };
        crate::within(scene, width)
    }
}

/// Least height of a plot.
const HEIGHT: f64 = 210.0;
/// Distance of two positions, at least and at most.
const STEPS: (f64, f64) = (30.0, 74.0);
/// Width that the positions of a panel share.
const SHARED: f64 = 230.0;
/// Most that a line's name takes.
const NAME_ROOM: f64 = 300.0;
/// From a line's last point to the marker before its name, and from there to the name.
const NAME_GAP: f64 = 14.0;
const KEY: f64 = 10.0;
/// Between panels.
const GUTTER: f64 = 22.0;
/// Between two names of positions.
const TICK_GAP: f64 = 6.0;
/// Most lines of a position's name.
const TICK_LINES: usize = 3;
/// Length of a position's name that reads upwards.
const UPWARD_ROOM: f64 = 120.0;
const RADIUS: f64 = 3.2;

/// Layout that is computed before the first mark is placed.
struct Chart<'a> {
    data: &'a Curves,
    /// Of each distinct line of all panels, with its key.
    styles: Vec<((&'a StyleKey, &'a str), Style)>,
    axis: Axis,
    step: f64,
    plot: f64,
    height: f64,
    names: f64,
    name_room: f64,
    left: f64,
    tick_labels: Vec<String>,
}

/// Name of a line, with its preferred and its final position.
struct Name {
    text: Lines,
    style: Style,
    wanted: f64,
    placed: f64,
    from: f64,
}

impl<'a> Chart<'a> {
    /// With panels whose positions share at least this width, and names of lines no wider than `name_room`.
    fn new(data: &'a Curves, shared: f64, name_room: f64) -> Self {
        let panels = &data.panels;
        let positions = panels.iter().map(|panel| panel.ticks.len()).max().unwrap_or(0).max(1);
        let widest = panels.iter().flat_map(|p| &p.ticks).map(|t| font::widest_word(t, TICK)).fold(0.0, f64::max);
        let wanted = if shared < SHARED { 0.0 } else { widest + TICK_GAP };
        let step = (shared / positions as f64).max(wanted).clamp(STEPS.0, STEPS.1);
        let points = || {
            panels.iter().flat_map(|p| &p.lines).flat_map(|line| (0..line.values.len()).filter_map(|i| point(line, i)))
        };
        let reach = |p: Point| {
            let (low, high) = p.interval.unwrap_or((p.value, p.value));
            [p.value, low, high]
        };
        let ends = points().flat_map(reach).fold(None, |ends: Option<(f64, f64)>, v| {
            Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        });
        let axis = match ends {
            Some((low, high)) if data.y_spacing == Spacing::Logarithmic => Axis::logarithmic(low, high),
            Some((low, high)) if high > low => Axis::holding(low, high),
            Some((value, _)) => Axis::holding(value.min(0.0), value.max(value.abs().max(1e-3))),
            None => Axis::holding(0.0, 1.0),
        };
        let tick_labels = axis.labels();
        let lines = panels.iter().map(|panel| panel.lines.len()).max().unwrap_or(0) as f64;
        let height = HEIGHT.max((lines - 1.0) * TEXT.line_height());
        let title = frame::upward_title_width(&data.y_label, height);
        let left = MARGIN + title + if title > 0.0 { 6.0 } else { 0.0 } + font::widest(&tick_labels, TICK) + 8.0;
        let name = |line: &Line| font::widest(&name_of(line, name_room), TEXT);
        let names = panels.iter().flat_map(|p| &p.lines).map(name).fold(0.0, f64::max);
        Self {
            data,
            styles: Self::styles(data),
            axis,
            step,
            plot: step * positions as f64,
            height,
            names: if names > 0.0 { NAME_GAP + KEY + names } else { 0.0 },
            name_room,
            left,
            tick_labels,
        }
    }

    /// One style per distinct line over all panels.
    fn styles(data: &Curves) -> Vec<((&StyleKey, &str), Style)> {
        let mut keys: Vec<(&StyleKey, &str)> = Vec::new();
        for line in data.panels.iter().flat_map(|panel| &panel.lines) {
            let key = (&line.style, line.label.as_str());
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let styles = series::styles(&keys.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        keys.into_iter().zip(styles).collect()
    }

    fn style(&self, line: &Line) -> Style {
        let found = self.styles.iter().find(|(key, _)| *key == (&line.style, line.label.as_str()));
        found.map(|(_, style)| *style).unwrap_or_default()
    }

    fn y(&self, value: f64) -> f64 {
        self.height * (1.0 - self.axis.part(value))
    }

    fn x(&self, panel: &CurvePanel, position: usize) -> f64 {
        let equal = self.step * (position as f64 + 0.5);
        let (Some(first), Some(last), Some(here)) =
            (panel.places.first(), panel.places.last(), panel.places.get(position))
        else {
            return equal;
        };
        let share = match self.data.x_spacing {
            Spacing::Linear => (here - first) / (last - first),
            Spacing::Logarithmic => (here / first).ln() / (last / first).ln(),
        };
        if share.is_finite() { self.step * 0.5 + (self.plot - self.step) * share } else { equal }
    }

    /// Points of unordered positions stand side by side, in the order of the lines.
    fn aside(&self, panel: &CurvePanel, line: usize) -> f64 {
        if !self.data.unordered {
            return 0.0;
        }
        let lines = panel.lines.len() as f64;
        let slot = (self.step * 0.7 / lines).min(2.0 * RADIUS + 3.0);
        slot * (line as f64 - (lines - 1.0) / 2.0)
    }

    /// Width of the figure with so many panels side by side, its title aside.
    fn width(&self, across: usize) -> f64 {
        let across = across.min(self.data.panels.len()).max(1) as f64;
        self.left + across * (self.plot + self.names) + (across - 1.0) * GUTTER + MARGIN
    }

    /// With at most `across` panels side by side, and a title that widens the figure to at most `title_room`.
    fn scene(&self, across: usize, title_room: f64) -> Scene {
        let data = self.data;
        let block = self.plot + self.names;
        let least = frame::least_width(&data.title, data.subtitle.as_deref(), title_room);
        let mut scene = Scene::new(&data.title, self.width(across).max(least));
        let styles: Vec<Style> = self.styles.iter().map(|(_, style)| *style).collect();
        let subtitle = frame::with_note(data.subtitle.as_deref(), series::note(&styles));
        let mut bottom = frame::header(&mut scene, &data.title, subtitle.as_deref());
        if data.panels.is_empty() {
            let top = bottom + 8.0;
            frame::upward_title(&mut scene, &data.y_label, MARGIN, (top, top + self.height));
            let centre = (scene.width / 2.0, top + self.height / 2.0);
            scene.text(Text::new("no data", centre, Anchor::Middle, TEXT, MUTED));
            bottom = top + self.height;
        }
        for row in data.panels.chunks(across.min(data.panels.len()).max(1)) {
            let titles: Vec<Lines> = row.iter().map(|p| font::wrap(&p.title, PANEL, block, 3)).collect();
            let title_lines = titles.iter().map(|lines| lines.len()).max().unwrap_or(0) as f64;
            let first = bottom + 8.0;
            let top = first + title_lines * PANEL.line_height() + if title_lines > 0.0 { 6.0 } else { 0.0 };
            frame::upward_title(&mut scene, &data.y_label, MARGIN, (top, top + self.height));
            bottom = top + self.height;
            for (i, (panel, title)) in row.iter().zip(&titles).enumerate() {
                let left = self.left + i as f64 * (block + GUTTER);
                scene.lines(title, (left, first + ASCENT * PANEL.size), Anchor::Start, PANEL, INK);
                bottom = bottom.max(self.panel(&mut scene, panel, (left, top), i == 0));
            }
        }
        scene.height = bottom + MARGIN;
        scene
    }

    /// Draws a panel, its plot's upper left corner at `left`, `top`; returns its lower edge.
    fn panel(&self, scene: &mut Scene, panel: &CurvePanel, (left, top): (f64, f64), numbers: bool) -> f64 {
        let rows = axis::centred(
            self.axis.ticks.iter().rev().map(|&tick| self.y(tick)),
            vec![TICK.size; self.tick_labels.len()],
        );
        let shown = axis::thinned(&rows, 2.0).into_iter().rev();
        for ((&tick, label), shown) in self.axis.ticks.iter().zip(&self.tick_labels).zip(shown) {
            let y = top + self.y(tick);
            scene.line((left, y), (left + self.plot, y), 0.8, GRID);
            if numbers && shown {
                let at = (left - 8.0, y + CAP * TICK.size / 2.0);
                scene.text(Text::new(label.as_str(), at, Anchor::End, TICK, MUTED));
            }
        }
        scene.line((left, top + self.height), (left + self.plot, top + self.height), 1.0, INK);
        for (at, line) in panel.lines.iter().enumerate() {
            self.line(scene, panel, (at, line), (left, top));
        }
        self.names(scene, panel, (left, top));
        let lower = self.positions(scene, panel, (left, top + self.height + 5.0));
        let title = font::wrap(&self.data.x_label, TEXT, self.plot, 2);
        let at = (left + self.plot / 2.0, lower + 4.0 + ASCENT * TEXT.size);
        scene.lines(&title, at, Anchor::Middle, TEXT, INK);
        lower + 4.0 + title.len() as f64 * TEXT.line_height()
    }

    /// Draws the names of the positions below `foot`; returns their lower edge. Names that do not fit side by side read upwards,
    /// and of numbers as many are written as have room.
    fn positions(&self, scene: &mut Scene, panel: &CurvePanel, (left, foot): (f64, f64)) -> f64 {
        let places: Vec<f64> = (0..panel.ticks.len()).map(|i| self.x(panel, i)).collect();
        let nearest = |i: usize| {
            let near = [i.checked_sub(1), Some(i + 1)].into_iter().flatten().filter_map(|j| places.get(j));
            near.map(|place| (place - places[i]).abs()).fold(self.step, f64::min)
        };
        let broken = |(i, tick): (usize, &String)| font::wrap(tick, TICK, nearest(i) - TICK_GAP, TICK_LINES);
        let whole = |(i, tick): (usize, &String)| font::widest_word(tick, TICK) <= nearest(i) - TICK_GAP;
        let mut lines: Vec<Lines> = panel.ticks.iter().enumerate().map(broken).collect();
        let fits = panel.ticks.iter().enumerate().all(whole) && lines.iter().all(|lines| lines.full.is_none());
        let number = |tick: &String| tick.replace('−', "-").parse::<f64>().is_ok();
        let upwards = !fits && !panel.ticks.iter().all(number);
        if !fits {
            let room = if upwards { UPWARD_ROOM } else { self.plot };
            lines = panel.ticks.iter().map(|tick| font::wrap(tick, TICK, room, 1)).collect();
        }
        let width = |lines: &Lines| if upwards { TICK.size } else { font::widest(lines, TICK) };
        let shown = axis::thinned(&axis::centred(places.iter().copied(), lines.iter().map(width)), 4.0);
        let mut lower = foot;
        for ((x, lines), _) in places.iter().zip(&lines).zip(shown).filter(|(_, shown)| *shown) {
            if upwards {
                let at = (left + x + (ASCENT - DESCENT) / 2.0 * TICK.size, foot);
                for line in lines.iter() {
                    let text = Text::new(line.as_str(), at, Anchor::End, TICK, INK).upwards();
                    scene.text(text.part_of(lines.full.as_ref()));
                }
                lower = lower.max(foot + font::widest(lines, TICK));
            } else {
                scene.lines(lines, (left + x, foot + ASCENT * TICK.size), Anchor::Middle, TICK, INK);
                lower = lower.max(foot + lines.len() as f64 * TICK.line_height());
            }
        }
        lower
    }

    /// Error bars below, then the line, then its points over the joints.
    fn line(&self, scene: &mut Scene, panel: &CurvePanel, (at, line): (usize, &Line), (left, top): (f64, f64)) {
        let style = self.style(line);
        let colour = style.colour;
        let places: Vec<Option<(f64, f64, Point)>> = (0..line.values.len())
            .map(|i| {
                let x = left + self.x(panel, i) + self.aside(panel, at);
                point(line, i).map(|p| (x, top + self.y(p.value), p))
            })
            .collect();
        for &(x, _, p) in places.iter().flatten() {
            if let Some((low, high)) = p.interval {
                let (high, low) = (top + self.y(high), top + self.y(low));
                scene.line((x, high), (x, low), 1.0, colour);
                for y in [high, low] {
                    scene.line((x - 3.0, y), (x + 3.0, y), 1.0, colour);
                }
            }
        }
        for pair in places.windows(2).filter(|_| !self.data.unordered) {
            if let [Some((x0, y0, _)), Some((x1, y1, _))] = pair {
                scene.stroke((*x0, *y0), (*x1, *y1), 2.0, colour, style.dash);
            }
        }
        for (i, &(x, y, p)) in places.iter().enumerate().filter_map(|(i, place)| Some((i, place.as_ref()?))) {
            scene.marker((x, y), RADIUS, style);
            let ends = p.interval.map(|(low, high)| (axis::precise(low), axis::precise(high))).unwrap_or_default();
            let reach = RADIUS + 3.0;
            scene.datum(
                Area::new(x - reach, y - reach, x + reach, y + reach),
                [
                    ("panel", panel.title.clone()),
                    ("line", format!("{}{}", line.label, line.note)),
                    (self.data.x_label.as_str(), panel.ticks.get(i).cloned().unwrap_or_default()),
                    (self.data.y_label.as_str(), axis::precise(p.value)),
                    ("low", ends.0),
                    ("high", ends.1),
                ],
            );
        }
    }

    /// Every line's name beside its last point, moved apart where they would touch.
    fn names(&self, scene: &mut Scene, panel: &CurvePanel, (left, top): (f64, f64)) {
        let mut names: Vec<Name> = Vec::new();
        for (at, line) in panel.lines.iter().enumerate().filter(|(_, line)| !line.label.trim().is_empty()) {
            let last = (0..line.values.len()).rev().find_map(|i| point(line, i).map(|p| (i, p)));
            let Some((i, p)) = last else { continue };
            let y = top + self.y(p.value);
            let (style, from) = (self.style(line), left + self.x(panel, i) + self.aside(panel, at) + RADIUS + 2.0);
            names.push(Name { text: name_of(line, self.name_room), style, wanted: y, placed: y, from });
        }
        names.sort_by(|a, b| a.wanted.total_cmp(&b.wanted));
        spread(&mut names, TEXT.line_height(), (top, top + self.height));
        for name in names {
            let x = left + self.plot + NAME_GAP;
            scene.line((name.from, name.wanted), (x - RADIUS - 2.0, name.placed), 0.8, name.style.colour);
            scene.marker((x, name.placed), RADIUS, name.style);
            let at = (x + KEY, name.placed + CAP * TEXT.size / 2.0);
            scene.lines(&name.text, at, Anchor::Start, TEXT, INK);
        }
    }
}

/// The name that stands beside a line.
fn name_of(line: &Line, room: f64) -> Lines {
    font::wrap(&format!("{}{}", line.label, line.note), TEXT, room, 1)
}

/// Moves names, from top to bottom, at least `gap` apart and as far as possible into `top..bottom`.
fn spread(names: &mut [Name], gap: f64, (top, bottom): (f64, f64)) {
    for i in 1..names.len() {
        names[i].placed = names[i].placed.max(names[i - 1].placed + gap);
    }
    let over = names.last().map_or(0.0, |last| (last.placed - bottom).max(0.0));
    let mut limit = f64::INFINITY;
    for name in names.iter_mut().rev() {
        let lowest = if limit.is_finite() { limit } else { name.placed - over };
        name.placed = name.placed.min(lowest).max(top.min(name.placed));
        limit = name.placed - gap;
    }
    // What does not fit hangs out below rather than over its neighbours.
    for i in 1..names.len() {
        names[i].placed = names[i].placed.max(names[i - 1].placed + gap);
    }
}

/// The point of a line at a position, without values that cannot be drawn.
fn point(line: &Line, position: usize) -> Option<Point> {
    let point = line.values.get(position).copied().flatten().filter(|p| axis::drawable(p.value))?;
    Some(Point { value: point.value, interval: point.ends().map(|(low, high)| (low.min(high), low.max(high))) })
}
