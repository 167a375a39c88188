//! Grouped bars: one group per metric or view, one bar per series in each.

use crate::Draw;
use crate::axis::{self, Axis, Writing};
use crate::font::{self, ASCENT, CAP, DESCENT, Lines};
use crate::frame::{self, Key, MARGIN, TITLE_ROOM};
use crate::scene::{Anchor, Area, Part, Scene, Text};
use crate::series::{self, Style, StyleKey};
use crate::style::{self, Face, GRID, INK, MUTED, PAPER, Rgb, TEXT, TICK, VALUE};

/// A bar with its error bar and reference. Values that are not finite count as absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    /// Value at the end of the bar.
    pub value: f64,
    /// Ends of the error bar, on the value's scale.
    pub spread: Option<(f64, f64)>,
    /// A published value, drawn as a hollow diamond.
    pub reference: Option<f64>,
}

/// Bars of one style.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarSeries {
    /// Name in the legend.
    pub label: String,
    /// Key of its style.
    pub style: StyleKey,
    /// One bar per group; missing ones are marked as not available.
    pub values: Vec<Option<Bar>>,
}

/// A chart of grouped bars. Its width follows from the number of bars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupedBars {
    /// Title of the figure.
    pub title: String,
    /// Remark about the data, for example that they stand in for others.
    pub subtitle: Option<String>,
    /// Title of the value axis.
    pub y_label: String,
    /// Legend text of the diamonds, used if there are any.
    pub reference_label: String,
    /// Names below the groups.
    pub groups: Vec<String>,
    /// The bars, in this order within each group.
    pub series: Vec<BarSeries>,
}

impl Draw for GroupedBars {
    fn scene(&self) -> Scene {
        Chart::new(self, TITLE_ROOM, SHARED).scene(true)
    }

    /// Groups that do not fit side by side stand below one another, each line of them with its own axis.
    fn scene_within(&self, width: f64) -> Scene {
        let room = width / crate::LEAST_SCALE;
        let groups = self.groups.len();
        let (title_room, shared) = (room.min(TITLE_ROOM), SHARED.min(0.6 * room));
        let lines = |count: usize| (0..groups).step_by(count).map(move |from| self.part(from, count));
        let fits = |count: usize| lines(count).all(|part| Chart::new(&part, title_room, shared).width() <= room);
        let Some(count) = (1..=groups).rev().find(|&count| fits(count)) else {
            return crate::within(self.scene(), width);
        };
        let even = groups.div_ceil(groups.div_ceil(count));
        let lines = lines(if fits(even) { even } else { count }).enumerate();
        let scenes = lines.map(|(line, part)| Chart::new(&part, title_room, shared).scene(line == 0));
        crate::within(scenes.reduce(Scene::above).unwrap_or_else(|| self.scene()), width)
    }
}

impl GroupedBars {
    /// A part of the groups; the title stands above the first part.
    fn part(&self, from: usize, count: usize) -> Self {
        let to = (from + count).min(self.groups.len());
        let series = |series: &BarSeries| BarSeries {
            label: series.label.clone(),
            style: series.style.clone(),
            values: (from..to).map(|group| series.values.get(group).copied().flatten()).collect(),
        };
        Self {
            title: if from == 0 { self.title.clone() } else { String::new() },
            subtitle: self.subtitle.clone().filter(|_| from == 0),
            y_label: self.y_label.clone(),
            reference_label: self.reference_label.clone(),
            groups: self.groups[from..to].to_vec(),
            series: self.series.iter().map(series).collect(),
        }
    }
}

/// Width that the bars share, and the least and the most that one of them gets.
const SHARED: f64 = 320.0;
const SLOTS: (f64, f64) = (6.6, 34.0);
/// A chart with few bars is no narrower than this, and labels widen none beyond the second number.
const PLOT_WIDTHS: (f64, f64) = (250.0, 480.0);
/// Least and greatest height of the plot.
const PLOT_HEIGHTS: (f64, f64) = (180.0, 240.0);
/// Between two group labels.
const LABEL_GAP: f64 = 8.0;
/// Length of a group label that reads upwards.
const UPWARD_ROOM: f64 = 120.0;
/// Least height of a bar.
const LEAST_BAR: f64 = 1.2;

/// Layout that is computed before the first mark is placed.
struct Chart<'a> {
    data: &'a GroupedBars,
    styles: Vec<Style>,
    axis: Axis,
    slot: f64,
    group: f64,
    height: f64,
    values: Option<Writing>,
    left: f64,
    ticks: Vec<String>,
    labels: GroupLabels,
}

/// Layout of the names below the groups.
struct GroupLabels {
    face: Face,
    upwards: bool,
    lines: Vec<Lines>,
}

impl GroupLabels {
    fn new(groups: &[String], room: f64) -> Self {
        for face in [TEXT, TICK, VALUE] {
            let unbroken = groups.iter().all(|label| font::widest_word(label, face) <= room);
            let lines: Vec<Lines> = groups.iter().map(|label| font::wrap(label, face, room, 99)).collect();
            if unbroken && lines.iter().all(|lines| lines.len() <= 3) {
                return Self { face, upwards: false, lines };
            }
        }
        let face = [TEXT, TICK, VALUE].into_iter().find(|face| face.line_height() <= room).unwrap_or(VALUE);
        let across = (((room + LABEL_GAP) / face.line_height()).floor() as usize).clamp(1, 4);
        let lines = groups.iter().map(|label| font::wrap(label, face, UPWARD_ROOM, across)).collect();
        Self { face, upwards: true, lines }
    }

    fn height(&self) -> f64 {
        if self.upwards {
            return self.lines.iter().map(|lines| font::widest(lines, self.face)).fold(0.0, f64::max);
        }
        self.lines.iter().map(|lines| lines.len()).max().unwrap_or(0) as f64 * self.face.line_height()
    }
}

impl<'a> Chart<'a> {
    /// With a title that widens the figure to at most `title_room`, and bars that share this width as far as they can.
    fn new(data: &'a GroupedBars, title_room: f64, shared: f64) -> Self {
        let (groups, series) = (data.groups.len().max(1) as f64, data.series.len().max(1) as f64);
        let slot = (shared / (groups * series)).clamp(SLOTS.0, SLOTS.1);
        let gap = (slot * 0.9).clamp(10.0, 30.0);
        let word = |label: &String| font::widest_word(label, TEXT) + LABEL_GAP;
        let widest = data.groups.iter().map(word).fold(0.0, f64::max);
        let wanted = if widest * groups <= PLOT_WIDTHS.1 { widest } else { 0.0 };
        let group = (slot * series + gap).max(PLOT_WIDTHS.0 / groups).max(wanted);
        let height = (group * groups * 0.5).clamp(PLOT_HEIGHTS.0, PLOT_HEIGHTS.1);

        let bars = || (0..data.groups.len()).flat_map(|g| data.series.iter().filter_map(move |s| bar(s, g)));
        let reach = |bar: Bar| {
            let (low, high) = bar.spread.unwrap_or((bar.value, bar.value));
            [bar.value, low, high, bar.reference.unwrap_or(bar.value)]
        };
        let (low, high) = bars().flat_map(reach).fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let axis = Axis::holding(low, high);
        let ticks = axis.labels();
        let title = frame::upward_title_width(&data.y_label, height);
        let left = MARGIN + title + if title > 0.0 { 6.0 } else { 0.0 } + font::widest(&ticks, TICK) + 6.0;
        let least = frame::least_width(&data.title, data.subtitle.as_deref(), title_room) - left - MARGIN;
        let group = group.max(least / groups);
        let written: Vec<f64> = bars().map(|bar| bar.value).collect();
        Self {
            data,
            styles: series::styles(&data.series.iter().map(|s| &s.style).collect::<Vec<_>>()),
            axis,
            ticks,
            left,
            slot,
            group,
            height,
            values: Writing::fitting(&written, &[10.0, 9.5, 9.0], &[10.0, 9.0], slot - 2.5),
            labels: GroupLabels::new(&data.groups, group - LABEL_GAP),
        }
    }

    /// Distance of a value from the top of the plot.
    fn y(&self, value: f64) -> f64 {
        self.height * (1.0 - self.axis.part(value))
    }

    /// Distance of the end of a bar from the top of the plot: a value near zero still shows its colour.
    fn end(&self, value: f64) -> f64 {
        let (y, zero) = (self.y(value), self.y(0.0));
        match (y - zero).abs() < LEAST_BAR {
            true if value < 0.0 => zero + LEAST_BAR,
            true => zero - LEAST_BAR,
            false => y,
        }
    }

    /// Centre of a bar, from the left edge of the plot.
    fn x(&self, group: usize, series: usize) -> f64 {
        let first = self.slot * self.data.series.len() as f64 / 2.0;
        self.group * (group as f64 + 0.5) - first + self.slot * (series as f64 + 0.5)
    }

    fn style(&self, series: usize) -> Style {
        self.styles.get(series).copied().unwrap_or_default()
    }

    fn colour(&self, series: usize) -> Rgb {
        self.style(series).colour
    }

    /// Radius of the markers below the bars, and the height of their row; none for a single series.
    fn markers(&self) -> Option<(f64, f64)> {
        let radius = (self.slot * 0.34).clamp(2.0, 3.6);
        (self.data.series.len() > 1).then_some((radius, 3.0 * radius + 2.0))
    }

    fn radius(&self) -> f64 {
        (self.slot * 0.3).clamp(2.4, 4.4)
    }

    /// Baseline of the value written above (or below a negative) bar, from the top of the plot.
    fn value_baseline(&self, bar: Bar, face: Face) -> f64 {
        let (low, high) = bar.spread.unwrap_or((bar.value, bar.value));
        let marker = bar.reference.map(|reference| self.y(reference));
        if bar.value < 0.0 {
            let lowest = marker.map_or(0.0, |y| y + self.radius() + 1.0).max(self.end(bar.value)).max(self.y(low));
            lowest + 3.0 + CAP * face.size
        } else {
            let highest =
                marker.map_or(self.height, |y| y - self.radius() - 1.0).min(self.end(bar.value)).min(self.y(high));
            highest - 3.0
        }
    }

    /// Room that the values need above and below the plot.
    fn overhang(&self) -> (f64, f64) {
        let Some(Writing { face, .. }) = self.values else { return (self.radius(), 0.0) };
        let baselines = (0..self.data.groups.len())
            .flat_map(|g| self.data.series.iter().filter_map(move |s| bar(s, g)))
            .map(|bar| self.value_baseline(bar, face));
        baselines.fold((self.radius(), 0.0), |(above, below): (f64, f64), y| {
            (above.max(CAP * face.size - y), below.max(y + DESCENT * face.size - self.height))
        })
    }

    /// Width of the figure.
    fn width(&self) -> f64 {
        self.left + self.group * self.data.groups.len().max(1) as f64 + MARGIN
    }

    fn scene(&self, with_legend: bool) -> Scene {
        let data = self.data;
        let wide = self.group * data.groups.len().max(1) as f64;
        let mut scene = Scene::new(&data.title, self.width());
        let note = series::note(&self.styles).filter(|_| with_legend);
        let subtitle = frame::with_note(data.subtitle.as_deref(), note);
        let mut y = frame::header(&mut scene, &data.title, subtitle.as_deref()) + 6.0;
        let mut entries: Vec<(Key, &str)> =
            self.styles.iter().zip(&data.series).map(|(&style, s)| (Key::Area(style), s.label.as_str())).collect();
        if !with_legend {
            entries.clear();
        } else if self.bars().any(|(_, _, bar)| bar.reference.is_some()) {
            let label = data.reference_label.trim();
            entries.push((Key::Diamond, if label.is_empty() { "published" } else { label }));
        }
        y = frame::legend(&mut scene, &entries, y) + 6.0;
        let (above, below) = self.overhang();
        let top = y + above;
        let plot = Area::new(self.left, top, self.left + wide, top + self.height);

        self.grid(&mut scene, plot);
        frame::upward_title(&mut scene, &data.y_label, MARGIN, (plot.top, plot.bottom));
        self.draw_bars(&mut scene, plot);
        let mut foot = plot.bottom + below + 7.0;
        if let Some((radius, height)) = self.markers() {
            for (g, s, _) in self.bars() {
                let at = (plot.left + self.x(g, s), foot - 2.0 + height / 2.0);
                scene.marker(at, radius, self.style(s));
            }
            foot += height;
        }
        self.group_labels(&mut scene, plot.left, foot);
        if data.groups.is_empty() || data.series.is_empty() {
            let centre = (f64::midpoint(plot.left, plot.right), f64::midpoint(plot.top, plot.bottom) - 10.0);
            scene.text(Text::new("no data", centre, Anchor::Middle, TEXT, MUTED));
        }
        scene.height = foot + self.labels.height() + MARGIN - 2.0;
        scene
    }

    fn bars(&self) -> impl Iterator<Item = (usize, usize, Bar)> + '_ {
        let series = || self.data.series.iter().enumerate();
        (0..self.data.groups.len()).flat_map(move |g| series().filter_map(move |(s, of)| Some((g, s, bar(of, g)?))))
    }

    fn grid(&self, scene: &mut Scene, plot: Area) {
        let heights =
            axis::centred(self.axis.ticks.iter().rev().map(|&tick| self.y(tick)), vec![TICK.size; self.ticks.len()]);
        let shown = axis::thinned(&heights, 2.0).into_iter().rev();
        for ((&tick, label), shown) in self.axis.ticks.iter().zip(&self.ticks).zip(shown) {
            let y = plot.top + self.y(tick);
            scene.line((plot.left, y), (plot.right, y), 0.8, GRID);
            if !shown {
                continue;
            }
            let baseline = y + CAP * TICK.size / 2.0;
            scene.text(Text::new(label.as_str(), (plot.left - 6.0, baseline), Anchor::End, TICK, MUTED));
        }
    }

    fn draw_bars(&self, scene: &mut Scene, plot: Area) {
        let origin = plot.left;
        let zero = plot.top + self.y(0.0);
        let half = self.slot * if self.slot > 12.0 { 0.45 } else { 0.44 };
        for (g, s, bar) in self.bars() {
            let (x, y) = (origin + self.x(g, s), plot.top + self.end(bar.value));
            let area = Area::new(x - half, y.min(zero), x + half, y.max(zero));
            scene.fill(area, self.colour(s), Part::Bar);
            let ends = bar.spread.map(|(low, high)| (axis::precise(low), axis::precise(high))).unwrap_or_default();
            let reference = self.data.reference_label.trim();
            scene.datum(
                Area::new(area.left, area.top - 4.0, area.right, area.bottom),
                [
                    ("group", self.data.groups[g].clone()),
                    ("bar", self.data.series[s].label.clone()),
                    (self.data.y_label.as_str(), axis::precise(bar.value)),
                    ("low", ends.0),
                    ("high", ends.1),
                    (
                        if reference.is_empty() { "published" } else { reference },
                        bar.reference.map(axis::precise).unwrap_or_default(),
                    ),
                ],
            );
        }
        scene.line((plot.left, zero), (plot.right, zero), 1.0, INK);
        for (g, s, bar) in self.bars() {
            let x = origin + self.x(g, s);
            if let Some((low, high)) = bar.spread {
                let ends = (plot.top + self.y(high), plot.top + self.y(low));
                let end = plot.top + self.y(bar.value);
                error_bar(scene, x, ends, half, (self.colour(s), end.min(zero), end.max(zero)));
            }
        }
        for (g, s, bar) in self.bars() {
            let x = origin + self.x(g, s);
            if let Some(reference) = bar.reference {
                // Beside the error bar if there is room, so that neither hides the other.
                let aside = if bar.spread.is_some() && self.slot >= 16.0 { half * 0.62 } else { 0.0 };
                scene.diamond((x + aside, plot.top + self.y(reference)), self.radius(), INK, PAPER);
            }
            if let Some(way) = self.values {
                let at = (x, plot.top + self.value_baseline(bar, way.face));
                scene.text(Text::new(way.write(bar.value), at, Anchor::Middle, way.face, INK));
            }
        }
        self.absent(scene, origin, (plot.top, zero));
    }

    /// Marks unavailable bars: once if a group has none, else in the place of each bar.
    fn absent(&self, scene: &mut Scene, origin: f64, (top, zero): (f64, f64)) {
        const MARK: &str = "n/a";
        let below = zero - top < 24.0;
        for g in 0..self.data.groups.len() {
            let missing: Vec<usize> =
                self.data.series.iter().enumerate().filter(|(_, s)| bar(s, g).is_none()).map(|(s, _)| s).collect();
            let baseline = if below { zero + 5.0 + CAP * VALUE.size } else { zero - 5.0 };
            if missing.len() == self.data.series.len() && !missing.is_empty() {
                let centre = origin + self.group * (g as f64 + 0.5);
                scene.text(Text::new(MARK, (centre, baseline), Anchor::Middle, VALUE, MUTED));
                continue;
            }
            let face = Face::regular(9.0);
            for s in missing {
                let x = origin + self.x(g, s);
                if font::width(MARK, face) <= self.slot - 1.0 {
                    scene.text(Text::new(MARK, (x, baseline), Anchor::Middle, face, MUTED));
                } else {
                    let face = Face::regular(face.size.min(self.slot - 0.2));
                    let x = x + (ASCENT - DESCENT) / 2.0 * face.size;
                    let (y, anchor) = if below { (zero + 4.0, Anchor::End) } else { (zero - 4.0, Anchor::Start) };
                    scene.text(Text::new(MARK, (x, y), anchor, face, MUTED).upwards());
                }
            }
        }
    }

    fn group_labels(&self, scene: &mut Scene, origin: f64, top: f64) {
        let face = self.labels.face;
        for (g, lines) in self.labels.lines.iter().enumerate() {
            let centre = origin + self.group * (g as f64 + 0.5);
            if !self.labels.upwards {
                scene.lines(lines, (centre, top + ASCENT * face.size), Anchor::Middle, face, INK);
                continue;
            }
            let first = centre - face.line_height() * (lines.len() as f64 - 1.0) / 2.0;
            for (i, line) in lines.iter().enumerate() {
                let x = first + face.line_height() * i as f64 + (ASCENT - DESCENT) / 2.0 * face.size;
                let text = Text::new(line.as_str(), (x, top), Anchor::End, face, INK).upwards();
                scene.text(text.part_of(lines.full.as_ref()));
            }
        }
    }
}

/// The bar of a series in a group, without values that cannot be drawn.
fn bar(series: &BarSeries, group: usize) -> Option<Bar> {
    let bar = series.values.get(group).copied().flatten().filter(|bar| axis::drawable(bar.value))?;
    let spread = bar.spread.filter(|&(low, high)| axis::drawable(low) && axis::drawable(high));
    Some(Bar {
        value: bar.value,
        spread: spread.map(|(low, high)| (low.min(high), low.max(high))),
        reference: bar.reference.filter(|&reference| axis::drawable(reference)),
    })
}

/// A line with caps; where it crosses its bar, which may be as dark as itself, on a tint of the bar.
fn error_bar(scene: &mut Scene, x: f64, (high, low): (f64, f64), half: f64, (colour, top, bottom): (Rgb, f64, f64)) {
    let cap = (half * 0.55).min(5.0);
    let ground = style::mix(colour, PAPER, 0.72);
    let inside = |y: f64| (top..=bottom).contains(&y);
    let (from, to) = (high.max(top), low.min(bottom));
    if from < to {
        scene.line((x, from), (x, to), 2.4, ground);
    }
    for y in [high, low].into_iter().filter(|&y| inside(y)) {
        scene.line((x - cap - 0.6, y), (x + cap + 0.6, y), 2.4, ground);
    }
    scene.line((x, high), (x, low), 1.1, INK);
    for y in [high, low] {
        scene.line((x - cap, y), (x + cap, y), 1.1, INK);
    }
}
