//! Values under a kernel that moves over frames.

use std::ops::Range;

use candle_core::Tensor;

use crate::EmbedError;

/// From `[frames, channels]` the values under the kernel at some places, side by side: `[places, size · channels]`. At
/// place `i` the kernel begins at frame `i · stride`.
pub(super) fn under(x: &Tensor, places: Range<usize>, size: usize, stride: usize) -> Result<Tensor, EmbedError> {
    let count = places.len();
    let index: Vec<u32> = places.flat_map(|place| (0..size).map(move |i| (place * stride + i) as u32)).collect();
    let index = Tensor::from_vec(index, count * size, x.device())?;
    Ok(x.index_select(&index, 0)?.reshape((count, size * x.dim(1)?))?)
}
