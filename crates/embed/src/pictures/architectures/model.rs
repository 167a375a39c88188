//! Common interface of the picture architectures.

use candle_core::Tensor;

use crate::EmbedError;
use crate::pictures::Pixels;

/// A picture encoder with its weights.
pub(crate) trait PictureModel: Send + Sync {
    /// Numbers per picture.
    fn width(&self) -> usize;
    /// Pixels per side, if only pictures of one size can be read.
    fn side(&self) -> Option<usize>;
    /// Pixels to `[items, width]`.
    fn forward(&self, pixels: &Pixels) -> Result<Tensor, EmbedError>;
}
