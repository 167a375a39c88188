//! Points by two values, each with its intervals and its name, and the front: the line beyond which no point is better
//! in both.

use super::curves::Point;
use crate::Draw;
use crate::axis::{self, Axis};
use crate::font::{self, ASCENT, CAP, DESCENT};
use crate::frame::{self, Key, MARGIN};
use crate::scene::{Anchor, Area, Scene, Text};
use crate::series::{self, Style, StyleKey};
use crate::style::{self, GRID, INK, MUTED, PAPER, Rgb, TEXT, TICK};

/// A point. Values that are not finite count as absent, and so does the point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dot {
    /// Name beside the point.
    pub label: String,
    /// Key of its style.
    pub style: StyleKey,
    /// Name of a path: points with one path are joined by a line, in their order; points without one stand alone.
    pub path: Option<String>,
    /// Horizontal value.
    pub x: Point,
    /// Vertical value.
    pub y: Point,
}

/// A figure of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// Title of the figure.
    pub title: String,
    /// Remark about the data.
    pub subtitle: Option<String>,
    /// Title of the horizontal axis.
    pub x_label: String,
    /// Title of the vertical axis.
    pub y_label: String,
    /// Whether larger values are better, horizontally and vertically.
    pub better: (bool, bool),
    /// The points.
    pub dots: Vec<Dot>,
}

const WIDTH: f64 = 470.0;
const HEIGHT: f64 = 330.0;
const RADIUS: f64 = 3.6;
/// From the plot down to the labels of its ticks: clear of the lowest label beside it.
const FOOT: f64 = 8.0;
/// From a point to its name.
const GAP: f64 = 6.0;
/// Most that a name takes.
const NAME_ROOM: f64 = 200.0;
/// Room right of the plot, for names that do not fit inside.
const ASIDE: f64 = 60.0;

impl Draw for Scatter {
    fn scene(&self) -> Scene {
        Chart::new(self).scene()
    }
}

struct Chart<'a> {
    data: &'a Scatter,
    dots: Vec<&'a Dot>,
    styles: Vec<Style>,
    x: Axis,
    y: Axis,
    left: f64,
}

impl<'a> Chart<'a> {
    fn new(data: &'a Scatter) -> Self {
        let there = |dot: &&Dot| axis::drawable(dot.x.value) && axis::drawable(dot.y.value);
        let dots: Vec<&Dot> = data.dots.iter().filter(there).collect();
        let x = axis_of(dots.iter().map(|dot| dot.x));
        let y = axis_of(dots.iter().map(|dot| dot.y));
        let keys: Vec<&StyleKey> = dots.iter().map(|dot| &dot.style).collect();
        let title = frame::upward_title_width(&data.y_label, HEIGHT);
        let left = MARGIN + title + if title > 0.0 { 6.0 } else { 0.0 } + font::widest(&y.labels(), TICK) + 8.0;
        Self { data, styles: series::styles(&keys), dots, x, y, left }
    }

    fn place(&self, x: f64, y: f64, top: f64) -> (f64, f64) {
        (self.left + WIDTH * self.x.part(x), top + HEIGHT * (1.0 - self.y.part(y)))
    }

    fn scene(&self) -> Scene {
        let data = self.data;
        let wide = self.left + WIDTH + ASIDE + MARGIN;
        let least = frame::least_width(&data.title, data.subtitle.as_deref(), frame::TITLE_ROOM);
        let mut scene = Scene::new(&data.title, wide.max(least));
        let subtitle = frame::with_note(data.subtitle.as_deref(), series::note(&self.styles));
        let top = frame::header(&mut scene, &data.title, subtitle.as_deref()) + 12.0;
        frame::upward_title(&mut scene, &data.y_label, MARGIN, (top, top + HEIGHT));
        self.grid(&mut scene, top);
        if self.dots.is_empty() {
            let centre = (self.left + WIDTH / 2.0, top + HEIGHT / 2.0);
            scene.text(Text::new("no data", centre, Anchor::Middle, TEXT, MUTED));
        }
        self.front(&mut scene, top);
        self.marks(&mut scene, top);
        let unnamed = self.names(&mut scene, top);
        let foot = top + HEIGHT + FOOT + TICK.line_height() + 4.0;
        let title = font::wrap(&data.x_label, TEXT, WIDTH, 3);
        let at = (self.left + WIDTH / 2.0, foot + ASCENT * TEXT.size);
        scene.lines(&title, at, Anchor::Middle, TEXT, INK);
        let mut bottom = foot + title.len() as f64 * TEXT.line_height();
        if !unnamed.is_empty() {
            let entry = |&dot: &usize| (Key::Marker(self.styles[dot]), self.dots[dot].label.as_str());
            bottom = frame::legend(&mut scene, &unnamed.iter().map(entry).collect::<Vec<_>>(), bottom + 10.0);
        }
        scene.height = bottom + MARGIN;
        scene
    }

    fn grid(&self, scene: &mut Scene, top: f64) {
        let (right, bottom) = (self.left + WIDTH, top + HEIGHT);
        for (tick, label) in self.y.ticks.iter().zip(self.y.labels()) {
            let y = self.place(self.x.low, *tick, top).1;
            scene.line((self.left, y), (right, y), 0.8, GRID);
            let at = (self.left - 8.0, y + CAP * TICK.size / 2.0);
            scene.text(Text::new(label, at, Anchor::End, TICK, MUTED));
        }
        let labels = self.x.labels();
        let places: Vec<f64> = self.x.ticks.iter().map(|tick| self.place(*tick, self.y.low, top).0).collect();
        let widths = labels.iter().map(|label| font::width(label, TICK));
        let shown = axis::thinned(&axis::centred(places.iter().copied(), widths), 6.0);
        for ((x, label), shown) in places.into_iter().zip(labels).zip(shown) {
            scene.line((x, top), (x, bottom), 0.8, GRID);
            if shown {
                scene.text(Text::new(label, (x, bottom + FOOT + ASCENT * TICK.size), Anchor::Middle, TICK, MUTED));
            }
        }
        scene.line((self.left, bottom), (right, bottom), 1.0, INK);
    }

    /// Draws steps through the points that no other point beats in both values.
    fn front(&self, scene: &mut Scene, top: f64) {
        let good = |value: f64, more: bool| if more { value } else { -value };
        let of = |dot: &Dot| (good(dot.x.value, self.data.better.0), good(dot.y.value, self.data.better.1));
        let beaten = |dot: &&&Dot| {
            let (x, y) = of(dot);
            self.dots.iter().map(|other| of(other)).any(|(a, b)| a >= x && b >= y && (a > x || b > y))
        };
        let mut front: Vec<&&Dot> = self.dots.iter().filter(|dot| !beaten(dot)).collect();
        front.sort_by(|a, b| of(a).0.total_cmp(&of(b).0));
        let light = style::mix(MUTED, PAPER, 0.45);
        for pair in front.windows(2) {
            // From the one that is better in y along its height, then along the other's place.
            let (a, b) =
                (self.place(pair[0].x.value, pair[0].y.value, top), self.place(pair[1].x.value, pair[1].y.value, top));
            let corner = (a.0, b.1);
            dashed(scene, a, corner, light);
            dashed(scene, corner, b, light);
        }
    }

    fn marks(&self, scene: &mut Scene, top: f64) {
        for (dot, Style { colour, .. }) in self.dots.iter().zip(&self.styles) {
            let (x, y) = self.place(dot.x.value, dot.y.value, top);
            if let Some((low, high)) = dot.y.ends() {
                let (low, high) = (self.place(0.0, low, top).1, self.place(0.0, high, top).1);
                scene.line((x, high), (x, low), 1.0, *colour);
            }
            if let Some((low, high)) = dot.x.ends() {
                let (low, high) = (self.place(low, 0.0, top).0, self.place(high, 0.0, top).0);
                scene.line((low, y), (high, y), 1.0, *colour);
            }
        }
        for (at, dot) in self.dots.iter().enumerate().filter(|(_, dot)| dot.path.is_some()) {
            let next = self.dots[at + 1..].iter().find(|next| next.path == dot.path);
            if let Some(next) = next {
                let ends = [dot, next].map(|dot| self.place(dot.x.value, dot.y.value, top));
                scene.stroke(ends[0], ends[1], 1.6, self.styles[at].colour, self.styles[at].dash);
            }
        }
        for (dot, style) in self.dots.iter().zip(&self.styles) {
            let at = self.place(dot.x.value, dot.y.value, top);
            scene.marker(at, RADIUS, *style);
            let (x, y) = (axis::precise(dot.x.value), axis::precise(dot.y.value));
            let fields = [("point", dot.label.clone()), (&self.data.x_label, x), (&self.data.y_label, y)];
            let reach = RADIUS + 3.0;
            scene.datum(Area::new(at.0 - reach, at.1 - reach, at.0 + reach, at.1 + reach), fields);
        }
    }

    /// Points along the intervals of a point, close enough to be met by any name over them.
    fn interval_points(&self, dot: &Dot, top: f64) -> Vec<(f64, f64)> {
        let at = self.place(dot.x.value, dot.y.value, top);
        let between = |(from, to): (f64, f64)| {
            let count = ((to - from).abs() / 6.0).min(200.0) as usize;
            (0..=count).map(move |i| from + (to - from) * i as f64 / count.max(1) as f64)
        };
        let along = dot.x.ends().map(|(a, b)| (self.place(a, 0.0, top).0, self.place(b, 0.0, top).0));
        let up = dot.y.ends().map(|(a, b)| (self.place(0.0, a, top).1, self.place(0.0, b, top).1));
        let along = along.into_iter().flat_map(between).map(|x| (x, at.1));
        along.chain(up.into_iter().flat_map(between).map(|y| (at.0, y))).collect()
    }

    /// Every name where it covers nothing: beside its point, else farther off with a line to it. Returns the points whose names
    /// have no room.
    fn names(&self, scene: &mut Scene, top: f64) -> Vec<usize> {
        let mut unnamed = Vec::new();
        let whole = Area::new(self.left + 1.0, top - 8.0, scene.width - 2.0, top + HEIGHT - 2.0);
        let places: Vec<(f64, f64)> = self.dots.iter().map(|dot| self.place(dot.x.value, dot.y.value, top)).collect();
        let r = 1.5 * RADIUS;
        let mut taken: Vec<Area> = places.iter().map(|&(x, y)| Area::new(x - r, y - r, x + r, y + r)).collect();
        let intervals: Vec<(f64, f64)> = self.dots.iter().flat_map(|dot| self.interval_points(dot, top)).collect();
        // Points along the lines that lead to names.
        let mut led: Vec<(f64, f64)> = Vec::new();
        let mut named: Vec<Area> = Vec::new();
        for (index, (dot, &at)) in self.dots.iter().zip(&places).enumerate() {
            let text = font::wrap(&dot.label, TICK, NAME_ROOM, 1);
            if text.is_empty() {
                continue;
            }
            let width = font::widest(&text, TICK);
            let (above, below) = (ASCENT * TICK.size, DESCENT * TICK.size);
            let area = |x: f64, y: f64| Area::new(x - 1.0, y - above, x + width + 1.0, y + below);
            let middle = CAP * TICK.size / 2.0;
            let candidates = (0..12).flat_map(|ring| {
                let off = GAP + 9.0 * f64::from(ring);
                [
                    (at.0 + off, at.1 + middle),
                    (at.0 - off - width, at.1 + middle),
                    (at.0 - width / 2.0, at.1 - off),
                    (at.0 - width / 2.0, at.1 + off + above),
                    (at.0 + off, at.1 - off),
                    (at.0 + off, at.1 + off + middle),
                    (at.0 - off - width, at.1 - off),
                    (at.0 - off - width, at.1 + off + middle),
                ]
                .map(|(x, y)| (ring, x, y))
            });
            let end = |x: f64, y: f64| {
                let below_point = y - above > at.1;
                (
                    at.0.clamp(x, x + width),
                    if below_point { y - above + 2.0 } else { (y - middle).max(y + below - 12.0) },
                )
            };
            let lead = |ring: i32, x: f64, y: f64| -> Vec<(f64, f64)> {
                let (to, steps) = (end(x, y), if ring > 0 { 24 } else { 0 });
                let part = |i: i32| f64::from(i) / 24.0;
                (0..steps).map(|i| (at.0 + (to.0 - at.0) * part(i), at.1 + (to.1 - at.1) * part(i))).collect()
            };
            let holds =
                |area: &Area, (x, y): (f64, f64)| area.left < x && x < area.right && area.top < y && y < area.bottom;
            let free = |&(ring, x, y): &(i32, f64, f64)| {
                let area = area(x, y);
                if led.iter().any(|&point| holds(&area, point))
                    || lead(ring, x, y).iter().any(|&point| named.iter().any(|named| holds(named, point)))
                {
                    return false;
                }
                let inside = area.left >= whole.left && area.right <= whole.right;
                inside
                    && area.top >= whole.top
                    && area.bottom <= whole.bottom
                    && !taken.iter().any(|t| t.overlaps(&area))
            };
            // Beside intervals rather than over them, if there is room.
            let clear = |&(_, x, y): &(i32, f64, f64)| {
                let area = area(x, y);
                !intervals.iter().any(|&point| holds(&area, point))
            };
            let found =
                candidates.clone().find(|place| free(place) && clear(place)).or_else(|| candidates.clone().find(free));
            // Where there is no room at all a name stands in the legend rather than over others.
            let Some((ring, x, y)) = found else {
                unnamed.push(index);
                continue;
            };
            if ring > 0 {
                scene.line(at, end(x, y), 0.7, style::mix(MUTED, PAPER, 0.4));
            }
            led.extend(lead(ring, x, y));
            named.push(area(x, y));
            taken.push(area(x, y));
            scene.lines(&text, (x, y), Anchor::Start, TICK, INK);
        }
        unnamed
    }
}

fn axis_of(points: impl Iterator<Item = Point>) -> Axis {
    let values = points.flat_map(|point| {
        let (low, high) = point.ends().unwrap_or((point.value, point.value));
        [point.value, low, high]
    });
    let ends = values
        .fold(None, |ends: Option<(f64, f64)>, v| Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v)))));
    match ends {
        Some((low, high)) if high > low => Axis::holding(low, high),
        Some((value, _)) => Axis::holding(value.min(0.0), value.max(value.abs().max(1e-3))),
        None => Axis::holding(0.0, 1.0),
    }
}

/// Draws a line that is visibly not part of the data.
fn dashed(scene: &mut Scene, from: (f64, f64), to: (f64, f64), colour: Rgb) {
    let length = (to.0 - from.0).hypot(to.1 - from.1);
    let along = |part: f64| (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
    let steps = (length / 7.0).floor() as usize;
    for step in 0..=steps {
        let (start, end) = (7.0 * step as f64, (7.0 * step as f64 + 4.0).min(length));
        if end > start {
            scene.line(along(start / length), along(end / length), 1.1, colour);
        }
    }
}
