//! Attention biases that depend on the distance of two positions.

use candle_core::Tensor;

use crate::{EmbedError, folder::weights::Scope, layers::Embedding};

/// A table `[buckets, heads]`, shared by all layers: one bias per head and bucket of distances. Buckets are exact for
/// small distances and logarithmic for large ones.
///
/// Source: Raffel et al. 2020; MPNet uses the same.
pub(super) struct RelativeBias {
    table: Embedding,
    buckets: usize,
    farthest: usize,
    heads: usize,
}

impl RelativeBias {
    pub fn load(scope: &Scope, buckets: usize, farthest: usize, heads: usize) -> Result<Self, EmbedError> {
        Ok(Self { table: Embedding::load(scope, buckets, heads)?, buckets, farthest, heads })
    }

    /// `[1, heads, length, length]` (query, then key).
    pub fn of(&self, length: usize) -> Result<Tensor, EmbedError> {
        let pairs = (0..length).flat_map(|query| (0..length).map(move |key| (query, key)));
        let rows: Vec<u32> = pairs.map(|(query, key)| bucket(query, key, self.buckets, self.farthest)).collect();
        let bias = self.table.rows(&rows)?.reshape((length, length, self.heads))?;
        Ok(bias.permute((2, 0, 1))?.contiguous()?.unsqueeze(0)?)
    }
}

/// Half of the buckets are for keys before the query, half for those after it; in each half, half of the buckets are
/// for exact distances and half for logarithms up to `farthest`. Computed in `f32` like the reference, because the
/// logarithm decides the side of a bucket's edge.
fn bucket(query: usize, key: usize, buckets: usize, farthest: usize) -> u32 {
    let half = buckets / 2;
    let exact = half / 2;
    let side = if key > query { half } else { 0 };
    let distance = query.abs_diff(key);
    if distance < exact || exact == 0 {
        return (side + distance.min(half.saturating_sub(1))) as u32;
    }
    let share = (distance as f32 / exact as f32).ln() / (farthest as f64 / exact as f64).ln() as f32;
    let step = (share * (half - exact) as f32).max(0.0) as usize;
    (side + exact.saturating_add(step).min(half - 1)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges of the buckets of 32 up to 128, by the formula in exact arithmetic.
    #[test]
    fn edges_of_the_buckets() {
        let back = |distance| bucket(distance, 0, 32, 128);
        assert_eq!((0..9).map(back).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        for (distance, want) in [
            (11, 8),
            (12, 9),
            (15, 9),
            (16, 10),
            (22, 10),
            (23, 11),
            (32, 12),
            (63, 13),
            (90, 14),
            (91, 15),
            (128, 15),
            (9999, 15),
        ] {
            assert_eq!(back(distance), want, "distance {distance}");
            assert_eq!(bucket(0, distance, 32, 128), want + 16, "ahead {distance}");
        }
    }

    #[test]
    fn odd_tables_stay_inside() {
        for (buckets, farthest) in [(1, 1), (2, 1), (3, 128), (4, 1), (32, 1), (32, 8), (7, 2)] {
            for distance in [0, 1, 5, 100] {
                assert!((bucket(distance, 0, buckets, farthest) as usize) < buckets);
                assert!((bucket(0, distance, buckets, farthest) as usize) < buckets, "{buckets} {farthest} {distance}");
            }
        }
    }
}
