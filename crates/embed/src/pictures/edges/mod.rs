//! Edge maps, the corruption that leaves only outlines: Canny, Scharr and the difference of two Gaussians, as in
//! OpenCV, each dilated by a plus sign of 3 x 3.

mod canny;
mod filter;

use std::fmt;

use super::picture::{Grey, Rgb};

/// Kinds of edge maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edges {
    /// Canny's detector with aperture 3 and exact magnitudes, thresholds at 0.5 and 1.5 times the median
    /// grey; 0 or 255.
    Canny,
    /// Length of the Scharr gradient, stretched to 0..255.
    Scharr,
    /// Absolute difference of Gaussian blurs of σ 1.0 and 2.5, stretched to 0..255.
    DifferenceOfGaussians,
}

impl fmt::Display for Edges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canny => "canny",
            Self::Scharr => "scharr",
            Self::DifferenceOfGaussians => "dog",
        })
    }
}

impl Edges {
    /// The dilated edge map of a picture, with its size.
    pub fn of(self, picture: &Rgb) -> Grey {
        dilate(&self.undilated(&grey(picture)))
    }

    /// The edge map of a grey picture before dilation.
    pub fn undilated(self, grey: &Grey) -> Grey {
        match self {
            Self::Canny => canny::canny(grey),
            Self::Scharr => filter::scharr(grey),
            Self::DifferenceOfGaussians => filter::difference_of_gaussians(grey),
        }
    }
}

/// `0.299 R + 0.587 G + 0.114 B` in fixed point of 15 bits.
pub fn grey(picture: &Rgb) -> Grey {
    let weighted = |pixel: &[u8]| {
        let weights = [9798_u32, 19235, 3735];
        let sum: u32 = pixel.iter().zip(weights).map(|(colour, weight)| u32::from(*colour) * weight).sum();
        ((sum + (1 << 14)) >> 15) as u8
    };
    Grey::new(picture.width(), picture.height(), picture.bytes().chunks_exact(3).map(weighted).collect())
}

/// The largest value of each pixel and its four neighbours.
pub fn dilate(map: &Grey) -> Grey {
    let (width, height) = (map.width(), map.height());
    let largest = |(x, y): (usize, usize)| {
        let mut largest = map.at(x, y)[0];
        let left = x.checked_sub(1).map(|x| (x, y));
        let above = y.checked_sub(1).map(|y| (x, y));
        let right = (x + 1 < width).then_some((x + 1, y));
        let below = (y + 1 < height).then_some((x, y + 1));
        for (x, y) in [left, above, right, below].into_iter().flatten() {
            largest = largest.max(map.at(x, y)[0]);
        }
        largest
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    Grey::new(width, height, places.map(largest).collect())
}
