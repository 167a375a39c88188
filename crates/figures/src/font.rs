//! The embedded font: registered with plotters once, and measured here.
//!
//! plotters' own measure is rounded to whole pixels and its bitmap text leaves out the space before
//! each glyph (the left bearing), which makes narrow letters stick together. Both numbers are read from
//! the font's tables instead.

use std::sync::OnceLock;

use plotters::style::{FontStyle, register_font};

use super::style::{FAMILY, Face};

/// Height above and below the baseline that a line of text may take, in ems.
pub const ASCENT: f64 = 0.76;
/// See [`ASCENT`].
pub const DESCENT: f64 = 0.24;
/// Height of a capital or a digit, in ems: what is centred when text is centred.
pub const CAP: f64 = 0.73;

/// The tables needed, of one weight.
struct Tables {
    data: &'static [u8],
    units: f64,
    height: f64,
    metrics: usize,
    advances: usize,
    segments: usize,
}

/// What is known of a glyph, in ems.
#[derive(Clone, Copy, Debug)]
pub struct Glyph {
    /// From this glyph's origin to the next one's.
    pub advance: f64,
    /// From the origin to the left edge of the ink.
    pub bearing: f64,
}

impl Tables {
    fn read(data: &'static [u8]) -> Option<Self> {
        let table = |tag: &[u8; 4]| {
            let count = usize::from(u16_at(data, 4)?);
            let entry = (0..count).map(|i| 12 + 16 * i).find(|&at| data.get(at..at + 4) == Some(tag.as_slice()))?;
            u32_at(data, entry + 8)
        };
        let (head, hhea, cmap) = (table(b"head")?, table(b"hhea")?, table(b"cmap")?);
        let maps = usize::from(u16_at(data, cmap + 2)?);
        let segments = (0..maps).map(|i| cmap + 4 + 8 * i).find_map(|entry| {
            let at = cmap + u32_at(data, entry + 4)?;
            let is_unicode = (u16_at(data, entry)?, u16_at(data, entry + 2)?) == (3, 1);
            (is_unicode && u16_at(data, at)? == 4).then_some(at)
        })?;
        let units = f64::from(u16_at(data, head + 18)?);
        let height = f64::from(i16_at(data, hhea + 4)?) - f64::from(i16_at(data, hhea + 6)?);
        let advances = usize::from(u16_at(data, hhea + 34)?);
        let usable = units > 0.0 && height > 0.0 && advances > 0;
        usable.then_some(Self { data, units, height: height / units, metrics: table(b"hmtx")?, advances, segments })
    }

    /// Index of the glyph, 0 (the empty box) where the font has none. Character map format 4.
    fn index(&self, c: char) -> Option<usize> {
        let (data, at) = (self.data, self.segments);
        let code = u16::try_from(u32::from(c)).ok()?;
        let doubled = usize::from(u16_at(data, at + 6)?);
        let (ends, starts) = (at + 14, at + 16 + doubled);
        let segment = (0..doubled).step_by(2).find(|&i| u16_at(data, ends + i).is_some_and(|end| end >= code))?;
        let start = u16_at(data, starts + segment)?;
        if start > code {
            return None;
        }
        let delta = u16_at(data, starts + doubled + segment)?;
        let offsets = starts + 2 * doubled + segment;
        match usize::from(u16_at(data, offsets)?) {
            0 => Some(usize::from(code.wrapping_add(delta))),
            offset => match u16_at(data, offsets + offset + 2 * usize::from(code - start))? {
                0 => None,
                glyph => Some(usize::from(glyph.wrapping_add(delta))),
            },
        }
    }

    fn glyph(&self, c: char) -> Option<Glyph> {
        let index = self.index(c).unwrap_or(0);
        // glyphs after the last advance share it and have a list of bearings of their own
        let last = self.advances - 1;
        let advance = u16_at(self.data, self.metrics + 4 * index.min(last))?;
        let bearing = match index.checked_sub(self.advances) {
            None => i16_at(self.data, self.metrics + 4 * index + 2)?,
            Some(beyond) => i16_at(self.data, self.metrics + 4 * self.advances + 2 * beyond)?,
        };
        Some(Glyph { advance: f64::from(advance) / self.units, bearing: f64::from(bearing) / self.units })
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn i16_at(data: &[u8], at: usize) -> Option<i16> {
    Some(i16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?)).ok()
}

fn tables(bold: bool) -> Option<&'static Tables> {
    static REGULAR: OnceLock<Option<Tables>> = OnceLock::new();
    static BOLD: OnceLock<Option<Tables>> = OnceLock::new();
    let (weight, data) =
        if bold { (&BOLD, dejavu::sans::bold as fn() -> _) } else { (&REGULAR, dejavu::sans::regular as fn() -> _) };
    weight.get_or_init(|| Tables::read(data())).as_ref()
}

/// Makes the font known to plotters.
pub fn register() -> Result<(), String> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular()).is_ok()
            && register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold()).is_ok()
    });
    if *done { Ok(()) } else { Err("the embedded font cannot be read".to_owned()) }
}

/// Advance and bearing of a glyph.
pub fn glyph(c: char, bold: bool) -> Glyph {
    tables(bold).and_then(|tables| tables.glyph(c)).unwrap_or(Glyph { advance: 0.7, bearing: 0.05 })
}

/// From the top of the ascenders to the bottom of the descenders, in ems: plotters' measure of size.
pub fn height(bold: bool) -> f64 {
    tables(bold).map_or(1.164, |tables| tables.height)
}

/// Width of a line of text in pixels.
pub fn width(text: &str, face: Face) -> f64 {
    text.chars().map(|c| glyph(c, face.bold).advance).sum::<f64>() * face.size
}

/// Width of the widest of several lines.
pub fn widest(lines: &[String], face: Face) -> f64 {
    lines.iter().map(|line| width(line, face)).fold(0.0, f64::max)
}

/// Width of the widest piece that [`wrap`] would rather not break.
pub fn widest_word(text: &str, face: Face) -> f64 {
    pieces(text).iter().map(|piece| width(piece.trim_end(), face)).fold(0.0, f64::max)
}

/// Lines no wider than `room` and no more than `lines`; what does not fit ends in an ellipsis.
///
/// Lines break after spaces, hyphens, underscores and slashes, and within a word where it alone is too
/// wide. A blank text has no lines.
pub fn wrap(text: &str, face: Face, room: f64, lines: usize) -> Vec<String> {
    let fits = |line: &str| width(line.trim_end(), face) <= room;
    let mut done: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if fits(&format!("{line}{piece}")) {
            line.push_str(&piece);
            continue;
        }
        if !line.is_empty() {
            done.push(std::mem::take(&mut line));
        }
        for c in piece.chars() {
            if !line.is_empty() && !fits(&format!("{line}{c}")) {
                done.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    done.push(line);
    let mut done: Vec<String> = done.iter().map(|line| line.trim_end().to_owned()).collect();
    done.retain(|line| !line.is_empty());
    if done.len() > lines.max(1) {
        let rest = done.split_off(lines.max(1) - 1).join(" ");
        done.push(shorten(&rest, face, room));
    }
    done
}

/// The text, or as much of it as fits with an ellipsis.
pub fn shorten(text: &str, face: Face, room: f64) -> String {
    if width(text, face) <= room {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    while kept.pop().is_some() {
        let candidate = format!("{}…", kept.trim_end());
        if width(&candidate, face) <= room {
            return candidate;
        }
    }
    "…".to_owned()
}

/// The places where a line may break, each piece with the character that ends it.
fn pieces(text: &str) -> Vec<String> {
    let clean: String = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let mut pieces = vec![String::new()];
    for c in clean.trim().chars() {
        let blank = pieces.last().is_none_or(String::is_empty);
        if c == ' ' && blank {
            continue;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        if matches!(c, ' ' | '-' | '_' | '/') {
            pieces.push(String::new());
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::{TEXT, TITLE};
    use plotters::style::{FontDesc, FontFamily};

    #[test]
    fn widths_agree_with_plotters() {
        register().unwrap();
        for (text, face) in [("Rank-1 of GCPA, Δ⁺ and Γ₉₀", TEXT), ("0.123456789 ×10⁻³", TEXT), ("minimum", TITLE)]
        {
            let style = if face.bold { FontStyle::Bold } else { FontStyle::Normal };
            let font = FontDesc::new(FontFamily::Name(FAMILY), 100.0 * height(face.bold), style);
            let ((_, _), (theirs, _)) = font.layout_box(text).unwrap();
            let ours = width(text, Face { size: 100.0, ..face });
            assert!((ours - f64::from(theirs)).abs() < 0.02 * ours, "{text}: {ours} against {theirs}");
        }
    }

    #[test]
    fn characters_the_font_lacks_have_the_width_of_the_empty_box() {
        for text in ["日本語", "\u{1F600}", "\u{10FFFF}"] {
            assert!(width(text, TEXT) > 0.0);
        }
    }

    #[test]
    fn lines_fit_and_lose_nothing() {
        let text = "stand-in data: ten locales of MASSIVE, averyveryverylongwordthatfitsnowhere_at_all, 4,000 rows";
        let lines = wrap(text, TEXT, 120.0, usize::MAX);
        assert!(lines.len() > 3);
        assert!(lines.iter().all(|line| width(line, TEXT) <= 120.0), "{lines:?}");
        let squeezed = |s: &str| s.replace(' ', "");
        assert_eq!(squeezed(&lines.concat()), squeezed(text));
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let lines = wrap("one two three four five six seven eight nine ten", TEXT, 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && widest(&lines, TEXT) <= 60.0, "{lines:?}");
        assert_eq!(shorten("abc", TEXT, 0.0), "…");
    }

    #[test]
    fn blank_text_has_no_lines() {
        assert!(wrap(" \n\t ", TEXT, 100.0, 3).is_empty());
        assert_eq!(wrap("a\u{0}\nb", TEXT, 100.0, 3), ["a b"]);
    }
}
