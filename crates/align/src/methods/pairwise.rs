//! PW: orthogonal Procrustes for every pair of views.

use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec};
use crate::fitted::PairMaps;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::Standardisation;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix};

/// Parameters of `pairwise`.
///
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairwiseParams {
    /// Whether maps have the best scale, besides the best rotation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
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

impl Aligner for PairwiseParams {
    fn name(&self) -> &'static str {
        "pairwise"
    }

    fn title(&self) -> &'static str {
        "PW"
    }

    fn summary(&self) -> &'static str {
        "orthogonal Procrustes, one map per pair of views"
    }

    fn version(&self) -> u32 {
        2
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 0.5 * (size.views as f64).powi(2)
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for PairwiseParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Sample)
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments)
    }
}

fn from_moments(params: &PairwiseParams, moments: &Moments) -> Result<Fit, AlignError> {
    moments.check_every_pair("pairwise")?;
    let pairs: Vec<(usize, usize)> = (1..moments.views()).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let solved: Result<Vec<(Matrix<f64>, f64)>, AlignError> = pairs
        .par_iter()
        .map(|&(a, b)| {
            let names = moments.names();
            let svd = linalg::thin_svd(moments.block(a, b), &|| format!("pair `{}` and `{}`", names[a], names[b]))?;
            Ok((linalg::product(svd.u.view(), svd.v.transpose(), Threads::One), svd.s.iter().sum()))
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
