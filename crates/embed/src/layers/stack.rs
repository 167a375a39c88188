//! Blocks in sequence, and the states between them.

use candle_core::Tensor;

use crate::EmbedError;

/// Hidden states, if requested: before the first block, then after each.
pub(crate) type States<'a> = Option<&'a mut Vec<Tensor>>;

/// Stores a state if it is requested.
pub(crate) fn note(states: &mut States, state: &Tensor) {
    if let Some(states) = states {
        states.push(state.clone());
    }
}

/// A block of attention and feed-forward.
pub(crate) trait Block {
    /// `[items · length, width]` to the same shape; `added` is added to the scores of attention.
    fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError>;
}

/// All blocks in sequence, with a note of the states before and after each.
pub(crate) fn stack<B: Block>(
    blocks: &[B],
    mut x: Tensor,
    items: usize,
    added: &[&Tensor],
    mut states: States,
) -> Result<Tensor, EmbedError> {
    note(&mut states, &x);
    for block in blocks {
        x = block.forward(&x, items, added)?;
        note(&mut states, &x);
    }
    Ok(x)
}
