//! Token ids of several texts, padded to one length.

use candle_core::{Device, Tensor};

use crate::{EmbedError, layers};

/// Tokens of one text; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub ids: Vec<u32>,
    /// Segment of each token; all 0 for a single text.
    pub segments: Vec<u32>,
}

/// Texts side by side, padded on the right; all vectors are `[items · length]`.
pub(crate) struct Batch {
    pub items: usize,
    pub length: usize,
    pub ids: Vec<u32>,
    pub segments: Vec<u32>,
    /// False for padding.
    pub seen: Vec<bool>,
}

impl Batch {
    pub fn of(texts: &[&Tokens], padding: u32) -> Self {
        let length = texts.iter().map(|tokens| tokens.ids.len()).max().unwrap_or(0);
        let mut batch = Self { items: texts.len(), length, ids: Vec::new(), segments: Vec::new(), seen: Vec::new() };
        for (i, tokens) in texts.iter().enumerate() {
            let end = (i + 1) * length;
            batch.ids.extend(&tokens.ids);
            batch.ids.resize(end, padding);
            batch.segments.extend(&tokens.segments);
            batch.segments.resize(end, 0);
            batch.seen.resize(batch.seen.len() + tokens.ids.len(), true);
            batch.seen.resize(end, false);
        }
        batch
    }

    /// Positions `0..length`, for each item.
    pub fn positions(&self) -> Vec<u32> {
        (0..self.items).flat_map(|_| 0..self.length as u32).collect()
    }

    /// RoBERTa's positions: they begin after the padding id and count only ids other than the padding id, which keeps
    /// its own position. They are made from the ids. Therefore a literal `<pad>` in a text counts as padding here,
    /// although attention sees it.
    pub fn positions_after(&self, padding: u32) -> Vec<u32> {
        let mut positions = Vec::with_capacity(self.ids.len());
        for ids in self.ids.chunks(self.length.max(1)) {
            let mut last = padding;
            positions.extend(ids.iter().map(|id| {
                if *id == padding {
                    return padding;
                }
                last += 1;
                last
            }));
        }
        positions
    }

    pub fn mask(&self, causal: bool, device: &Device) -> Result<Tensor, EmbedError> {
        layers::mask(&self.seen, self.items, causal, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_and_positions() {
        let tokens = |ids: &[u32]| Tokens { ids: ids.to_vec(), segments: vec![0; ids.len()] };
        let (long, short) = (tokens(&[0, 7, 1, 2]), tokens(&[0, 2]));
        let batch = Batch::of(&[&long, &short], 1);
        assert_eq!((batch.items, batch.length), (2, 4));
        assert_eq!(batch.ids, [0, 7, 1, 2, 0, 2, 1, 1]);
        assert_eq!(batch.seen, [true, true, true, true, true, true, false, false]);
        assert_eq!(batch.positions(), [0, 1, 2, 3, 0, 1, 2, 3]);
        assert_eq!(batch.positions_after(1), [2, 3, 1, 4, 2, 3, 1, 1]);
    }
}
