//! What the text architectures have in common.

use candle_core::Tensor;

use crate::EmbedError;
use crate::text::batch::Batch;

/// What an encoder makes of a batch.
pub(crate) enum Output {
    /// The last hidden state, `[items · length, width]`, to be pooled.
    Hidden(Tensor),
    /// One row per text, `[items, width]`.
    Features(Tensor),
}

/// Hidden states, for who wants to see them: after the embeddings, then after each layer.
pub(crate) type States<'a> = Option<&'a mut Vec<Tensor>>;

/// A text encoder with its weights.
pub(crate) trait TextModel: Send + Sync {
    /// Width of what it gives.
    fn width(&self) -> usize;
    /// Tokens that its table of positions has room for; none for relative positions.
    fn limit(&self) -> Option<usize>;
    /// Id that fills up a batch.
    fn padding(&self) -> u32;
    /// Ids there are.
    fn vocabulary(&self) -> usize;
    /// Whether it gives features rather than hidden states.
    fn projects(&self) -> bool {
        false
    }
    /// The ids of the batch are below [`TextModel::vocabulary`], its length within [`TextModel::limit`].
    fn forward(&self, batch: &Batch, states: States) -> Result<Output, EmbedError>;
}

/// Puts a state where it is asked for.
pub(crate) fn note(states: &mut States, state: &Tensor) {
    if let Some(states) = states {
        states.push(state.clone());
    }
}
