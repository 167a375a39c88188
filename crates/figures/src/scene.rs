//! A figure as a list of marks at their final places, in pixels of 1/96 inch, y downwards.

use super::font::{self, ASCENT, DESCENT, Lines};
use super::series::{Dash, Style};
use super::style::{Face, PAPER, Rgb};

/// A rectangle, from `left`, `top` to `right`, `bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Area {
    /// The rectangle with these edges.
    #[must_use]
    pub const fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left, top, right, bottom }
    }

    /// Right minus left.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Bottom minus top.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Whether the two share more than an edge.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

/// Meaning of a rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A value's bar.
    Bar,
    /// A value's cell.
    Cell,
    /// A key of the legend or a piece of the colour bar.
    Key,
    /// Ground below data and names.
    Ground,
}

/// Point of a text at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first letter's origin.
    Start,
    /// Half its width.
    Middle,
    /// The end of the last letter.
    End,
}

impl Anchor {
    /// The part of the width that lies before the position.
    #[must_use]
    pub fn before(self) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The characters.
    pub text: String,
    /// A point on the baseline.
    pub at: (f64, f64),
    /// Which point.
    pub anchor: Anchor,
    /// Whether the text reads upwards.
    pub upwards: bool,
    /// Size and weight.
    pub face: Face,
    /// Colour.
    pub colour: Rgb,
    /// The whole text, where the characters are a part of it: an SVG says it on hover.
    pub full: Option<String>,
}

impl Text {
    /// A horizontal line of text.
    #[must_use]
    pub fn new(text: impl Into<String>, at: (f64, f64), anchor: Anchor, face: Face, colour: Rgb) -> Self {
        Self { text: text.into(), at, anchor, upwards: false, face, colour, full: None }
    }

    /// The same, reading upwards.
    #[must_use]
    pub fn upwards(self) -> Self {
        Self { upwards: true, ..self }
    }

    /// The same, as a part of this text.
    #[must_use]
    pub fn part_of(self, full: Option<&String>) -> Self {
        Self { full: full.cloned(), ..self }
    }

    /// The space the line takes, ascenders and descenders included.
    #[must_use]
    pub fn area(&self) -> Area {
        let width = font::width(&self.text, self.face);
        let (before, after) = (width * self.anchor.before(), width * (1.0 - self.anchor.before()));
        let (above, below) = (ASCENT * self.face.size, DESCENT * self.face.size);
        let (x, y) = self.at;
        if self.upwards {
            Area::new(x - above, y - after, x + below, y + before)
        } else {
            Area::new(x - before, y - above, x + after, y + below)
        }
    }
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// A filled rectangle.
    Fill {
        /// Where.
        area: Area,
        /// Colour.
        colour: Rgb,
        /// What it stands for.
        part: Part,
    },
    /// A straight line.
    Line {
        /// First end.
        from: (f64, f64),
        /// Other end.
        to: (f64, f64),
        /// Width.
        width: f64,
        /// Colour.
        colour: Rgb,
    },
    /// A filled polygon.
    Polygon {
        /// Corners.
        points: Vec<(f64, f64)>,
        /// Colour.
        colour: Rgb,
    },
    /// A line of text.
    Text(Text),
}

/// The value behind a part of the figure: shown on hover, and a line of the figure's table.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// Where the pointer finds it.
    pub area: Area,
    /// What it is, as column and entry: `("query view", "en")`, .., `("Rank-1", "0.637")`.
    pub fields: Vec<(String, String)>,
}

/// A whole figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What a screen reader says.
    pub title: String,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Drawn in this order.
    pub marks: Vec<Mark>,
    /// The values that are drawn.
    pub data: Vec<Datum>,
}

impl Scene {
    /// Nothing yet.
    #[must_use]
    pub fn new(title: &str, width: f64) -> Self {
        let title = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { title, width, height: 0.0, marks: Vec::new(), data: Vec::new() }
    }

    /// Adds a filled rectangle.
    pub fn fill(&mut self, area: Area, colour: Rgb, part: Part) {
        self.marks.push(Mark::Fill { area, colour, part });
    }

    /// Adds a line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Rgb) {
        self.marks.push(Mark::Line { from, to, width, colour });
    }

    /// Adds a text, unless it is blank.
    pub fn text(&mut self, text: Text) {
        if !text.text.trim().is_empty() {
            self.marks.push(Mark::Text(text));
        }
    }

    /// Adds lines of text below one another, the first baseline at `at`; returns the last baseline plus
    /// one line.
    pub fn lines(&mut self, lines: &Lines, at: (f64, f64), anchor: Anchor, face: Face, colour: Rgb) -> f64 {
        let mut y = at.1;
        for line in lines.iter() {
            let text = Text::new(line.as_str(), (at.0, y), anchor, face, colour);
            self.text(text.part_of(lines.full.as_ref()));
            y += face.line_height();
        }
        y
    }

    /// Adds a line with the strokes of a dash.
    pub fn stroke(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Rgb, dash: Dash) {
        let lengths = dash.lengths();
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        // Strokes beyond counting belong to a figure too large to be drawn.
        if lengths.is_empty() || !(length > 0.0 && length < 1e5) {
            return self.line(from, to, width, colour);
        }
        let along = |at: f64| {
            let part = (at / length).min(1.0);
            (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
        };
        let mut at = 0.0;
        for (i, step) in lengths.iter().cycle().enumerate() {
            if at >= length {
                break;
            }
            if i % 2 == 0 {
                self.line(along(at), along(at + step), width, colour);
            }
            at += step;
        }
    }

    /// Adds a series' marker, on a rim of paper that sets it apart from lines below it.
    pub fn marker(&mut self, at: (f64, f64), radius: f64, style: Style) {
        let rim = style.marker.polygons(at, radius + 1.0, PAPER);
        let polygons = rim.into_iter().chain(style.marker.polygons(at, radius, style.colour));
        self.marks.extend(polygons.map(|(points, colour)| Mark::Polygon { points, colour }));
    }

    /// Adds a hollow diamond.
    pub fn diamond(&mut self, at: (f64, f64), radius: f64, edge: Rgb, ground: Rgb) {
        let corners = |r: f64| vec![(at.0, at.1 - r), (at.0 + r, at.1), (at.0, at.1 + r), (at.0 - r, at.1)];
        // two filled ones: an outline would have no width that both backends honour
        for (radius, colour) in [(radius + 2.1, ground), (radius + 0.9, edge), (radius - 0.9, ground)] {
            self.marks.push(Mark::Polygon { points: corners(radius), colour });
        }
    }

    /// Adds the value behind a part of the figure. Names of columns hold no colon: it ends them in the file.
    pub fn datum<'s>(&mut self, area: Area, fields: impl IntoIterator<Item = (&'s str, String)>) {
        let plain = |text: &str| text.replace([':', '\n'], " ").trim().to_owned();
        let fields = fields.into_iter().map(|(name, value)| (plain(name), value.replace('\n', " ")));
        let fields = fields.filter(|(name, value)| !name.is_empty() && !value.is_empty()).collect();
        self.data.push(Datum { area, fields });
    }

    /// The same figure at `factor` times its size.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        let point = |(x, y): (f64, f64)| (x * factor, y * factor);
        let area = |a: Area| Area::new(a.left * factor, a.top * factor, a.right * factor, a.bottom * factor);
        for mark in &mut self.marks {
            match mark {
                Mark::Fill { area: of, .. } => *of = area(*of),
                Mark::Line { from, to, width, .. } => {
                    (*from, *to, *width) = (point(*from), point(*to), *width * factor);
                }
                Mark::Polygon { points, .. } => points.iter_mut().for_each(|corner| *corner = point(*corner)),
                Mark::Text(text) => {
                    text.at = point(text.at);
                    text.face.size *= factor;
                }
            }
        }
        self.data.iter_mut().for_each(|datum| datum.area = area(datum.area));
        Self { width: self.width * factor, height: self.height * factor, ..self }
    }

    /// This figure with another one below it.
    #[must_use]
    pub fn above(mut self, below: Self) -> Self {
        let down = self.height;
        let lower = |(x, y): (f64, f64)| (x, y + down);
        let area = |a: Area| Area::new(a.left, a.top + down, a.right, a.bottom + down);
        self.marks.extend(below.marks.into_iter().map(|mark| match mark {
            Mark::Fill { area: of, colour, part } => Mark::Fill { area: area(of), colour, part },
            Mark::Line { from, to, width, colour } => Mark::Line { from: lower(from), to: lower(to), width, colour },
            Mark::Polygon { points, colour } => {
                Mark::Polygon { points: points.into_iter().map(lower).collect(), colour }
            }
            Mark::Text(text) => Mark::Text(Text { at: lower(text.at), ..text }),
        }));
        self.data.extend(below.data.into_iter().map(|datum| Datum { area: area(datum.area), ..datum }));
        Self { width: self.width.max(below.width), height: down + below.height, ..self }
    }

    /// The texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.marks.iter().filter_map(|mark| if let Mark::Text(text) = mark { Some(text) } else { None })
    }

    /// The rectangles that stand for `part`, with their colours.
    pub fn fills(&self, part: Part) -> impl Iterator<Item = (&Area, Rgb)> {
        self.marks.iter().filter_map(move |mark| match mark {
            Mark::Fill { area, colour, part: theirs } if *theirs == part => Some((area, *colour)),
            _ => None,
        })
    }
}
