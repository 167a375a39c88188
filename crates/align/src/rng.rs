//! Every random draw, keyed by (seed, purpose, view position) and by nothing else.
//!
//! A key names a stream of a counter-based generator (ChaCha, 8 rounds), so a draw depends neither on
//! the method that asks, nor on the cell, nor on the order in which threads arrive: every method sees
//! the same noise, the same validation rows and the same k-means starts.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator behind a key.
pub type Stream = ChaCha8Rng;

/// What a draw is for. The numbers are part of the results: never reuse or reorder them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Gaussian starting matrices of GPA, one stream per view.
    GpaStart = 1,
    /// Initial weights of the corrector.
    CorrectorWeights = 2,
    /// Which rows GCPA holds out for validation.
    ValidationRows = 3,
    /// View and rows of each training batch of the corrector.
    CorrectorBatches = 4,
    /// View and rows of each validation draw of the corrector.
    ValidationDraws = 5,
    /// Starting points of k-means, one stream per view.
    KMeansStart = 6,
    /// Planted (synthetic) data.
    Planted = 7,
    /// Resampled items of a bootstrap.
    Bootstrap = 8,
    /// Permuted correspondences, one stream per view.
    Permutation = 9,
    /// Validation rows taken from train where a data set has none.
    HeldOutRows = 10,
    /// Initial weights of a probe, one stream per view.
    ProbeWeights = 20,
    /// Which items of a class go to which view in the re-identification protocol.
    ClassMatching = 21,
    /// Noise added to features, one stream per view.
    FeatureNoise = 22,
    /// Which rows a view misses, one stream per view.
    MissingRows = 23,
    /// First block of an iterated eigendecomposition.
    KrylovStart = 24,
    /// Which rows of imported files become which split.
    ImportedSplit = 25,
    /// Which items are the anchors of relative representations.
    Anchors = 30,
    /// Which items are looked at where there are too many for figures of all pairs of them.
    SimilarityItems = 40,
    /// Permuted items behind the null of a similarity.
    SimilarityNull = 41,
    /// Random rotation of a view before its coordinates are dealt into halves.
    SimilarityHalves = 42,
}

/// The stream for `(seed, purpose, view)`; `view` is the view's position in the fitted set, `None`
/// where a draw is shared by all views.
pub fn stream(seed: u64, purpose: Purpose, view: Option<usize>) -> Stream {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    let view = view.map_or(u64::MAX, |v| v as u64);
    key[16..24].copy_from_slice(&view.to_le_bytes());
    key[24..].copy_from_slice(b"universe");
    ChaCha8Rng::from_seed(key)
}

/// A uniformly random ordering of `0..n`.
pub fn permutation(n: usize, rng: &mut Stream) -> Vec<usize> {
    use rand::seq::SliceRandom;
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_in_every_part_of_the_key_and_repeat_for_the_same_key() {
        let first = |seed, purpose, view| stream(seed, purpose, view).next_u64();
        let base = first(1, Purpose::GpaStart, Some(0));
        assert_eq!(base, first(1, Purpose::GpaStart, Some(0)));
        assert_ne!(base, first(2, Purpose::GpaStart, Some(0)));
        assert_ne!(base, first(1, Purpose::KMeansStart, Some(0)));
        assert_ne!(base, first(1, Purpose::GpaStart, Some(1)));
        assert_ne!(base, first(1, Purpose::GpaStart, None));
    }
}
