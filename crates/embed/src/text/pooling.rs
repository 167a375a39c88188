//! From one vector per token to one per text.

use std::fmt;

/// Tokens that make up the vector of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pool {
    /// The mean over the attention mask, special tokens included.
    Mean,
    /// The first token, which for BERT is `[CLS]`.
    Cls,
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
        })
    }
}

/// A pooling and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pooling {
    pub pool: Pool,
    /// Scale to unit length.
    pub normalise: bool,
}

impl Pooling {
    /// The mean, not scaled: the default of a folder without modules.
    pub const PLAIN: Self = Self { pool: Pool::Mean, normalise: false };

    /// Pools the rows of one text, `[length, width]`; the first `seen` rows are not padding. Sums are in `f64`.
    pub fn of(self, rows: &[f32], width: usize, seen: usize) -> Vec<f32> {
        let mut pooled: Vec<f64> = match self.pool {
            Pool::Cls => rows[..width].iter().map(|x| f64::from(*x)).collect(),
            Pool::Mean => {
                let mut sums = vec![0.0; width];
                for row in rows.chunks_exact(width).take(seen) {
                    sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
                }
                sums.iter_mut().for_each(|sum| *sum /= seen as f64);
                sums
            }
        };
        if self.normalise {
            // A lower limit as in the reference, so that a zero row stays zero.
            let length = pooled.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
            pooled.iter_mut().for_each(|x| *x /= length);
        }
        pooled.into_iter().map(|x| x as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_does_not_count() {
        let rows = [1.0, 2.0, 3.0, 6.0, 99.0, 99.0];
        assert_eq!(Pooling::PLAIN.of(&rows, 2, 2), [2.0, 4.0]);
        assert_eq!(Pooling { pool: Pool::Cls, normalise: false }.of(&rows, 2, 2), [1.0, 2.0]);
        let unit = Pooling { pool: Pool::Mean, normalise: true }.of(&[3.0, 4.0], 2, 1);
        assert_eq!(unit, [0.6, 0.8]);
        assert_eq!(Pooling { pool: Pool::Mean, normalise: true }.of(&[0.0, 0.0], 2, 1), [0.0, 0.0]);
    }
}
