//! Common interface of the picture architectures.

use candle_core::Tensor;

use crate::pictures::Pixels;
use crate::{EmbedError, layers::States};

/// A picture encoder with its weights.
pub(crate) trait PictureModel: Send + Sync {
    /// Numbers per picture.
    fn width(&self) -> usize;
    /// Why pictures of this size cannot be read, as a predicate of "the model"; `None` if they can.
    fn misfit(&self, _height: usize, _width: usize) -> Option<String> {
        None
    }
    /// Pixels to `[items, width]`; `states` receives hidden states `[items · places, width]`.
    fn forward(&self, pixels: &Pixels, states: States) -> Result<Tensor, EmbedError>;
}

/// The [`PictureModel::misfit`] of a model that reads squares of one size.
pub(super) fn only(side: usize, height: usize, width: usize) -> Option<String> {
    ((height, width) != (side, side)).then(|| format!("reads {side} x {side}"))
}

/// The first row of each item of `[items · length, width]`.
pub(super) fn first_rows(x: &Tensor, items: usize) -> Result<Tensor, EmbedError> {
    let (rows, width) = x.dims2()?;
    Ok(x.reshape((items, rows / items, width))?.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?)
}
