//! Fits with one map for every pair of views.

use std::cmp::Ordering;
use std::sync::Arc;

use super::row_map::{RowMap, of_steps};
use super::steps::{Aim, LinearMap, Step};
use crate::calibration::Calibration;
use crate::linalg::MatrixView;
use crate::numerics::linalg::{self, Threads};
use crate::prep::ZScore;
use crate::views::position;
use crate::{AlignError, Matrix};

/// One map per unordered pair of views. The reverse direction is its transpose, unless it has a map of its own.
#[derive(Clone, Debug)]
pub struct PairMaps {
    names: Vec<String>,
    preps: Vec<ZScore>,
    /// Map a → b (d_a × d_b) for a < b, at `pair_index(a, b)`.
    maps: Vec<Matrix>,
    /// Map b → a (d_b × d_a) in the same order, if it is not the transpose.
    back: Option<Vec<Matrix>>,
    /// Calibrations of the targets, in the order of the views; empty if the fit is not calibrated.
    calibrations: Vec<Option<Calibration>>,
}

impl PairMaps {
    /// The map from `source` to `target` between standardised coordinates, d_s × d_t, with the target's gain if the fit
    /// is calibrated; `None` (the identity) if both are the same view.
    ///
    /// # Errors
    /// Unknown view.
    pub fn map(&self, source: &str, target: &str) -> Result<Option<Matrix>, AlignError> {
        let (s, t) = (self.position(source)?, self.position(target)?);
        let map = self.way(s, t).map(|way| match way {
            Way::As(map) => map.clone(),
            Way::Transposed(map) => map.transposed(),
        });
        Ok(match self.calibration(t) {
            None => map,
            Some(calibration) => map.map(|map| map.map(|&x| (f64::from(x) * calibration.gain()) as f32)),
        })
    }

    /// `maps` a → b for a < b in the order of [`PairMaps::stored`]; `back` holds the other maps if they are not
    /// transposes.
    pub(crate) fn of(names: Vec<String>, preps: Vec<ZScore>, maps: Vec<Matrix>, back: Option<Vec<Matrix>>) -> Self {
        Self { names, preps, maps, back, calibrations: Vec::new() }
    }

    /// Replaces the calibrations by these; an empty list removes them.
    pub(crate) fn with_calibrations(self, calibrations: Vec<Option<Calibration>>) -> Self {
        Self { calibrations, ..self }
    }

    /// The calibration of rows that are translated to the view at this position.
    pub(crate) fn calibration(&self, target: usize) -> Option<&Calibration> {
        self.calibrations.get(target).and_then(Option::as_ref)
    }

    /// The step between standardised coordinates, as a matrix and a shift; `None` if both are the same view.
    pub(crate) fn last_step(&self, s: usize, t: usize) -> Option<(Matrix<f64>, Vec<f64>)> {
        let gain = self.calibration(t).map_or(1.0, Calibration::gain);
        let linear = match self.way(s, t)? {
            Way::As(map) => map.map(|&x| f64::from(x) * gain),
            Way::Transposed(map) => map.transposed().map(|&x| f64::from(x) * gain),
        };
        let shift = match self.calibration(t) {
            None => vec![0.0; linear.cols()],
            Some(calibration) => calibration.mean().iter().map(|mean| -mean * gain).collect(),
        };
        Some((linear, shift))
    }

    /// Names of the views, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Bytes of the numbers that they hold.
    pub(super) fn bytes(&self) -> usize {
        let maps = self.maps.iter().chain(self.back.iter().flatten());
        self.preps.iter().map(ZScore::bytes).sum::<usize>() + maps.map(|map| size_of_val(map.as_slice())).sum::<usize>()
    }

    /// The standardisations, in the order of the views.
    pub fn preps(&self) -> &[ZScore] {
        &self.preps
    }

    /// Whether a pair has a map of its own for each direction.
    pub fn both_ways(&self) -> bool {
        self.back.is_some()
    }

    /// The stored maps, each with the positions of its source and target.
    pub(crate) fn stored(&self) -> impl Iterator<Item = ((usize, usize), &Matrix)> {
        let pairs = || (1..self.names.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let back = self.back.iter().flatten().zip(pairs()).map(|(map, (a, b))| ((b, a), map));
        pairs().zip(&self.maps).chain(back)
    }

    fn way(&self, s: usize, t: usize) -> Option<Way<'_>> {
        match (s.cmp(&t), &self.back) {
            (Ordering::Equal, _) => None,
            (Ordering::Less, _) => Some(Way::As(&self.maps[pair_index(s, t)])),
            (Ordering::Greater, Some(back)) => Some(Way::As(&back[pair_index(t, s)])),
            (Ordering::Greater, None) => Some(Way::Transposed(&self.maps[pair_index(t, s)])),
        }
    }

    /// Translates rows: standardise by the source's statistics, rotate, calibrate if the fit is calibrated,
    /// un-standardise by the target's statistics.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn translate<'x>(
        &self,
        source: &str,
        target: &str,
        x: impl Into<MatrixView<'x>>,
    ) -> Result<Matrix, AlignError> {
        self.position(target)?;
        let (prep, z) = self.arrive(source, target, &self.onward(source, x)?)?;
        Ok(prep.restored(&z))
    }

    /// The standardised rows of a view, from which its translations continue.
    pub(crate) fn onward<'x>(&self, source: &str, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        let prep = &self.preps[self.position(source)?];
        x.check_width("translate", source, prep.width())?;
        Ok(prep.standardised(x))
    }

    /// Standardised rows of one view in the standardised coordinates of another, with the standardisation of the
    /// latter.
    pub(crate) fn arrive(&self, source: &str, target: &str, z: &Matrix) -> Result<(&ZScore, Matrix), AlignError> {
        let (s, t) = (self.position(source)?, self.position(target)?);
        let mut arrived = match self.way(s, t) {
            None => return Ok((&self.preps[t], z.clone())),
            Some(Way::As(map)) => linalg::product(z.view(), map.view(), Threads::Pool),
            Some(Way::Transposed(map)) => linalg::product(z.view(), map.view().transpose(), Threads::Pool),
        };
        if let Some(calibration) = self.calibration(t) {
            calibration.apply(&mut arrived);
        }
        Ok((&self.preps[t], arrived))
    }

    /// The width of a view.
    pub(super) fn width(&self, name: &str) -> Result<usize, AlignError> {
        Ok(self.preps[self.position(name)?].width())
    }

    /// The map that [`PairMaps::translate`] applies to rows.
    ///
    /// # Errors
    /// Unknown view.
    pub(super) fn row_map(&self, source: &str, target: &str) -> Result<RowMap, AlignError> {
        let (s, t) = (self.position(source)?, self.position(target)?);
        let between = self.way(s, t).map(|way| match way {
            Way::As(map) => LinearMap::new(map.clone()),
            Way::Transposed(map) => LinearMap::new(map.clone()).transposed(),
        });
        let mut steps = vec![Step::Standardise(Arc::new(self.preps[s].clone()))];
        if let Some(map) = between {
            steps.push(Step::Linear(map));
            steps.extend(self.calibration(t).cloned().map(Step::Calibrate));
        }
        steps.push(Step::UnStandardise(Arc::new(self.preps[t].clone())));
        of_steps(&steps, self.preps[s].width(), Aim::Onward)
    }

    fn position(&self, name: &str) -> Result<usize, AlignError> {
        position(self.names.iter().map(String::as_str), name)
    }
}

/// Direction in which a stored map is used.
enum Way<'a> {
    As(&'a Matrix),
    Transposed(&'a Matrix),
}

/// Index of the pair a < b in the list (0,1), (0,2), (1,2), (0,3), …
fn pair_index(a: usize, b: usize) -> usize {
    b * (b - 1) / 2 + a
}
