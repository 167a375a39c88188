//! Styles that tell the series of a figure apart: twelve colours, twelve markers, and dashes beyond twelve series.
//!
//! The twelve colours were chosen for two grounds at once: each has a contrast of at least 3 to 1 against white and against black,
//! so a page that is turned dark keeps all of them. Such colours are of similar lightness; for a grey printer, and for readers
//! who do not see all hues, every series has a marker of its own as well.

use super::style::{PAPER, Rgb};

/// Number of series that differ in colour and in marker at once.
pub const DISTINCT: usize = 12;

/// Colours of series, neighbours far apart.
pub const COLOURS: [Rgb; DISTINCT] = [
    Rgb(0x78, 0x78, 0x6C),
    Rgb(0xCC, 0x78, 0x18),
    Rgb(0x54, 0x90, 0xD8),
    Rgb(0x00, 0x6C, 0x30),
    Rgb(0x60, 0x48, 0xD8),
    Rgb(0xC0, 0x24, 0x00),
    Rgb(0x90, 0x30, 0xA8),
    Rgb(0x54, 0x9C, 0x9C),
    Rgb(0xD0, 0x50, 0x8C),
    Rgb(0x48, 0x60, 0x6C),
    Rgb(0x00, 0xA8, 0x60),
    Rgb(0x84, 0x6C, 0xA8),
];

/// Shape of a series' points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Marker {
    /// A filled circle.
    #[default]
    Disc,
    /// A filled square.
    Square,
    /// A filled triangle that points upwards.
    Up,
    /// A filled square on its corner.
    Diamond,
    /// A filled triangle that points downwards.
    Down,
    /// A plus sign.
    Plus,
    /// A plus sign, turned by 45 degrees.
    Cross,
    /// A star of five points.
    Star,
    /// A circle without filling.
    OpenDisc,
    /// A square without filling.
    OpenSquare,
    /// A triangle that points upwards, without filling.
    OpenUp,
    /// A square on its corner, without filling.
    OpenDiamond,
}

impl Marker {
    /// All markers, in the order in which series get them.
    pub const ALL: [Self; DISTINCT] = [
        Self::Disc,
        Self::Square,
        Self::Up,
        Self::Diamond,
        Self::Down,
        Self::OpenDisc,
        Self::Plus,
        Self::OpenSquare,
        Self::Cross,
        Self::OpenUp,
        Self::Star,
        Self::OpenDiamond,
    ];

    /// The marker as filled polygons, the lower ones first. Markers of one radius look equally large.
    #[must_use]
    pub fn polygons(self, at: (f64, f64), radius: f64, colour: Rgb) -> Vec<(Vec<(f64, f64)>, Rgb)> {
        let ring = |count: usize, size: f64, turn: f64| -> Vec<(f64, f64)> {
            let angle = |i: usize| std::f64::consts::TAU * (i as f64 / count as f64 + turn);
            (0..count).map(|i| (at.0 + size * angle(i).cos(), at.1 + size * angle(i).sin())).collect()
        };
        let shape = |marker: Self, scale: f64| -> Vec<(f64, f64)> {
            let r = radius * scale;
            match marker {
                Self::Disc => ring(16, r, 0.0),
                Self::Square => ring(4, 1.25 * r, 0.125),
                Self::Diamond => ring(4, 1.3 * r, 0.0),
                Self::Up => lowered(ring(3, 1.4 * r, -0.25), 0.25 * r),
                Self::Down => lowered(ring(3, 1.4 * r, 0.25), -0.25 * r),
                Self::Plus => turned(&PLUS, at, 1.3 * r, 0.0),
                Self::Cross => turned(&PLUS, at, 1.3 * r, 0.125),
                Self::Star => {
                    let (outer, inner) = (ring(5, 1.45 * r, -0.25), ring(5, 0.62 * r, -0.15));
                    outer.into_iter().zip(inner).flat_map(|(tip, dent)| [tip, dent]).collect()
                }
                Self::OpenDisc | Self::OpenSquare | Self::OpenUp | Self::OpenDiamond => Vec::new(),
            }
        };
        let open = |of: Self, inner: f64| vec![(shape(of, 1.05), colour), (shape(of, inner), PAPER)];
        match self {
            Self::OpenDisc => open(Self::Disc, 0.55),
            Self::OpenSquare => open(Self::Square, 0.55),
            Self::OpenUp => open(Self::Up, 0.45),
            Self::OpenDiamond => open(Self::Diamond, 0.5),
            filled => vec![(shape(filled, 1.0), colour)],
        }
    }
}

/// A plus sign within the unit circle.
const PLUS: [(f64, f64); 12] = [
    (1.0, 0.3),
    (0.3, 0.3),
    (0.3, 1.0),
    (-0.3, 1.0),
    (-0.3, 0.3),
    (-1.0, 0.3),
    (-1.0, -0.3),
    (-0.3, -0.3),
    (-0.3, -1.0),
    (0.3, -1.0),
    (0.3, -0.3),
    (1.0, -0.3),
];

fn lowered(points: Vec<(f64, f64)>, by: f64) -> Vec<(f64, f64)> {
    points.into_iter().map(|(x, y)| (x, y + by)).collect()
}

fn turned(points: &[(f64, f64)], at: (f64, f64), size: f64, turn: f64) -> Vec<(f64, f64)> {
    let (sin, cos) = (std::f64::consts::TAU * turn).sin_cos();
    points.iter().map(|&(x, y)| (at.0 + size * (x * cos - y * sin), at.1 + size * (x * sin + y * cos))).collect()
}

/// How the line of a series is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Short strokes.
    Dotted,
    /// Long and short strokes by turns.
    DashDotted,
}

impl Dash {
    const ALL: [Self; 4] = [Self::Solid, Self::Dashed, Self::Dotted, Self::DashDotted];

    /// Lengths of strokes and gaps by turns; none for a line without gaps.
    #[must_use]
    pub fn lengths(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[7.0, 4.0],
            Self::Dotted => &[2.0, 3.0],
            Self::DashDotted => &[8.0, 3.0, 2.0, 3.0],
        }
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// Colour of everything that belongs to it.
    pub colour: Rgb,
    /// Shape of its points.
    pub marker: Marker,
    /// How its line is broken.
    pub dash: Dash,
}

impl Style {
    /// The style in a slot: below [`DISTINCT`] colour and marker are of no other slot, beyond it their combination with the
    /// dash is.
    #[must_use]
    pub fn of_slot(slot: usize) -> Self {
        let (cycle, place) = (slot / DISTINCT, slot % DISTINCT);
        Self {
            colour: COLOURS[place],
            // Seven steps on: the next marker would be that of a neighbour in the legend.
            marker: Marker::ALL[(place + 7 * cycle) % DISTINCT],
            dash: Dash::ALL[cycle % Dash::ALL.len()],
        }
    }
}

/// The key by which a series gets its style: series of one key have one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StyleKey {
    /// Name of the series. Without a slot of its own the style depends on it.
    pub name: String,
    /// The slot that it has where no earlier key took it, whatever else is in the figure; else the next free one.
    pub slot: Option<usize>,
}

/// One style per key. The first keys that ask for a slot get it; every other key gets the next free one, from the slot that it
/// asks for or from one that depends on its name. The first twelve distinct keys differ in colour and in marker; further keys repeat colours with other markers
/// and dashes, and no two are equal.
#[must_use]
pub fn styles(keys: &[&StyleKey]) -> Vec<Style> {
    let mut given: Vec<(&StyleKey, Option<usize>)> = Vec::new();
    for &key in keys {
        if !given.iter().any(|(known, _)| *known == key) {
            let free = |slot: &usize| *slot < DISTINCT && !given.iter().any(|(_, taken)| *taken == Some(*slot));
            let slot = key.slot.filter(free);
            given.push((key, slot));
        }
    }
    for at in 0..given.len() {
        if given[at].1.is_none() {
            let taken = |slot: usize| given.iter().any(|(_, taken)| *taken == Some(slot));
            let start = given[at].0.slot.unwrap_or_else(|| hash(&given[at].0.name)) % DISTINCT;
            let cycles = 0..=given.len() / DISTINCT;
            let all = cycles.flat_map(|cycle| (0..DISTINCT).map(move |i| cycle * DISTINCT + (start + i) % DISTINCT));
            let slot = all.into_iter().find(|&slot| !taken(slot)).unwrap_or(at);
            given[at].1 = Some(slot);
        }
    }
    let slot = |key: &&StyleKey| given.iter().find(|(known, _)| known == key).and_then(|(_, slot)| *slot).unwrap_or(0);
    keys.iter().map(|key| Style::of_slot(slot(key))).collect()
}

/// The sentence that a figure with more series than colours shows below its title.
#[must_use]
pub fn note(styles: &[Style]) -> Option<String> {
    let mut distinct: Vec<&Style> = Vec::new();
    styles.iter().for_each(|style| {
        if !distinct.contains(&style) {
            distinct.push(style);
        }
    });
    let count = distinct.len();
    (count > DISTINCT).then(|| format!("{count} series share {DISTINCT} colours: their markers and dashes differ."))
}

/// FNV-1a: the standard library's hasher promises nothing between versions.
fn hash(key: &str) -> usize {
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::{contrast, luminance};

    const BLACK: Rgb = Rgb(0, 0, 0);

    fn keys(count: usize) -> Vec<StyleKey> {
        (0..count).map(|i| StyleKey { name: format!("GCCA (rank {i})"), slot: None }).collect()
    }

    fn given(keys: &[StyleKey]) -> Vec<Style> {
        styles(&keys.iter().collect::<Vec<_>>())
    }

    #[test]
    fn every_colour_reads_on_white_and_on_black() {
        for colour in COLOURS {
            for ground in [PAPER, BLACK] {
                assert!(contrast(colour, ground) >= 3.0, "{colour:?} on {ground:?}: {}", contrast(colour, ground));
            }
        }
    }

    /// As the report's page turns figures dark: `invert(0.915) hue-rotate(180deg)`.
    fn dark(Rgb(r, g, b): Rgb) -> Rgb {
        let inverted = [r, g, b].map(|c| 0.915 - 0.83 * f64::from(c) / 255.0);
        // The matrix of a turn by half a circle, from the specification of filters.
        let (lr, lg, lb) = (0.213, 0.715, 0.072);
        let rows = [
            [2.0 * lr - 1.0, 2.0 * lg, 2.0 * lb],
            [2.0 * lr, 2.0 * lg - 1.0, 2.0 * lb],
            [2.0 * lr, 2.0 * lg, 2.0 * lb - 1.0],
        ];
        let of = |row: [f64; 3]| {
            let sum: f64 = row.iter().zip(inverted).map(|(a, b)| a * b).sum();
            (255.0 * sum.clamp(0.0, 1.0)).round() as u8
        };
        Rgb(of(rows[0]), of(rows[1]), of(rows[2]))
    }

    #[test]
    fn every_colour_reads_where_the_page_turns_figures_dark() {
        for colour in COLOURS {
            let (drawn, ground) = (dark(colour), dark(PAPER));
            assert!(contrast(drawn, ground) >= 3.0, "{colour:?}: {drawn:?} on {ground:?}");
        }
    }

    /// Distances in a space where equal ones look equal (OKLab).
    fn distance(a: Rgb, b: Rgb) -> f64 {
        let lab = |colour: Rgb| {
            let linear = |c: u8| luminance(Rgb(c, c, c));
            let (r, g, b) = (linear(colour.0), linear(colour.1), linear(colour.2));
            let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_99 * b).cbrt();
            let m = (0.211_903_5 * r + 0.680_699_55 * g + 0.107_396_96 * b).cbrt();
            let s = (0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_7 * b).cbrt();
            [
                0.210_454_26 * l + 0.793_617_79 * m - 0.004_072_05 * s,
                1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_71 * s,
                0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
            ]
        };
        lab(a).iter().zip(lab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn twelve_series_differ_in_colour_and_in_marker() {
        let twelve = given(&keys(DISTINCT));
        for (i, a) in twelve.iter().enumerate() {
            for b in &twelve[..i] {
                assert!(a.marker != b.marker && distance(a.colour, b.colour) >= 0.1, "{a:?} and {b:?}");
            }
            assert_eq!(a.dash, Dash::Solid);
        }
        assert_eq!(note(&twelve), None);
    }

    #[test]
    fn no_two_of_many_series_are_equal_and_the_figure_says_so() {
        for count in [13, 20, 48, 144] {
            let many = given(&keys(count));
            for (i, a) in many.iter().enumerate() {
                assert!(!many[..i].contains(a), "{count}: {a:?} twice");
            }
            let said = format!("{count} series share 12 colours: their markers and dashes differ.");
            assert_eq!(note(&many), Some(said));
        }
    }

    #[test]
    fn a_slot_of_ones_own_does_not_depend_on_the_company() {
        let own = StyleKey { name: "x".into(), slot: Some(4) };
        let company = [keys(14), vec![own.clone()]].concat();
        assert_eq!(given(&company)[14], Style::of_slot(4));
        let twice = [own.clone(), StyleKey { name: "y".into(), slot: Some(4) }, own];
        let styles = given(&twice);
        assert!(styles[0] == styles[2] && styles[0] != styles[1] && styles[1].colour != styles[0].colour);
    }

    #[test]
    fn markers_of_one_radius_are_about_as_large() {
        for marker in Marker::ALL {
            let polygons = marker.polygons((10.0, 10.0), 3.0, BLACK);
            let points = polygons.iter().flat_map(|(points, _)| points);
            let reach = points.map(|(x, y)| (x - 10.0).hypot(y - 10.0)).fold(0.0, f64::max);
            assert!((2.9..5.1).contains(&reach), "{marker:?}: {reach}");
        }
    }
}
