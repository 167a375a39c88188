//! PW: orthogonal Procrustes for every pair of views.

use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace, fit_as_one_type};
use crate::fitted::PairMaps;
use crate::methods::shared::columns::{Columns, columns_doc};
use crate::methods::shared::search::switch;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix};

/// Pairwise orthogonal Procrustes (PW): one orthogonal map per pair of views.
///
/// # Formula
/// For every pair $a \lt b$ of standardised training views $A$ ($n \times d_a$) and $B$ ($n \times d_b$),
///
/// $$ A^\top B = U S V^\top , \qquad R_{ab} = U V^\top , \qquad R_{ba} = R_{ab}^\top . $$
///
/// $R_{ab}$ maximises $\operatorname{tr}(R^\top A^\top B)$. Reflections are allowed. A row is translated in three
/// steps: standardise it with the statistics of $a$, multiply it by $R_{ab}$, undo the standardisation with the
/// statistics of $b$.
///
/// With `scale` the map is $s U V^\top$ with $s = \operatorname{tr} S / \lVert A \rVert_F^2$, and the map back is
/// $t V U^\top$ with $t = \operatorname{tr} S / \lVert B \rVert_F^2$: similarity Procrustes, the least-squares solution
/// in each direction. The factor shortens the translated rows; cosines of standardised rows do not depend on it.
///
/// The objective in the report is the sum of $\operatorname{tr} S$ over the pairs, which is maximised.
///
/// # Shapes
/// Views are $N \times d_m$, standardised with the sample standard deviation (ddof 1), centred, or as they are
/// (`columns`). $R_{ab}$ is $d_a \times d_b$, a
/// partial isometry if the widths differ. There is no universe.
///
/// # Cost
/// The second moments of all views and $M(M-1)/2$ SVDs of $d_a \times d_b$.
///
/// # Source
/// arXiv 2602.06205, baseline PW; the `latentis` translator of the authors' code. `scale`: Schönemann and Carroll,
/// Psychometrika 35 (1970).
///
/// # Departures
/// The authors pad the narrower view with zeros. Only one block of that solution is ever used; the thin SVD computes
/// this block directly. If views miss items, a pair is fitted on the rows that both views have, each view standardised
/// by all of its rows, and $\lVert A \rVert_F^2$ is multiplied by the share of the rows of $a$ that $b$ has, too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairwiseParams {
    /// Give every map its least-squares scale as well as its rotation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
    /// Columns before the fit.
    #[serde(skip_serializing_if = "Columns::is_z_score")]
    pub columns: Columns,
}

/// One map for every ordered pair of views. `map(a, b)` returns the map ($d_a \times d_b$) and a number; the report's
/// objective is the sum of these numbers.
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

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "scale",
        "false",
        "true, false",
        "Give every map its least-squares scale besides the best rotation",
    ),
    columns_doc("z_score"),
];

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

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
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

    fn search(&self, _: &FitSize) -> SearchSpace {
        vec![("scale", switch())]
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
        MomentSpec::of_pairs(self.columns.standardisation())
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments)
    }

    fn fit_settings(
        &self,
        settings: &[&dyn MomentAligner],
        moments: &Moments,
        seed: u64,
    ) -> Vec<Result<Fit, AlignError>> {
        fit_as_one_type(settings, moments, seed, |settings| fit_several(settings, moments))
    }
}

fn from_moments(params: &PairwiseParams, moments: &Moments) -> Result<Fit, AlignError> {
    Ok(Rotations::of(moments)?.fit(params, moments))
}

/// Fits several settings, which all have the same rotations.
fn fit_several(settings: &[&PairwiseParams], moments: &Moments) -> Vec<Result<Fit, AlignError>> {
    let rotations = Rotations::of(moments);
    let fit = |params: &&PairwiseParams| Ok(rotations.as_ref().map_err(Clone::clone)?.fit(params, moments));
    settings.iter().map(fit).collect()
}

/// The rotation of each pair of views and the sum of its singular values.
struct Rotations {
    pairs: Vec<(usize, usize)>,
    rotations: Vec<Matrix<f64>>,
    traces: Vec<f64>,
}

impl Rotations {
    fn of(moments: &Moments) -> Result<Self, AlignError> {
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
        let (rotations, traces) = solved?.into_iter().unzip();
        Ok(Self { pairs, rotations, traces })
    }

    fn fit(&self, params: &PairwiseParams, moments: &Moments) -> Fit {
        let Self { pairs, rotations, traces } = self;
        let (maps, back): (Vec<Matrix>, _) = if params.scale {
            let solved = || pairs.iter().zip(rotations.iter().zip(traces));
            // The energy of view m in the rows that view n has, too.
            let energy =
                |m: usize, n: usize| moments.energies()[m] * moments.rows(m, n) as f64 / moments.rows(m, m) as f64;
            // A view whose columns are all constant has no best scale.
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
        Fit { fitted: Fitted::Pairwise(fitted), report }
    }
}
