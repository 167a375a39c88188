//! Mean of a few independent values with an interval by Student's t.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::resamples::Interval;

/// Level of the interval.
const LEVEL: f64 = 0.95;

/// Mean and standard deviation of a few values, such as those of one metric on the folds of a data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean, with its 95% interval by Student's t with one degree of freedom fewer than values.
    pub mean: Interval,
    /// Standard deviation, with the divisor n − 1.
    pub deviation: f64,
}

impl Spread {
    /// Mean and standard deviation of `values`; `None` for fewer than two values and for values that are not finite.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let n = values.len() as f64;
        let estimate = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - estimate).powi(2)).sum::<f64>() / (n - 1.0);
        let reach = quantile(values.len() - 1) * (variance / n).sqrt();
        let mean = Interval { estimate, low: estimate - reach, high: estimate + reach };
        Some(Self { mean, deviation: variance.sqrt() })
    }
}

/// The t with P(|T| ≤ t) = 0.95 for Student's T with `freedom` degrees of freedom.
fn quantile(freedom: usize) -> f64 {
    // In the angle θ = atan(t / √ν) the distribution function is smooth on a bounded range.
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if within(middle, freedom) < LEVEL {
            low = middle;
        } else {
            high = middle;
        }
    }
    (freedom as f64).sqrt() * low.tan()
}

/// P(|T| ≤ √ν tan θ) for Student's T with ν degrees of freedom: the finite sums of Abramowitz and Stegun, 26.7.3 and
/// 26.7.4.
fn within(angle: f64, freedom: usize) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    // The first term is cos θ for an odd ν and 1 for an even one; each next one has two more powers of the cosine.
    let (mut term, mut power, mut sum) = if odd { (cosine, 1, 0.0) } else { (1.0, 0, 0.0) };
    while power + 2 <= freedom {
        sum += term;
        term *= cosine * cosine * f64::from(power as u32 + 1) / f64::from(power as u32 + 2);
        power += 2;
    }
    if odd { FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of printed tables of the t distribution.
    #[test]
    fn quantiles_are_those_of_tables() {
        for (freedom, t) in [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (30, 2.042)] {
            assert!((quantile(freedom) - t).abs() < 6e-4, "{freedom}: {}", quantile(freedom));
        }
    }

    #[test]
    fn a_mean_needs_two_finite_values() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((spread.mean.estimate, spread.deviation), (2.0, 1.0));
        assert!((spread.mean.high - 2.0 - 4.303 / 3.0_f64.sqrt()).abs() < 1e-3, "{spread:?}");
        assert_eq!(Spread::of(&[1.0]), None);
        assert_eq!(Spread::of(&[1.0, f64::NAN]), None);
    }
}
