//! Common interface of the text architectures.

use candle_core::Tensor;

use crate::EmbedError;
use crate::layers::States;
use crate::text::batch::Batch;

/// Output of an encoder for a batch.
pub(crate) enum Output {
    /// The last hidden state, `[items · length, width]`, to be pooled.
    Hidden(Tensor),
    /// One row per text, `[items, width]`.
    Features(Tensor),
}

/// A text encoder with its weights.
pub(crate) trait TextModel: Send + Sync {
    /// Width of the output.
    fn width(&self) -> usize;
    /// Number of positions in the table; `None` for relative positions.
    fn limit(&self) -> Option<usize>;
    /// Id of padding.
    fn padding(&self) -> u32;
    /// Number of ids.
    fn vocabulary(&self) -> usize;
    /// Whether the output is features rather than hidden states.
    fn projects(&self) -> bool {
        false
    }
    /// Runs the encoder. The ids of the batch are below [`TextModel::vocabulary`], and its length is within
    /// [`TextModel::limit`].
    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError>;
}
