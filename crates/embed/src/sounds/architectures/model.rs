//! The interface of sound encoders.

use candle_core::Tensor;

use crate::{EmbedError, layers::States};

/// A network from the values of one sound to a hidden state per frame.
pub(crate) trait SoundModel: Send + Sync {
    fn width(&self) -> usize;

    /// Smallest number of values that gives a frame.
    fn least(&self) -> usize;

    /// The last hidden state `[frames, width]` of values `[count, 1]`; `states` receives the one before the first layer and the output of each.
    fn forward(&self, values: &Tensor, states: States) -> Result<Tensor, EmbedError>;
}
