//! PW: orthogonal Procrustes for every pair of views.

use std::cmp::Ordering;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::linalg::{self, Threads};
use crate::methods::check::at_least_two_views;
use crate::moments::{Incomplete, Moments};
use crate::prep::{Standardisation, ZScore};
use crate::spaces::position;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Spaces};

/// Parameters of `pairwise`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairwiseParams {
    /// Whether maps have the best scale, besides the best rotation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
}

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

    /// Bytes of the maps.
    pub(crate) fn bytes(&self) -> usize {
        self.maps.iter().chain(self.back.iter().flatten()).map(|map| size_of_val(map.as_slice())).sum()
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

/// A map for every ordered pair of views of these moments, from `map(a, b)` (d_a × d_b). Reports what `map` returns
/// beside it, summed.
pub(crate) fn fit_ordered(
    moments: &Moments,
    map: impl Fn(usize, usize) -> Result<(Matrix<f64>, f64), AlignError> + Sync,
) -> Result<Fit, AlignError> {
    let pairs: Vec<(usize, usize)> = (1..moments.views()).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    type Both = ((Matrix<f64>, f64), (Matrix<f64>, f64));
    let solved: Result<Vec<Both>, AlignError> = pairs.par_iter().map(|&(a, b)| Ok((map(a, b)?, map(b, a)?))).collect();
    let narrow = |map: Matrix<f64>| map.map(|&x| x as f32);
    let (mut maps, mut back, mut objective) = (Vec::new(), Vec::new(), 0.0);
    for ((forth, gain), (home, loss)) in solved? {
        maps.push(narrow(forth));
        back.push(narrow(home));
        objective += gain + loss;
    }
    let parameters = maps.iter().chain(&back).map(|map| map.rows() * map.cols()).sum();
    let report = FitReport::closed_form(maps.len() + back.len(), parameters, Some(objective));
    let (names, preps) = (moments.names().to_vec(), moments.preps().to_vec());
    Ok(Fit { fitted: Fitted::Pairwise(PairMaps::of(names, preps, maps, Some(back))), report })
}

/// Place of the pair a < b in the list (0,1), (0,2), (1,2), (0,3), …
fn pair_index(a: usize, b: usize) -> usize {
    b * (b - 1) / 2 + a
}

/// For every pair a < b the partial isometry `U Vᵀ` of `A~ᵀ B~ = U S Vᵀ` (d_a × d_b), where ~ is
/// standardised with the sample standard deviation (ddof 1).
///
/// With `scale` the map is `s U Vᵀ`, `s = tr(S)/|A~|²`, and the one back `s' V Uᵀ`, `s' = tr(S)/|B~|²`: similarity
/// Procrustes, least squares each way (Schönemann and Carroll, Psychometrika 35, 1970). Translated rows are shorter by it;
/// what is standardised and compared by cosines afterwards does not notice. Where views miss items |A~|² is the share of A's
/// rows that B has.
///
/// Determinants are not forced, reflections are allowed; without `scale` none beyond the standardisation. Between
/// unequal widths the block of the padded solution that is ever used is the thin one computed here. A pair is
/// fitted on the rows that both views have, each standardised by all the rows it has. The
/// objective reported is `Σ_{a<b} tr(Rᵀ A~ᵀ B~)`, the sum of all singular values, which is maximised.
/// Cost M(M−1)/2 SVDs and the moments.
///
/// Source: arXiv 2602.06205 (baseline PW); `latentis` translator of the authors' implementation.
pub(crate) fn fit(params: &PairwiseParams, train: &Spaces) -> Result<Fit, AlignError> {
    at_least_two_views("pairwise", train)?;
    from_moments(params, &Moments::fit(train, Incomplete::PairwiseComplete, Standardisation::Sample)?)
}

/// PW from moments alone, [`Incomplete::PairwiseComplete`] ones where views miss items.
pub(crate) fn from_moments(params: &PairwiseParams, moments: &Moments) -> Result<Fit, AlignError> {
    moments.check_every_pair("pairwise")?;
    let pairs: Vec<(usize, usize)> = (1..moments.views()).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let solved: Result<Vec<(Matrix<f64>, f64)>, AlignError> = pairs
        .par_iter()
        .map(|&(a, b)| {
            let names = moments.names();
            let svd = linalg::thin_svd(moments.block(a, b), &|| format!("pair `{}` and `{}`", names[a], names[b]))?;
            Ok((linalg::product(svd.u.as_ref(), svd.v.transpose(), Threads::One), svd.s.iter().sum()))
        })
        .collect();
    let (rotations, traces): (Vec<Matrix<f64>>, Vec<f64>) = solved?.into_iter().unzip();
    let (maps, back): (Vec<Matrix>, _) = if params.scale {
        let solved = || pairs.iter().zip(rotations.iter().zip(&traces));
        // The part of a view's energy in the rows that it shares with another.
        let energy = |m: usize, n: usize| moments.energies()[m] * moments.rows(m, n) as f64 / moments.rows(m, m) as f64;
        // A view of which nothing varies has no best scale.
        let scale = |trace: f64, energy: f64| if energy > 0.0 { trace / energy } else { 0.0 };
        let forth = solved().map(|(&(a, b), (map, &trace))| {
            let scale = scale(trace, energy(a, b));
            map.map(|&x| (x * scale) as f32)
        });
        let home = solved().map(|(&(a, b), (map, &trace))| {
            let scale = scale(trace, energy(b, a));
            Matrix::from_fn(map.cols(), map.rows(), |i, j| (scale * map.at(j, i)) as f32)
        });
        (forth.collect(), Some(home.collect()))
    } else {
        (rotations.iter().map(|map| map.map(|&x| x as f32)).collect(), None)
    };
    let parameters: usize = rotations.iter().map(|map| map.rows() * map.cols()).sum();
    let parameters = parameters + if params.scale { 2 * rotations.len() } else { 0 };
    let report = FitReport::closed_form(maps.len(), parameters, Some(traces.iter().sum()));
    let fitted = PairMaps::of(moments.names().to_vec(), moments.preps().to_vec(), maps, back);
    Ok(Fit { fitted: Fitted::Pairwise(fitted), report })
}
