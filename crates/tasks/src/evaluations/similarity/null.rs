//! The null of the measures: their values if the items of one view are permuted.
//!
//! Every pair of views and every method gets the same permutations. Nothing is computed anew: Gram matrices, ranks and
//! axes are read at permuted indices.

use align::parallel::prelude::*;
use align::rng::{Purpose, permutation, stream};

use super::measures::Measures;
use crate::TaskError;

/// The draw of the permutations.
const PERMUTED_ITEMS: Purpose = Purpose::new(41);

/// The permutations.
pub(super) struct Null(Vec<Vec<usize>>);

impl Null {
    /// Permutations of n items.
    pub(super) fn new(seed: u64, permutations: usize, n: usize) -> Self {
        let order = |r: usize| {
            let mut rng = stream(seed, PERMUTED_ITEMS, None);
            rng.set_stream(r as u64);
            permutation(n, &mut rng)
        };
        Self((0..permutations).map(order).collect())
    }

    /// The measures under each permutation.
    pub(super) fn draw(
        &self,
        measures: impl Fn(&[usize]) -> Result<Measures, TaskError> + Sync,
    ) -> Result<Vec<Measures>, TaskError> {
        self.0.par_iter().map(|order| measures(order)).collect()
    }
}

/// `(s − μ₀) / (1 − μ₀)` with the mean μ₀ of the null: 0 is chance, 1 the maximum, values below 0 are worse than
/// chance. An error if chance alone reaches the maximum.
pub(super) fn calibrated(s: f64, null: &[f64]) -> Result<f64, &'static str> {
    let chance = null.iter().sum::<f64>() / null.len() as f64;
    if 1.0 - chance < 1e-9 {
        return Err("chance alone reaches the most: too few items for so many directions");
    }
    Ok((s - chance) / (1.0 - chance))
}

/// `(1 + #{null ≥ s}) / (1 + permutations)`: one-sided, the data counted as one of the permutations.
/// Source: Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010).
pub(super) fn p(s: f64, null: &[f64]) -> Result<f64, &'static str> {
    if s.is_nan() {
        return Ok(s);
    }
    let as_large = null.iter().filter(|&&drawn| drawn >= s - 1e-12).count();
    Ok((1 + as_large) as f64 / (1 + null.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_zero_and_the_most_is_one() {
        let null = [0.1, 0.2, 0.3];
        assert!(calibrated(0.2, &null).expect("below 1").abs() < 1e-12);
        assert_eq!(calibrated(1.0, &null), Ok(1.0));
        assert!(calibrated(1.0, &[1.0, 1.0]).is_err());
        assert_eq!((p(0.4, &null), p(0.2, &null), p(0.0, &null)), (Ok(0.25), Ok(0.75), Ok(1.0)));
    }
}
