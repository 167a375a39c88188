//! The embedded font: registered with plotters, and measured here.
//!
//! plotters' own measure is rounded to whole pixels, and its bitmap text omits the space before each glyph (the left
//! bearing), so narrow letters stick together. Here both numbers come from the font itself.

use std::sync::OnceLock;

use plotters::style::{FontStyle, register_font};

use super::style::{FAMILY, Face};

/// Height above and below the baseline that a line of text may take, in ems.
pub const ASCENT: f64 = 0.76;
/// See [`ASCENT`].
pub const DESCENT: f64 = 0.24;
/// Height of a capital or a digit, in ems; centred text is centred by it.
pub const CAP: f64 = 0.73;

/// Measures of a glyph, in ems.
#[derive(Clone, Copy, Debug)]
pub struct Glyph {
    /// Distance from this glyph's origin to the next one's.
    pub advance: f64,
    /// Distance from the origin to the left edge of the ink.
    pub bearing: f64,
}

fn face(bold: bool) -> Option<&'static ttf_parser::Face<'static>> {
    type Parsed = OnceLock<Option<ttf_parser::Face<'static>>>;
    static REGULAR: Parsed = OnceLock::new();
    static BOLD: Parsed = OnceLock::new();
    let (weight, data) =
        if bold { (&BOLD, dejavu::sans::bold as fn() -> _) } else { (&REGULAR, dejavu::sans::regular as fn() -> _) };
    weight.get_or_init(|| ttf_parser::Face::parse(data(), 0).ok()).as_ref()
}

/// Measures of a glyph; those of the empty box if the font does not have the character.
fn measured(face: &ttf_parser::Face<'_>, c: char) -> Option<Glyph> {
    let glyph = face.glyph_index(c).unwrap_or_default();
    let ems = |units: f64| units / f64::from(face.units_per_em());
    let advance = ems(f64::from(face.glyph_hor_advance(glyph)?));
    Some(Glyph { advance, bearing: ems(f64::from(face.glyph_hor_side_bearing(glyph)?)) })
}

/// Registers the font with plotters.
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
    face(bold).and_then(|face| measured(face, c)).unwrap_or(Glyph { advance: 0.7, bearing: 0.05 })
}

/// From the top of the ascenders to the bottom of the descenders, in ems: plotters' measure of size.
pub fn height(bold: bool) -> f64 {
    let of = |face: &ttf_parser::Face<'_>| f64::from(face.height()) / f64::from(face.units_per_em());
    face(bold).map_or(1.164, of)
}

/// Width of a line of text in pixels.
pub fn width(text: &str, face: Face) -> f64 {
    text.chars().map(|c| glyph(c, face.bold).advance).sum::<f64>() * face.size
}

/// Width of the widest of several lines.
pub fn widest(lines: &[String], face: Face) -> f64 {
    lines.iter().map(|line| width(line, face)).fold(0.0, f64::max)
}

/// Width of the widest piece that [`wrap`] avoids breaking.
pub fn widest_word(text: &str, face: Face) -> f64 {
    pieces(text).iter().map(|piece| width(piece.trim_end(), face)).fold(0.0, f64::max)
}

/// Lines of a text, and the whole text if the lines hold only a part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    lines: Vec<String>,
    /// The whole text, if it did not fit.
    pub full: Option<String>,
}

impl std::ops::Deref for Lines {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.lines
    }
}

/// Lines no wider than `room` and no more than `lines`. A text that does not fit loses its middle: labels differ at their ends.
///
/// Lines break after blanks, underscores, slashes, and hyphens that no digit follows (`Rank-1` stays whole), and within a
/// word where it alone is too wide. A blank text has no lines.
pub fn wrap(text: &str, face: Face, room: f64, lines: usize) -> Lines {
    let most = lines.max(1);
    let whole = broken(text, face, room);
    if whole.len() <= most {
        return Lines { lines: whole, full: None };
    }
    let full: String = pieces(text).concat();
    let letters: Vec<char> = full.chars().collect();
    let without_middle = |kept: usize| {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let text = |letters: &[char]| letters.iter().collect::<String>();
        format!("{}…{}", text(&letters[..head]).trim_end(), text(&letters[letters.len() - tail..]).trim_start())
    };
    let fits = |kept: usize| {
        let lines = broken(&without_middle(kept), face, room);
        // A single letter is wider than no room at all.
        (lines.len() <= most && lines.iter().all(|line| width(line, face) <= room)).then_some(lines)
    };
    let (mut low, mut high) = (0, letters.len());
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if fits(middle).is_some() { low = middle } else { high = middle }
    }
    Lines { lines: fits(low).unwrap_or_else(|| vec!["…".to_owned()]), full: Some(full) }
}

/// All of a text in lines no wider than `room`.
fn broken(text: &str, face: Face, room: f64) -> Vec<String> {
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
    done
}

/// The places where a line may break, each piece with the character that ends it.
fn pieces(text: &str) -> Vec<String> {
    let clean: String = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let mut pieces = vec![String::new()];
    let mut letters = clean.trim().chars().peekable();
    while let Some(c) = letters.next() {
        let blank = pieces.last().is_none_or(String::is_empty);
        if c == ' ' && blank {
            continue;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        let of_number = c == '-' && letters.peek().is_some_and(char::is_ascii_digit);
        if matches!(c, ' ' | '-' | '_' | '/') && !of_number {
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
    fn a_text_that_does_not_fit_loses_its_middle_and_keeps_its_ends() {
        let text = "one two three four five six seven eight nine ten";
        let lines = wrap(text, TEXT, 60.0, 2);
        assert_eq!((lines.len(), lines.full.as_deref()), (2, Some(text)));
        let shown = lines.concat();
        assert!(shown.starts_with("one") && shown.ends_with("ten") && shown.contains('…'), "{lines:?}");
        assert!(widest(&lines, TEXT) <= 60.0);
        assert_eq!(&wrap("abc", TEXT, 0.0, 1)[..], ["…"]);
        let one = wrap("GCCA (decoder least_squares, rank 128, ridge 0.01)", TEXT, 150.0, 1);
        assert!(one[0].starts_with("GCCA") && one[0].ends_with("0.01)") && one.len() == 1, "{one:?}");
        assert_eq!(wrap(text, TEXT, 1e4, 1).full, None);
    }

    #[test]
    fn the_name_of_a_metric_stays_whole() {
        let lines = |text: &str, words: &str| wrap(text, TEXT, width(words, TEXT) + 1.0, 3).to_vec();
        assert_eq!(lines("difference of Rank-1", "difference of Rank-"), ["difference of", "Rank-1"]);
        assert_eq!(lines("a stand-in for it", "a stand-"), ["a stand-", "in for it"]);
    }

    #[test]
    fn blank_text_has_no_lines() {
        assert!(wrap(" \n\t ", TEXT, 100.0, 3).is_empty());
        assert_eq!(&wrap("a\u{0}\nb", TEXT, 100.0, 3)[..], ["a b"]);
    }
}
