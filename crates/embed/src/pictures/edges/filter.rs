//! Linear filters on a grey picture in floating point. Outside the border the picture is mirrored without repeating the
//! border.

use crate::pictures::picture::Grey;

/// A map of numbers, `[height, width]`.
struct Field {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

/// Length of the gradient by Scharr's kernels.
pub(super) fn scharr(grey: &Grey) -> Grey {
    let field = field(grey);
    let across = separable(&field, &[-1.0, 0.0, 1.0], &[3.0, 10.0, 3.0]);
    let down = separable(&field, &[3.0, 10.0, 3.0], &[-1.0, 0.0, 1.0]);
    let lengths = across.values.iter().zip(&down.values).map(|(x, y)| (x * x + y * y).sqrt()).collect();
    stretch(&Field { values: lengths, ..field })
}

/// `|blur by 1.0 - blur by 2.5|`.
pub(super) fn difference_of_gaussians(grey: &Grey) -> Grey {
    let field = field(grey);
    let blur = |deviation| {
        let kernel = gaussian(deviation);
        separable(&field, &kernel, &kernel)
    };
    let (fine, coarse) = (blur(1.0), blur(2.5));
    let differences = fine.values.iter().zip(&coarse.values).map(|(a, b)| (a - b).abs()).collect();
    stretch(&Field { values: differences, ..field })
}

/// A kernel with the number of taps that OpenCV uses for floating point: `8σ + 1`, made odd.
fn gaussian(deviation: f64) -> Vec<f64> {
    let half = ((deviation * 8.0 + 1.0).round() as i32 | 1) / 2;
    let kernel: Vec<f64> = (-half..=half).map(|x| (-f64::from(x * x) / (2.0 * deviation * deviation)).exp()).collect();
    let sum: f64 = kernel.iter().sum();
    kernel.iter().map(|value| value / sum).collect()
}

fn field(grey: &Grey) -> Field {
    let values = grey.bytes().iter().map(|byte| f32::from(*byte)).collect();
    Field { width: grey.width(), height: grey.height(), values }
}

/// Rows by one kernel, then columns by the other.
fn separable(field: &Field, across: &[f64], down: &[f64]) -> Field {
    let (width, height) = (field.width, field.height);
    let sum = |kernel: &[f64], at: usize, length: usize, value: &dyn Fn(usize) -> f32| {
        let half = kernel.len() as isize / 2;
        let taps = kernel.iter().enumerate();
        taps.map(|(i, k)| k * f64::from(value(mirrored(at as isize + i as isize - half, length)))).sum::<f64>() as f32
    };
    let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let rows: Vec<f32> = places().map(|(x, y)| sum(across, x, width, &|x| field.values[y * width + x])).collect();
    let values = places().map(|(x, y)| sum(down, y, height, &|y| rows[y * width + x])).collect();
    Field { width, height, values }
}

/// Mirrored position of a place outside the border.
fn mirrored(at: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = at.rem_euclid(2 * last);
    folded.min(2 * last - folded) as usize
}

/// Maps the smallest value to 0 and the largest to 255.
fn stretch(field: &Field) -> Grey {
    let smallest = field.values.iter().copied().fold(f32::INFINITY, f32::min);
    let largest = field.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = f64::from(largest) - f64::from(smallest);
    let scale = if range > f64::EPSILON { 255.0 / range } else { 0.0 };
    let level = |value: &f32| ((f64::from(*value) - f64::from(smallest)) * scale).round_ties_even() as u8;
    Grey::new(field.width, field.height, field.values.iter().map(level).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_do_not_repeat_the_border() {
        let at = |i| mirrored(i, 4);
        assert_eq!((-4..9).map(at).collect::<Vec<_>>(), [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!(mirrored(-3, 1), 0);
    }

    #[test]
    fn kernels_have_the_widths_of_opencv() {
        assert_eq!((gaussian(1.0).len(), gaussian(2.5).len()), (9, 21));
    }

    #[test]
    fn flat_pictures_have_no_edges() {
        let flat = Grey::new(5, 3, vec![77; 15]);
        assert_eq!(scharr(&flat).bytes(), [0; 15]);
        assert_eq!(difference_of_gaussians(&flat).bytes().iter().max(), Some(&0));
    }
}
