//! What all figures share: the font's name, text sizes, colours of ground and text, the scale of heat maps.

/// A colour: its parts of red, green and blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Font family as written into the SVG: the embedded font first, then fonts of the same widths.
pub const FAMILY: &str = "DejaVu Sans, Bitstream Vera Sans, Verdana, sans-serif";

/// Size in pixels of 1/96 inch and weight of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// Size of the em square.
    pub size: f64,
    /// Bold or regular.
    pub bold: bool,
}

impl Face {
    /// Regular weight.
    #[must_use]
    pub const fn regular(size: f64) -> Self {
        Self { size, bold: false }
    }

    /// Bold weight.
    #[must_use]
    pub const fn bold(size: f64) -> Self {
        Self { size, bold: true }
    }

    /// From one baseline to the next.
    #[must_use]
    pub fn line_height(self) -> f64 {
        self.size * 1.25
    }
}

/// A figure's title.
pub const TITLE: Face = Face::bold(14.0);
/// Subtitle, legend, axis titles, group labels.
pub const TEXT: Face = Face::regular(12.0);
/// Title of a panel.
pub const PANEL: Face = Face::bold(12.5);
/// Tick labels.
pub const TICK: Face = Face::regular(11.0);
/// Values within a figure.
pub const VALUE: Face = Face::regular(10.0);

/// Text and axis lines.
pub const INK: Rgb = Rgb(0x22, 0x22, 0x22);
/// Text of less weight: tick labels, absent values.
pub const MUTED: Rgb = Rgb(0x55, 0x55, 0x55);
/// The subtitle, which says what the data are not: set apart from the title.
pub const NOTICE: Rgb = Rgb(0x9A, 0x34, 0x12);
/// Grid lines.
pub const GRID: Rgb = Rgb(0xDE, 0xDE, 0xDE);
/// Ground of a cell without a value.
pub const BLANK: Rgb = Rgb(0xF2, 0xF2, 0xF2);
/// Hatching of a cell without a value.
pub const HATCH: Rgb = Rgb(0xCF, 0xCF, 0xCF);
/// Paper.
pub const PAPER: Rgb = Rgb(0xFF, 0xFF, 0xFF);

/// `a` with this part of `b`.
#[must_use]
pub fn mix(a: Rgb, b: Rgb, part: f64) -> Rgb {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// As SVG and CSS write it.
#[must_use]
pub fn hex(Rgb(r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Viridis at 0, 0.1, .., 1.
const VIRIDIS: [Rgb; 11] = [
    Rgb(68, 1, 84),
    Rgb(72, 36, 117),
    Rgb(65, 68, 135),
    Rgb(53, 95, 141),
    Rgb(42, 120, 142),
    Rgb(33, 145, 140),
    Rgb(34, 168, 132),
    Rgb(68, 191, 112),
    Rgb(122, 209, 81),
    Rgb(189, 223, 38),
    Rgb(253, 231, 37),
];

/// The sequential scale at `t` in 0..=1 (clamped): viridis, dark to light.
#[must_use]
pub fn sequential(t: f64) -> Rgb {
    let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
    let at = t * (VIRIDIS.len() - 1) as f64;
    let low = (at.floor() as usize).min(VIRIDIS.len() - 2);
    mix(VIRIDIS[low], VIRIDIS[low + 1], at - low as f64)
}

/// White or black, whichever has more contrast with `ground`: at least 4.5 to 1 on every colour.
#[must_use]
pub fn ink_on(ground: Rgb) -> Rgb {
    let black = Rgb(0, 0, 0);
    if contrast(PAPER, ground) >= contrast(black, ground) { PAPER } else { black }
}

/// Contrast of two colours as the web's accessibility guidelines define it, from 1 to 21.
#[must_use]
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance as the web's accessibility guidelines define it, 0 to 1.
#[must_use]
pub fn luminance(colour: Rgb) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness(colour: Rgb) -> f64 {
        116.0 * luminance(colour).cbrt() - 16.0
    }

    #[test]
    fn the_scale_rises_in_lightness_and_takes_anything() {
        let steps: Vec<f64> = (0..=100).map(|i| lightness(sequential(f64::from(i) / 100.0))).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!(sequential(f64::NAN), sequential(0.0));
        assert_eq!(sequential(7.0), sequential(1.0));
    }

    #[test]
    fn cell_text_reads_on_every_ground() {
        for i in 0..=1000 {
            let ground = sequential(f64::from(i) / 1000.0);
            assert!(contrast(ground, ink_on(ground)) >= 4.5, "{ground:?}");
        }
    }
}
