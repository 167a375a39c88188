//! Affine parts of a chain of steps: a matrix and a shift, without the non-linear steps.

use super::step::Step;
use crate::Matrix;
use crate::numerics::linalg::{self, Threads};

/// One number per column, by which a step multiplies or divides.
enum Factor {
    Times(Vec<f64>),
    Over(Vec<f64>),
    Gain(f64),
}

impl Factor {
    fn of(&self, x: f64, column: usize) -> f64 {
        match self {
            Self::Times(factors) => x * factors[column],
            Self::Over(divisors) => x / divisors[column],
            Self::Gain(gain) => x * gain,
        }
    }
}

/// The linear part of steps that start with rows of this width, without their shifts. A step to unit length and a
/// corrector count as the identity, so the result is right for directions and before the corrector. `None` if a step
/// has no linear part.
pub(super) fn linear_part(steps: &[Step], width: usize) -> Option<Matrix<f64>> {
    // Factors before the first matrix.
    let mut factors: Vec<Factor> = Vec::new();
    let mut matrix: Option<Matrix<f64>> = None;
    for step in steps {
        let factor = match step {
            Step::Standardise(prep) => Factor::Over(prep.divisors()),
            Step::UnStandardise(prep) => Factor::Times(prep.scales()),
            Step::Calibrate(calibration) => Factor::Gain(calibration.gain()),
            Step::UnitRows | Step::Correct(_) => continue,
            Step::KernelFeatures(_) => return None,
            Step::Linear(map) => {
                matrix = Some(match matrix {
                    None => map.to_f64(|x, row| factors.iter().fold(x, |x, factor| factor.of(x, row))),
                    Some(before) => linalg::product(before.view(), map.to_f64(|x, _| x).view(), Threads::Pool),
                });
                continue;
            }
        };
        match &mut matrix {
            None => factors.push(factor),
            Some(matrix) => {
                for i in 0..matrix.rows() {
                    matrix.row_mut(i).iter_mut().enumerate().for_each(|(j, x)| *x = factor.of(*x, j));
                }
            }
        }
    }
    let diagonal = |i: usize| factors.iter().fold(1.0, |x, factor| factor.of(x, i));
    let of_factors = || Matrix::from_fn(width, width, |i, j| if i == j { diagonal(i) } else { 0.0 });
    Some(matrix.unwrap_or_else(of_factors))
}

/// These steps as `x A + b`; `None` if they are not an affine map.
pub(in crate::fitted) fn affine(steps: &[Step], width: usize) -> Option<(Matrix<f64>, Vec<f64>)> {
    if !steps.iter().all(Step::is_affine) {
        return None;
    }
    let linear = linear_part(steps, width)?;
    let mut shift = vec![0.0; linear.cols()];
    // The shift of the last step comes first; each shift goes through the steps behind it.
    for (at, step) in steps.iter().enumerate().rev() {
        let (mean, sign, behind) = match step {
            Step::Standardise(prep) => (prep.mean(), -1.0, at),
            Step::Calibrate(calibration) => (calibration.mean(), -1.0, at),
            Step::UnStandardise(prep) => (prep.mean(), 1.0, at + 1),
            _ => continue,
        };
        let tail = linear_part(&steps[behind..], mean.len())?;
        for (i, mean) in mean.iter().enumerate() {
            shift.iter_mut().zip(tail.row(i)).for_each(|(s, x)| *s += sign * mean * x);
        }
    }
    Some((linear, shift))
}
