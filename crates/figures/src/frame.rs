//! The parts around the data: title and subtitle, legend and axis titles.

use super::font::{self, ASCENT, CAP, Lines};
use super::scene::{Anchor, Area, Part, Scene, Text};
use super::series::Style;
use super::style::{Face, INK, NOTICE, PAPER, TEXT, TITLE};

/// Space around the figure.
pub const MARGIN: f64 = 14.0;

/// Side of a legend's colour key, and the gap between it and its label.
const KEY: f64 = 11.0;
const KEY_GAP: f64 = 6.0;
/// Radius of a legend's marker.
const MARKER: f64 = 3.6;
/// Between two entries of a legend.
const ENTRY_GAP: f64 = 18.0;

/// Width to which a title on one line may widen a figure.
pub const TITLE_ROOM: f64 = 520.0;

/// Minimal width of a figure: that of a column of text, or the width at which title or subtitle stay on one line if
/// that is at most `most`.
pub fn least_width(title: &str, subtitle: Option<&str>, most: f64) -> f64 {
    let lines = [(title, TITLE), (subtitle.unwrap_or_default(), TEXT)];
    let wanted = lines.map(|(text, face)| font::width(text, face).ceil() + 2.0 * MARGIN);
    wanted.into_iter().filter(|width| *width <= most).fold(336.0, f64::max)
}

/// A subtitle with a sentence about the figure's series below it.
pub fn with_note(subtitle: Option<&str>, note: Option<String>) -> Option<String> {
    subtitle.map(str::to_owned).into_iter().chain(note).reduce(|subtitle, note| format!("{subtitle}\n{note}"))
}

/// Draws title and subtitle, each of its lines on its own, from the top margin down; returns the lower edge.
pub fn header(scene: &mut Scene, title: &str, subtitle: Option<&str>) -> f64 {
    let room = scene.width - 2.0 * MARGIN;
    let mut y = MARGIN;
    let notices = subtitle.unwrap_or_default().split('\n').map(|line| (line, TEXT, NOTICE));
    for (text, face, colour) in std::iter::once((title, TITLE, INK)).chain(notices) {
        let lines = balanced(text, face, room);
        if !lines.is_empty() {
            let next = scene.lines(&lines, (MARGIN, y + ASCENT * face.size), Anchor::Start, face, colour);
            y = next - ASCENT * face.size + 2.0;
        }
    }
    y
}

/// Lines of similar length, instead of full ones with a single word at the end.
fn balanced(text: &str, face: Face, room: f64) -> Lines {
    let full = font::wrap(text, face, room, 12);
    let words = font::widest_word(text, face).min(room);
    let narrower = (1..=20).map(|step| room + (words - room) * f64::from(step) / 20.0);
    let alike = |room: &f64| font::wrap(text, face, *room, 13).len() == full.len();
    narrower.take_while(alike).last().map_or(full.clone(), |room| font::wrap(text, face, room, 12))
}

/// Mark before a legend's label.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Key {
    /// The colour of a series that fills areas, and its marker.
    Area(Style),
    /// The marker of a series of points.
    Marker(Style),
    /// The marker of reference values.
    Diamond,
}

/// Draws the legend from `top` down, in columns where it needs several rows; returns the lower edge.
pub fn legend(scene: &mut Scene, entries: &[(Key, &str)], top: f64) -> f64 {
    let room = scene.width - 2.0 * MARGIN;
    let key_width = |key: Key| if matches!(key, Key::Area(_)) { 2.0 * KEY + 2.0 } else { KEY };
    let set = |&(key, label): &(Key, &str)| {
        let lines = font::wrap(label, TEXT, room - key_width(key) - KEY_GAP, 3);
        let width = key_width(key) + KEY_GAP + font::widest(&lines, TEXT);
        (!lines.is_empty()).then_some((key, lines, width))
    };
    let entries: Vec<(Key, Lines, f64)> = entries.iter().filter_map(set).collect();
    let total: f64 = entries.iter().map(|(_, _, width)| width + ENTRY_GAP).sum::<f64>() - ENTRY_GAP;
    let widest = entries.iter().map(|(_, _, width)| *width).fold(0.0, f64::max);
    let columns = match total <= room {
        true => entries.len(),
        false => (((room + ENTRY_GAP) / (widest + ENTRY_GAP)).floor() as usize).max(1),
    };
    let mut y = top;
    for row in entries.chunks(columns.max(1)) {
        let (mut x, mut height) = (MARGIN, 0.0_f64);
        for (key, lines, width) in row {
            let baseline = y + ASCENT * TEXT.size;
            let middle = baseline - CAP * TEXT.size / 2.0;
            match *key {
                Key::Area(style) => {
                    let half = KEY / 2.0;
                    scene.fill(Area::new(x, middle - half, x + KEY, middle + half), style.colour, Part::Key);
                    scene.marker((x + 1.5 * KEY + 2.0, middle), MARKER, style);
                }
                Key::Marker(style) => scene.marker((x + KEY / 2.0, middle), MARKER, style),
                Key::Diamond => scene.diamond((x + KEY / 2.0, middle), 4.4, INK, PAPER),
            }
            scene.lines(lines, (x + key_width(*key) + KEY_GAP, baseline), Anchor::Start, TEXT, INK);
            height = height.max(lines.len() as f64 * TEXT.line_height());
            x += if total <= room { *width } else { widest } + ENTRY_GAP;
        }
        y += height + 2.0;
    }
    if entries.is_empty() { top } else { y - 2.0 }
}

/// Draws an axis title that reads upwards, centred on the middle of `top..bottom`, right of `left`;
/// returns its right edge.
pub fn upward_title(scene: &mut Scene, text: &str, left: f64, (top, bottom): (f64, f64)) -> f64 {
    let lines = font::wrap(text, TEXT, (bottom - top).max(60.0), 3);
    let mut x = left + ASCENT * TEXT.size;
    for line in lines.iter() {
        let place = (x, f64::midpoint(top, bottom));
        let text = Text::new(line.as_str(), place, Anchor::Middle, TEXT, INK).upwards();
        scene.text(text.part_of(lines.full.as_ref()));
        x += TEXT.line_height();
    }
    left + lines.len() as f64 * TEXT.line_height()
}

/// Width that [`upward_title`] takes.
pub fn upward_title_width(text: &str, height: f64) -> f64 {
    font::wrap(text, TEXT, height.max(60.0), 3).len() as f64 * TEXT.line_height()
}
