//! A map for every pair of views.

use std::cmp::Ordering;

use crate::calibration::Calibration;
use crate::numerics::linalg::{self, Threads};
use crate::prep::ZScore;
use crate::views::position;
use crate::{AlignError, Matrix};

/// One map per unordered pair of views; the reverse direction is its transpose, unless it has a map of its own.
#[derive(Clone, Debug)]
pub struct PairMaps {
    names: Vec<String>,
    preps: Vec<ZScore>,
    /// Map a → b (d_a × d_b) for a < b, at `pair_index(a, b)`.
    maps: Vec<Matrix>,
    /// Map b → a (d_b × d_a), likewise, where it is not the transpose.
    back: Option<Vec<Matrix>>,
    /// By target, in the order of the views; empty where the fit is not calibrated.
    calibrations: Vec<Option<Calibration>>,
}

impl PairMaps {
    /// The map from `source` to `target` between standardised coordinates, d_s × d_t, the target's gain included where
    /// the fit is calibrated; `None` for a view and itself, where it is the identity.
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

    /// `maps` a → b for a < b in the order of [`PairMaps::stored`], `back` the others where they are no transposes.
    pub(crate) fn of(names: Vec<String>, preps: Vec<ZScore>, maps: Vec<Matrix>, back: Option<Vec<Matrix>>) -> Self {
        Self { names, preps, maps, back, calibrations: Vec::new() }
    }

    /// With these by target, in place of those that it has; none where the list is empty.
    pub(crate) fn with_calibrations(self, calibrations: Vec<Option<Calibration>>) -> Self {
        Self { calibrations, ..self }
    }

    /// What rows translated to the view at this position still get.
    pub(crate) fn calibration(&self, target: usize) -> Option<&Calibration> {
        self.calibrations.get(target).and_then(Option::as_ref)
    }

    /// The step between standardised coordinates, as a matrix and a shift; `None` for a view and itself.
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

    /// Their standardisations.
    pub fn preps(&self) -> &[ZScore] {
        &self.preps
    }

    /// Whether a pair has a map of its own for either direction.
    pub fn both_ways(&self) -> bool {
        self.back.is_some()
    }

    /// The maps that are held, each with the positions of its source and target.
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

    /// Standardise by the source's statistics, rotate, calibrate where the fit is, un-standardise by the target's.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn translate(&self, source: &str, target: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        self.position(target)?;
        let (prep, z) = self.arrive(source, target, &self.onward(source, x)?)?;
        Ok(prep.restored(&z))
    }

    /// What translation from a view goes on from: its standardised rows.
    pub(crate) fn onward(&self, source: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        let prep = &self.preps[self.position(source)?];
        x.check_width("translate", source, prep.width())?;
        Ok(prep.standardised(x))
    }

    /// Standardised rows of one view in the standardised coordinates of another, and what these are standardised by.
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

    fn position(&self, name: &str) -> Result<usize, AlignError> {
        position(self.names.iter().map(String::as_str), name)
    }
}

/// How a stored map leads from one view to another.
enum Way<'a> {
    As(&'a Matrix),
    Transposed(&'a Matrix),
}

/// Place of the pair a < b in the list (0,1), (0,2), (1,2), (0,3), …
fn pair_index(a: usize, b: usize) -> usize {
    b * (b - 1) / 2 + a
}
