//! A picture cut into squares, each mapped to one vector.

use candle_core::Tensor;

use crate::pictures::Pixels;
use crate::{EmbedError, folder::weights::Scope, layers::Flat};

/// A convolution whose stride is its size, which is a linear map of each square.
pub(crate) struct Patches {
    map: Flat,
    side: usize,
}

impl Patches {
    /// A kernel `[width, channels, side, side]` for three colours.
    pub fn load(scope: &Scope, width: usize, side: usize, bias: bool) -> Result<Self, EmbedError> {
        Self::of(scope, 3, width, side, bias)
    }

    /// The same for any number of channels.
    pub fn of(scope: &Scope, channels: usize, width: usize, side: usize, bias: bool) -> Result<Self, EmbedError> {
        Ok(Self { map: Flat::load(scope, &[width, channels, side, side], bias)?, side })
    }

    /// `[items, patches, width]`, row after row; remainders at the right and at the bottom are ignored.
    pub fn forward(&self, pixels: &Pixels) -> Result<Tensor, EmbedError> {
        let (rows, columns) = self.grid(pixels);
        let flat = self.map_of(pixels.tensor())?;
        let width = flat.dim(1)?;
        Ok(flat.reshape((pixels.items(), rows * columns, width))?)
    }

    /// What pictures are read, if one of this size has no whole square.
    pub fn misfit(&self, height: usize, width: usize) -> Option<String> {
        (height.min(width) < self.side).then(|| format!("reads at least {0} x {0}", self.side))
    }

    /// Rows and columns of squares.
    pub fn grid(&self, pixels: &Pixels) -> (usize, usize) {
        (pixels.height() / self.side, pixels.width() / self.side)
    }

    /// `[items, channels, height, width]` to `[items · patches, width]`.
    pub fn map_of(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        let (items, channels, height, width) = x.dims4()?;
        let (side, rows, columns) = (self.side, height / self.side, width / self.side);
        let whole = x.narrow(2, 0, rows * side)?.narrow(3, 0, columns * side)?.contiguous()?;
        let cut = whole.reshape(vec![items, channels, rows, side, columns, side])?;
        let squares = cut.permute([0, 2, 4, 1, 3, 5].as_slice())?.contiguous()?;
        self.map.forward(&squares.reshape((items * rows * columns, channels * side * side))?)
    }

    /// `[items, vectors + patches, width]` with the same vectors before the patches of each item.
    pub fn behind(&self, vectors: &Tensor, patches: &Tensor) -> Result<Tensor, EmbedError> {
        let (items, _, width) = patches.dims3()?;
        let count = vectors.elem_count() / width;
        let vectors = vectors.reshape((1, count, width))?.broadcast_as((items, count, width))?;
        Ok(Tensor::cat(&[&vectors, patches], 1)?)
    }
}
