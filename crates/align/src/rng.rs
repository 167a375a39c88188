//! Random draws, each keyed by (seed, purpose, view position) and by nothing else.
//!
//! A key names a stream of a counter-based generator (ChaCha, 8 rounds). A draw depends neither on the method, nor on
//! the cell, nor on the order of threads: every method sees the same noise, the same validation rows and the same
//! k-means starts.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator of a stream.
pub type Stream = ChaCha8Rng;

/// Purpose of a draw: a number that is part of the results. The code that draws declares it as a constant beside the
/// draw. A number is never given to another purpose; `crates/tasks/tests/draws.rs` holds all numbers of this project,
/// which are below 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(u64);

impl Purpose {
    /// The purpose with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// The stream for `(seed, purpose, view)`; `view` is the position of the view in the fitted set, `None` if all views
/// share the draw.
pub fn stream(seed: u64, purpose: Purpose, view: Option<usize>) -> Stream {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&purpose.0.to_le_bytes());
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
        let base = first(1, Purpose::new(1), Some(0));
        assert_eq!(base, first(1, Purpose::new(1), Some(0)));
        assert_ne!(base, first(2, Purpose::new(1), Some(0)));
        assert_ne!(base, first(1, Purpose::new(6), Some(0)));
        assert_ne!(base, first(1, Purpose::new(1), Some(1)));
        assert_ne!(base, first(1, Purpose::new(1), None));
    }

    #[test]
    fn what_is_drawn_from_a_stream_is_pinned_too() {
        use rand_distr::{Distribution, StandardNormal, Uniform};
        let of = || stream(7, Purpose::SYNTHETIC, None);
        assert_eq!(permutation(6, &mut of()), [3, 5, 1, 0, 4, 2]);
        let normal: f64 = StandardNormal.sample(&mut of());
        let uniform = Uniform::new_inclusive(-0.5f32, 0.5).expect("a range").sample(&mut of());
        let mut substream = of();
        substream.set_stream(3);
        assert_eq!((normal, uniform, substream.next_u64()), (-0.030911663575539376, -0.45120358, 9724064121078175166));
    }
}
