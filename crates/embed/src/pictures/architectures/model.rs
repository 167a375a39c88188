//! What the picture architectures have in common.

use candle_core::Tensor;

use crate::EmbedError;
use crate::pictures::Pixels;

/// A picture encoder with its weights.
pub(crate) trait PictureModel: Send + Sync {
    /// Numbers per picture.
    fn width(&self) -> usize;
    /// Pixels a side, where only pictures of one size can be read.
    fn side(&self) -> Option<usize>;
    /// Pixels to `[items, width]`.
    fn forward(&self, pixels: &Pixels) -> Result<Tensor, EmbedError>;
}
