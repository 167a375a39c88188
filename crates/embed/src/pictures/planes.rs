//! Pictures as `f32`, resized as torchvision resizes tensors: the filter is widened for smaller sizes, nothing is rounded
//! to eight bits. Weights and sums are in `f32` and in its order: weights in `f64` would differ from its weights by 1e-5,
//! because centres far from the origin have only so many digits.

use rayon::prelude::*;

use super::{picture::Rgb, resize::Filter};

/// Three colours one after the other, each row after row.
pub(super) struct Planes {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Planes {
    /// The bytes times a factor.
    pub fn of(picture: &Rgb, factor: f32) -> Self {
        let colour = |colour| picture.bytes().iter().skip(colour).step_by(3).map(move |byte| f32::from(*byte) * factor);
        Self { width: picture.width(), height: picture.height(), values: (0..3).flat_map(colour).collect() }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }

    /// `(value - mean) / deviation`, colour after colour.
    pub fn scaled(&self, mean: [f64; 3], deviation: [f64; 3]) -> Vec<f32> {
        let planes = self.values.chunks_exact((self.width * self.height).max(1)).zip(mean.iter().zip(&deviation));
        planes.flat_map(|(plane, (m, d))| plane.iter().map(move |x| (x - *m as f32) / *d as f32)).collect()
    }

    /// The picture in another size: first across, then down.
    pub fn resized(self, width: usize, height: usize, filter: Filter) -> Self {
        let across = if width == self.width { self } else { self.across(width, filter) };
        if height == across.height { across } else { across.down(height, filter) }
    }

    fn across(&self, width: usize, filter: Filter) -> Self {
        let taps: Vec<Taps> = (0..width).map(|i| Taps::of(i, self.width, width, filter)).collect();
        let mut values = vec![0.0; 3 * self.height * width];
        let rows = values.par_chunks_exact_mut(width).zip(self.values.par_chunks_exact(self.width));
        rows.for_each(|(out, row)| {
            for (out, tap) in out.iter_mut().zip(&taps) {
                let products = tap.weights.iter().zip(&row[tap.first..]).map(|(w, x)| w * x);
                *out = products.reduce(|sum, product| sum + product).unwrap_or_default();
            }
        });
        Self { width, height: self.height, values }
    }

    fn down(&self, height: usize, filter: Filter) -> Self {
        let width = self.width;
        let taps: Vec<Taps> = (0..height).map(|i| Taps::of(i, self.height, height, filter)).collect();
        let mut values = vec![0.0; 3 * height * width];
        values.par_chunks_exact_mut(width).enumerate().for_each(|(row, out)| {
            let (colour, tap) = (row / height, &taps[row % height]);
            let source = &self.values[(colour * self.height + tap.first) * width..];
            for (w, row) in tap.weights.iter().zip(source.chunks_exact(width)) {
                out.iter_mut().zip(row).for_each(|(out, x)| *out += w * x);
            }
        });
        Self { width, height, values }
    }

    /// A part of the picture.
    pub fn cropped(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let rows = (0..3).flat_map(|colour| (top..top + height).map(move |y| colour * self.height + y));
        let values = rows.flat_map(|row| &self.values[row * self.width + left..][..width]).copied().collect();
        Self { width, height, values }
    }
}

/// Source values of one value of the result, with their weights.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Taps {
    fn of(i: usize, from: usize, to: usize, filter: Filter) -> Self {
        let scale = from as f32 / to as f32;
        let widened = scale.max(1.0);
        let support = filter.support() as f32 * widened;
        let inverse = 1.0 / widened;
        let centre = scale * (i as f32 + 0.5);
        // Conversions round towards zero, as in C.
        let first = (centre - support + 0.5).max(0.0) as usize;
        let last = ((centre + support + 0.5) as usize).min(from);
        let weights: Vec<f32> = (first..last).map(|x| weight((x as f32 - centre + 0.5) * inverse, filter)).collect();
        let sum = weights.iter().copied().fold(0.0, |sum, w| sum + w);
        Self { first, weights: weights.into_iter().map(|w| w / sum).collect() }
    }
}

/// The filter in `f32`; the cubic with fused products, as torchvision's compiled code has them.
fn weight(x: f32, filter: Filter) -> f32 {
    const A: f32 = -0.5;
    let x = x.abs();
    match filter {
        Filter::Bilinear => (1.0 - x).max(0.0),
        Filter::Bicubic if x < 1.0 => ((A + 2.0).mul_add(x, -(A + 3.0)) * x).mul_add(x, 1.0),
        Filter::Bicubic if x < 2.0 => A.mul_add(x, -5.0 * A).mul_add(x, 8.0 * A).mul_add(x, -4.0 * A),
        Filter::Bicubic => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_pictures_stay_constant() {
        let picture = Rgb::new(7, 5, [9, 200, 255].repeat(35));
        for filter in [Filter::Bilinear, Filter::Bicubic] {
            for (width, height) in [(3, 9), (7, 5), (1, 1), (20, 2)] {
                let resized = Planes::of(&picture, 1.0).resized(width, height, filter);
                assert_eq!((resized.width, resized.height, resized.values.len()), (width, height, 3 * width * height));
                for (plane, wanted) in resized.values.chunks_exact(width * height).zip([9.0, 200.0, 255.0]) {
                    assert!(plane.iter().all(|x| (x - wanted).abs() < 1e-4), "{plane:?}");
                }
            }
        }
    }

    #[test]
    fn crops_count_from_the_top_left() {
        let picture = Rgb::new(3, 2, (0..18).collect());
        let crop = Planes::of(&picture, 1.0).cropped(1, 1, 2, 1);
        assert_eq!(crop.values, [12.0, 15.0, 13.0, 16.0, 14.0, 17.0]);
    }
}
