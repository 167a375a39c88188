//! A scene as pixels, drawn by plotters.

use std::fmt::Display;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ColorType, ImageEncoder, ImageResult};
use plotters::backend::{BitMapBackend, DrawingBackend, RGBPixel};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle};

use super::font;
use super::scene::{Mark, Scene, Text};
use super::style::{FAMILY, Face, PAPER, Rgb};

/// Pixels of the PNG per pixel of the scene, whether it is drawn [`OVER`] times as large and then averaged (which smooths
/// what plotters does not), and up to which area of the scene: file and memory stay of a reasonable size.
const DENSITIES: [(u32, bool, f64); 4] = [(3, true, 4e5), (2, true, 4e6), (2, false, 2e7), (1, false, f64::INFINITY)];
/// A constant, because a figure has tens of millions of pixels: so their mean takes a fraction of the time.
const OVER: usize = 2;

/// A number to the backend's grid.
fn at(value: f64, scale: f64) -> i32 {
    (value * scale).round() as i32
}

fn point(point: (f64, f64), scale: f64) -> (i32, i32) {
    (at(point.0, scale), at(point.1, scale))
}

fn of_plotters(Rgb(red, green, blue): Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}

fn style(face: Face) -> FontStyle {
    if face.bold { FontStyle::Bold } else { FontStyle::Normal }
}

/// Draws everything; text by `text`.
fn marks<B: DrawingBackend>(
    backend: &mut B,
    scene: &Scene,
    scale: f64,
    text: impl Fn(&mut B, &Text) -> Result<(), String>,
) -> Result<(), String> {
    let (wide, high) = backend.get_size();
    backend.draw_rect((0, 0), (wide as i32, high as i32), &of_plotters(PAPER), true).map_err(reason)?;
    for mark in &scene.marks {
        match mark {
            Mark::Fill { area, colour, .. } => {
                let (from, to) = (point((area.left, area.top), scale), point((area.right, area.bottom), scale));
                backend.draw_rect(from, to, &of_plotters(*colour), true).map_err(reason)?;
            }
            Mark::Line { from, to, width, colour } => line(backend, (*from, *to), *width, *colour, scale)?,
            Mark::Polygon { points, colour } => {
                let corners: Vec<(i32, i32)> = points.iter().map(|&corner| point(corner, scale)).collect();
                backend.fill_polygon(corners, &of_plotters(*colour)).map_err(reason)?;
            }
            Mark::Text(line) => text(backend, line)?,
        }
    }
    backend.present().map_err(reason)
}

fn line<B: DrawingBackend>(
    backend: &mut B,
    (from, to): ((f64, f64), (f64, f64)),
    width: f64,
    colour: Rgb,
    scale: f64,
) -> Result<(), String> {
    let thick = (at(width, scale)).max(1);
    if from.0 == to.0 || from.1 == to.1 {
        // as a rectangle: plotters gives a wide line rounded ends
        let (a, b) = (point(from, scale), point(to, scale));
        let (left, top) = (a.0.min(b.0), a.1.min(b.1));
        let (right, bottom) = (a.0.max(b.0), a.1.max(b.1));
        let half = thick / 2;
        let (from, to) = if from.0 == to.0 {
            ((left - half, top), (left - half + thick, bottom))
        } else {
            ((left, top - half), (right, top - half + thick))
        };
        return backend.draw_rect(from, to, &of_plotters(colour), true).map_err(reason);
    }
    let stroke = ShapeStyle { color: of_plotters(colour).to_rgba(), filled: false, stroke_width: thick.unsigned_abs() };
    backend.draw_path([point(from, scale), point(to, scale)], &stroke).map_err(reason)
}

/// The scene as a PNG file's bytes.
pub fn png(scene: &Scene) -> Result<Vec<u8>, String> {
    font::register()?;
    let area = scene.width * scene.height;
    let (density, smooth) = DENSITIES
        .into_iter()
        .find(|(_, _, most)| area <= *most)
        .map_or((1, false), |(density, smooth, _)| (density, smooth));
    let over = if smooth { OVER as u32 } else { 1 };
    let (wide, high) = size((scene.width.ceil(), scene.height.ceil()), f64::from(density))?;
    let (large_wide, large_high) = (wide * over, high * over);
    let mut large = vec![u8::MAX; large_wide as usize * large_high as usize * 3];
    let mut backend: BitMapBackend<'_, RGBPixel> =
        BitMapBackend::with_buffer_and_format(&mut large, (large_wide, large_high)).map_err(reason)?;
    let scale = f64::from(density * over);
    marks(&mut backend, scene, scale, |backend, text| bitmap_text(backend, text, scale))?;
    drop(backend);

    let small = if smooth { average(&large, large_wide as usize) } else { large };
    encode(&small, (wide, high)).map_err(reason)
}

/// A quarter of the size that the encoder's fastest way leaves, in a tenth of a second for a large figure.
fn encode(pixels: &[u8], (wide, high): (u32, u32)) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::NoFilter);
    encoder.write_image(pixels, wide, high, ColorType::Rgb8)?;
    Ok(bytes)
}

/// Letter by letter, each with its bearing, which plotters leaves out.
fn bitmap_text<B: DrawingBackend>(backend: &mut B, text: &Text, scale: f64) -> Result<(), String> {
    let em = text.face.size * scale;
    // plotters measures the whole line and centres it on half the size, rounded towards zero: only an
    // even size puts every letter on the same baseline
    let size = 2.0 * (em * font::height(text.face.bold) / 2.0).round();
    let desc = FontDesc::new(FontFamily::Name(FAMILY), size, style(text.face));
    let (x, y) = point(text.at, scale);
    let mut pen = -font::width(&text.text, text.face) * scale * text.anchor.before();
    for c in text.text.chars() {
        let glyph = font::glyph(c, text.face.bold);
        let left = pen.round() as i32 + (glyph.bearing * em).floor() as i32;
        let mut ink = Vec::new();
        let drawn = desc.draw(c.encode_utf8(&mut [0; 4]), (0, 0), |along, down, cover| {
            ink.push((left + along, down - (size / 2.0) as i32, cover));
            Ok::<(), std::convert::Infallible>(())
        });
        drawn.map_err(reason)?.map_err(reason)?;
        for (along, down, cover) in ink {
            let place = if text.upwards { (x + down, y - along) } else { (x + along, y + down) };
            let colour = of_plotters(text.colour).mix(f64::from(cover.clamp(0.0, 1.0))).to_backend_color();
            backend.draw_pixel(place, colour).map_err(reason)?;
        }
        pen += glyph.advance * em;
    }
    Ok(())
}

/// Means of squares of [`OVER`] x `OVER` pixels of an RGB image `wide` pixels wide.
fn average(large: &[u8], wide: usize) -> Vec<u8> {
    let count = (OVER * OVER) as u32;
    let mut small = Vec::with_capacity(large.len() / (OVER * OVER));
    let mut columns = vec![0_u16; wide * 3];
    for band in large.chunks_exact(wide * 3 * OVER) {
        columns.fill(0);
        for row in band.chunks_exact(wide * 3) {
            columns.iter_mut().zip(row).for_each(|(sum, &channel)| *sum += u16::from(channel));
        }
        for square in columns.chunks_exact(3 * OVER) {
            for channel in 0..3 {
                let sum: u32 = (0..OVER).map(|at| u32::from(square[3 * at + channel])).sum();
                small.push(((sum + count / 2) / count) as u8);
            }
        }
    }
    small
}

fn size((width, height): (f64, f64), scale: f64) -> Result<(u32, u32), String> {
    let (wide, high) = ((width * scale).ceil(), (height * scale).ceil());
    // plotters computes areas in 32 bits when it draws pixels
    if wide < 1.0 || high < 1.0 || wide > 1e6 || high > 1e6 || wide * high > 1e9 {
        return Err(format!("a figure of {width} by {height} pixels cannot be drawn"));
    }
    Ok((wide as u32, high as u32))
}

fn reason(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_rounded_mean_of_its_square() {
        // two squares of 2 x 2: the first differs by channel, the second is white
        let rows: [[u8; 12]; 2] =
            [[0, 1, 255, 0, 1, 255, 255, 255, 255, 255, 255, 255], [0, 1, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255]];
        assert_eq!(average(rows.as_flattened(), 4), [0, 1, 128, 255, 255, 255]);
    }
}
