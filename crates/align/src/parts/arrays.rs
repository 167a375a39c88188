//! Arrays of stored fits: taken out with checks, and put in.

use std::collections::BTreeMap;

use super::{Array, Scaling, Values};
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// Arrays by name. Those that are left after a fit was restored belong to something else.
pub(super) struct Arrays(pub(super) BTreeMap<String, Array>);

impl Arrays {
    pub(super) fn remove(&mut self, part: &str) -> Result<Array, AlignError> {
        self.0.remove(part).ok_or_else(|| AlignError::MissingPart { part: part.to_string() })
    }

    /// The numbers of an `f32` array of this shape, all of them finite.
    pub(super) fn single(&mut self, part: &str, shape: &[usize]) -> Result<Vec<f32>, AlignError> {
        match self.remove(part)? {
            Array { shape: got, values: Values::Single(values) } if fits(&got, shape, values.len()) => {
                finite(part, values)
            }
            other => Err(other_shape(part, &other, "f32", shape)),
        }
    }

    /// Like [`Arrays::single`], `f64`.
    pub(super) fn double(&mut self, part: &str, shape: &[usize]) -> Result<Vec<f64>, AlignError> {
        let values = self.any_double(part, shape)?;
        finite(part, values)
    }

    /// Like [`Arrays::double`], of values that need not be finite: the divisor of a column that is left out is not.
    pub(super) fn any_double(&mut self, part: &str, shape: &[usize]) -> Result<Vec<f64>, AlignError> {
        match self.remove(part)? {
            Array { shape: got, values: Values::Double(values) } if fits(&got, shape, values.len()) => Ok(values),
            other => Err(other_shape(part, &other, "f64", shape)),
        }
    }

    pub(super) fn matrix(&mut self, part: &str, rows: usize, cols: usize) -> Result<Matrix, AlignError> {
        Matrix::new(rows, cols, self.single(part, &[rows, cols])?)
    }

    /// A standardisation whose divisors and factors follow from its standard deviations.
    pub(super) fn scaling(&mut self, start: &str, width: usize, scaling: Scaling) -> Result<ZScore, AlignError> {
        let Scaling { epsilon, constant_columns } = scaling;
        let (mean, std) = (self.double(&format!("{start}mean"), &[width])?, format!("{start}std"));
        let deviations = self.double(&std, &[width])?;
        if let Some(at) = deviations.iter().position(|&s| s < 0.0) {
            return Err(AlignError::PartValue { part: std, at, value: deviations[at], want: "0 or above" });
        }
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return Err(AlignError::PartValue { part: std, at: 0, value: epsilon, want: "an epsilon of 0 or above" });
        }
        let prep = ZScore::of_deviations(mean, deviations, epsilon, constant_columns);
        if let Some(at) = prep.divisors().iter().position(|&s| s <= 0.0) {
            return Err(AlignError::PartValue { part: std, at, value: 0.0, want: "a divisor above 0" });
        }
        for (what, derived) in [("divisor", prep.divisors()), ("scale", prep.scales())] {
            let part = format!("{start}{what}");
            let stored = self.any_double(&part, &[width])?;
            if let Some(at) = (0..width).find(|&j| stored[j].to_bits() != derived[j].to_bits()) {
                let want = "what the standard deviation and the outline's rule make";
                return Err(AlignError::PartValue { part, at, value: stored[at], want });
            }
        }
        Ok(prep)
    }
}

/// Puts in the arrays of a standardisation, and returns the rest of it.
pub(super) fn put_scaling(arrays: &mut BTreeMap<String, Array>, start: &str, prep: &ZScore) -> Scaling {
    let (divisors, scales) = (prep.divisors(), prep.scales());
    for (what, values) in [("mean", prep.mean()), ("std", prep.std()), ("divisor", &divisors), ("scale", &scales)] {
        arrays.insert(format!("{start}{what}"), Array::vector_f64(values));
    }
    Scaling { epsilon: prep.epsilon(), constant_columns: prep.rule() }
}

fn fits(got: &[usize], want: &[usize], count: usize) -> bool {
    got == want && want.iter().try_fold(1usize, |product, &n| product.checked_mul(n)) == Some(count)
}

pub(super) fn other_shape(part: &str, array: &Array, precision: &str, shape: &[usize]) -> AlignError {
    AlignError::PartShape { part: part.to_string(), got: array.describe(), want: format!("{precision} {shape:?}") }
}

pub(super) fn finite<T: Copy + Into<f64>>(part: &str, values: Vec<T>) -> Result<Vec<T>, AlignError> {
    match values.iter().position(|&x| !x.into().is_finite()) {
        None => Ok(values),
        Some(at) => {
            let value = values[at].into();
            Err(AlignError::PartValue { part: part.to_string(), at, value, want: "finite values" })
        }
    }
}
