//! The map of a fit, and how well it agrees with the fit.

use std::sync::Arc;

use super::super::fit::Fitted;
use super::super::steps::{Aim, Step};
use super::fold::of_steps;
use super::map::RowMap;
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// Rows by which a map is compared with its fit.
const PROBES: usize = 64;
/// The golden angle: multiples of it spread evenly over the circle.
const ANGLE: f64 = 2.399_963_229_728_653;

impl Fitted {
    /// The map of rows of `source` to the raw coordinates of `target`, as [`Fitted::translate`] maps them, or without a
    /// target to the coordinates that all views share, as [`Fitted::project`] does.
    ///
    /// # Errors
    /// Unknown view; [`AlignError::NoSuchSpace`] where `translate` or `project` has it; [`AlignError::NoRowMap`] for a
    /// form outside this crate that has no [`FittedMaps::row_map`](crate::FittedMaps::row_map).
    pub fn row_map(&self, source: &str, target: Option<&str>) -> Result<RowMap, AlignError> {
        let no_space = |method, space, offers| Err(AlignError::NoSuchSpace { method, space, offers });
        match (self, target) {
            (Self::Pairwise(maps), Some(target)) => maps.row_map(source, target),
            (Self::Universe(universe), target) => universe.row_map(source, target),
            (Self::Own(own), target) => own.row_map(source, target)?.ok_or(AlignError::NoRowMap),
            (Self::Pairwise(_), None) => no_space("pairwise", "universe", "translated"),
            (Self::Input(_), Some(_)) => no_space("na", "translated", "input"),
            (Self::Input(input), None) => {
                let width = input.width(source)?;
                let prep = self.prep(source).cloned().unwrap_or_else(|| ZScore::identity(width));
                of_steps(&[Step::Standardise(Arc::new(prep))], width, Aim::Universe)
            }
        }
    }
}

impl RowMap {
    /// The largest difference between a number of this map and the fit's own, in units of the root mean square of the
    /// fit's numbers. The rows are made up: they spread about the means of the source's training rows as far as its
    /// columns do.
    ///
    /// Composed steps round differently, so this is near 1e-6. It is large if the mean of a column is many times its
    /// standard deviation, because `x A` and `b` then cancel in single precision, and for an ill-conditioned way back.
    ///
    /// # Errors
    /// The errors of [`Fitted::translate`] and [`Fitted::project`].
    pub fn deviation(&self, fitted: &Fitted, source: &str, target: Option<&str>) -> Result<f64, AlignError> {
        let (prep, (width, _)) = (fitted.prep(source), self.widths());
        let probe = Matrix::from_fn(PROBES, width, |i, j| {
            let z = std::f64::consts::SQRT_2 * (ANGLE * (i * width + j + 1) as f64).sin();
            prep.map_or(z, |prep| prep.mean()[j] + prep.std()[j] * z) as f32
        });
        let own = match target {
            Some(target) => fitted.translate(source, target, &probe)?,
            None => fitted.project(source, &probe)?,
        };
        let mapped = self.apply(&probe)?;
        let square = own.as_slice().iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        let unit = (square / own.as_slice().len().max(1) as f64).sqrt();
        let differences = own.as_slice().iter().zip(mapped.as_slice()).map(|(a, b)| f64::from(a - b).abs());
        // Written so that NaN is not lost.
        let largest = differences.fold(0.0, |most: f64, x| if x <= most { most } else { x });
        Ok(if unit > 0.0 { largest / unit } else { largest })
    }
}
