//! Resizing as in Pillow: the filter is widened for smaller sizes, and each direction is computed in fixed-point
//! arithmetic and rounded to eight bits. A resize in floating point differs by a grey level in some pixels, which moves
//! features by far more than their rounding.

use super::picture::Rgb;

/// Fractional bits of a weight.
const BITS: u32 = 32 - 8 - 2;

/// The filters of encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// A triangle of half-width 1.
    Bilinear,
    /// Cubic convolution of half-width 2 with a = -0.5.
    Bicubic,
}

impl Filter {
    pub fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    fn at(self, x: f64) -> f64 {
        const A: f64 = -0.5;
        let x = x.abs();
        match self {
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            Self::Bicubic => 0.0,
        }
    }
}

/// The picture in another size.
pub(crate) fn resize(picture: &Rgb, width: usize, height: usize, filter: Filter) -> Rgb {
    let across = |picture: &Rgb| match width == picture.width() {
        true => picture.clone(),
        false => rows(picture, &taps(picture.width(), width, filter)),
    };
    let down = |picture: &Rgb| match height == picture.height() {
        true => picture.clone(),
        false => columns(picture, &taps(picture.height(), height, filter)),
    };
    if columns_first(picture, width, height) { across(&down(picture)) } else { down(&across(picture)) }
}

/// Since Pillow 13 a picture that loses more than twice as many rows as columns is resized downwards first; before,
/// rows always came first. The rounding between the two steps makes the order visible.
fn columns_first(picture: &Rgb, width: usize, height: usize) -> bool {
    let lost = picture.height().saturating_sub(height);
    lost > 0 && lost + 2 * width > 2 * picture.width()
}

/// Source pixels of one pixel of the result, with their weights.
struct Taps {
    first: usize,
    weights: Vec<i64>,
}

fn taps(from: usize, to: usize, filter: Filter) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let widened = scale.max(1.0);
    let support = filter.support() * widened;
    let tap = |i: usize| {
        let centre = (i as f64 + 0.5) * scale;
        // Conversions round towards zero, as in C.
        let first = (centre - support + 0.5).max(0.0) as usize;
        let last = ((centre + support + 0.5) as usize).min(from);
        let weight = |x: usize| filter.at((x as f64 - centre + 0.5) / widened);
        let weights: Vec<f64> = (first..last).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: &f64| {
            let exact = weight / sum * f64::from(1u32 << BITS);
            (exact + 0.5_f64.copysign(exact)) as i64
        };
        Taps { first, weights: weights.iter().map(fixed).collect() }
    };
    (0..to).map(tap).collect()
}

fn rows(picture: &Rgb, taps: &[Taps]) -> Rgb {
    let mut bytes = Vec::with_capacity(taps.len() * picture.height() * 3);
    for y in 0..picture.height() {
        for tap in taps {
            bytes.extend(mixed(tap, |i| picture.at(i, y)));
        }
    }
    Rgb::new(taps.len(), picture.height(), bytes)
}

fn columns(picture: &Rgb, taps: &[Taps]) -> Rgb {
    let mut bytes = Vec::with_capacity(taps.len() * picture.width() * 3);
    for tap in taps {
        for x in 0..picture.width() {
            bytes.extend(mixed(tap, |i| picture.at(x, i)));
        }
    }
    Rgb::new(picture.width(), taps.len(), bytes)
}

fn mixed<'a>(tap: &Taps, pixel: impl Fn(usize) -> &'a [u8]) -> [u8; 3] {
    let mut sums = [1_i64 << (BITS - 1); 3];
    for (i, weight) in tap.weights.iter().enumerate() {
        for (sum, colour) in sums.iter_mut().zip(pixel(tap.first + i)) {
            *sum += weight * i64::from(*colour);
        }
    }
    sums.map(|sum| (sum >> BITS).clamp(0, 255) as u8)
}

/// A part of the picture.
pub(crate) fn crop(picture: &Rgb, left: usize, top: usize, width: usize, height: usize) -> Rgb {
    let rows = (top..top + height).flat_map(|y| (left..left + width).flat_map(move |x| picture.at(x, y)));
    Rgb::new(width, height, rows.copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_pictures_stay_constant() {
        let picture = Rgb::new(7, 5, [9, 200, 255].repeat(35));
        for filter in [Filter::Bilinear, Filter::Bicubic] {
            for (width, height) in [(3, 9), (7, 5), (1, 1), (20, 2)] {
                let resized = resize(&picture, width, height, filter);
                assert_eq!(resized, Rgb::new(width, height, [9, 200, 255].repeat(width * height)));
            }
        }
    }

    #[test]
    fn crops_count_from_the_top_left() {
        let picture = Rgb::new(3, 2, (0..18).collect());
        assert_eq!(crop(&picture, 1, 1, 2, 1), Rgb::new(2, 1, (12..18).collect()));
    }
}
