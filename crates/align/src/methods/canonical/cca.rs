//! Pairwise linear maps that are not rotations: least squares, ridge, canonical correlation, whiten-rotate-dewhiten.

use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace, fit_as_one_type};
use crate::methods::canonical::spectrum::{self, Keep, Spectrum, whitened_block};
use crate::methods::pairwise::fit_ordered;
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::groups::in_groups;
use crate::methods::shared::search::{RIDGES, numbers, ranks};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Svd, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::Standardisation;
use crate::{AlignError, Fit, Matrix};

/// Pairwise CCA: regression, reduced-rank regression or whiten-rotate-dewhiten for every ordered pair of views.
///
/// # Formula
/// With the SVD $Z_m = U_m S_m V_m^\top$ of a standardised view, the whitener $W_m = V_m (S_m^2 + \kappa n I)^{-1/2}$
/// and the canonical directions and correlations
///
/// $$ W_a^\top Z_a^\top Z_b W_b = U \operatorname{diag}(\rho) V^\top , $$
///
/// the map from view $a$ to view $b$ is
///
/// $$ W_a U \operatorname{diag}(\rho^p) V^\top W_b^{+} , $$
///
/// cut to the first `rank` canonical directions.
///
/// - $p = 1$ at full rank is the least-squares map $(Z_a^\top Z_a + \kappa n I)^{-1} Z_a^\top Z_b$, ridge regression if
///   $\kappa \gt 0$: the target's own ridge cancels. Below full rank it is reduced-rank regression.
/// - $p = 0$ whitens, rotates and undoes the whitening with the target's statistics: the multi-step form of bilingual
///   word embeddings.
///
/// The objective in the report is the sum of the canonical correlations used, over the ordered pairs.
///
/// # Shapes
/// Views are $N \times d_m$, standardised with the sample standard deviation. A map is $d_a \times d_b$. There is no
/// universe.
///
/// # Cost
/// The second moments of all views, $M$ eigendecompositions of $d_m \times d_m$ and an SVD of $d_a \times d_b$ per
/// ordered pair.
///
/// # Source
/// Canonical correlation: Hotelling, Biometrika 28 (1936). Whiten-rotate-dewhiten: Artetxe, Labaka and Agirre, AAAI
/// 2018.
///
/// # Departures
/// Directions of a view that only the rounding of `f32` explains are dropped. If views miss items, a pair is fitted on
/// the rows that both views have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CcaParams {
    /// Number of canonical directions used, the most correlated first; at most the narrowest view's width. Default:
    /// all.
    pub rank: Option<usize>,
    /// Ridge κ: directions along which a view's standardised items have a standard deviation below √κ get less weight.
    pub ridge: f64,
    /// Power of the canonical correlations that weights the directions: 1 is regression, 0 is a rotation between
    /// whitened views.
    pub power: f64,
}

impl Default for CcaParams {
    fn default() -> Self {
        Self { rank: None, ridge: 0.0, power: 1.0 }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "rank",
        "null",
        "integer >= 1, or null",
        "Number of canonical directions, the most correlated first; null uses all",
    ),
    ParameterDoc::new(
        "ridge",
        "0.0",
        "number >= 0",
        "Ridge: directions of standard deviation below its square root count for less",
    ),
    ParameterDoc::new(
        "power",
        "1.0",
        "number from 0 to 4",
        "Power of the canonical correlations as weights: 1 is regression, 0 a rotation of whitened views",
    ),
];

impl Aligner for CcaParams {
    fn name(&self) -> &'static str {
        "cca"
    }

    fn title(&self) -> &'static str {
        "CCA"
    }

    fn summary(&self) -> &'static str {
        "regression, reduced rank or whiten-rotate-dewhiten, one map per ordered pair of views"
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
        4.0 + (size.views as f64).powi(2)
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        vec![("rank", ranks(size)), ("ridge", numbers(&RIDGES)), ("power", numbers(&[0.0, 0.5, 1.0]))]
    }

    fn validate(&self) -> Result<(), AlignError> {
        let (rank, ridge, power) = (self.rank.unwrap_or(1), self.ridge, self.power);
        ensure(rank >= 1, "cca", "rank", rank, "at least 1")?;
        ensure(ridge >= 0.0 && ridge.is_finite(), "cca", "ridge", ridge, "a finite number, 0 or above")?;
        ensure((0.0..=4.0).contains(&power), "cca", "power", power, "a number from 0 to 4")
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for CcaParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Sample)
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

fn from_moments(params: &CcaParams, moments: &Moments) -> Result<Fit, AlignError> {
    check(params, moments)?;
    let spectra = Spectrum::of_all(moments, Keep::AboveRounding)?;
    let ridged = Ridged::new(moments, &spectra, params.ridge);
    ridged.fit(params, |a, b| Ok(ridged.map(params, &ridged.directions(a, b)?, a, b)))
}

/// Fits several settings. The eigendecompositions of the views are the same for all, and the canonical directions of the
/// pairs for all settings of one ridge.
fn fit_several(settings: &[&CcaParams], moments: &Moments) -> Vec<Result<Fit, AlignError>> {
    let spectra = match Spectrum::of_all(moments, Keep::AboveRounding) {
        Ok(spectra) => spectra,
        Err(error) => return settings.iter().map(|_| Err(error.clone())).collect(),
    };
    let views = moments.views();
    let others = |a: usize| (0..views).filter(move |&b| a != b);
    let pairs: Vec<(usize, usize)> = (0..views).flat_map(|a| others(a).map(move |b| (a, b))).collect();
    let nth = |a: usize, b: usize| a * (views - 1) + if b < a { b } else { b - 1 };
    in_groups(
        settings,
        |params| params.ridge,
        |ridge, settings| {
            let ridged = Ridged::new(moments, &spectra, ridge);
            let directions = || pairs.par_iter().map(|&(a, b)| ridged.directions(a, b)).collect();
            let directions: Result<Vec<Svd>, AlignError> = moments.check_every_pair("cca").and_then(|()| directions());
            let fit = |params: &&CcaParams| {
                check(params, moments)?;
                let directions = directions.as_ref().map_err(Clone::clone)?;
                ridged.fit(params, |a, b| Ok(ridged.map(params, &directions[nth(a, b)], a, b)))
            };
            settings.iter().map(fit).collect()
        },
    )
}

/// # Errors
/// Views without common rows; a rank above the width of the narrowest view.
fn check(params: &CcaParams, moments: &Moments) -> Result<(), AlignError> {
    moments.check_every_pair("cca")?;
    let narrowest = (0..moments.views()).map(|m| moments.width(m)).min().unwrap_or(0);
    at_most("cca", "rank", params.rank, narrowest, || "the width of the narrowest view".into())
}

/// The whitened views under one ridge.
struct Ridged<'a> {
    moments: &'a Moments,
    spectra: &'a [Spectrum],
    whiteners: Vec<Matrix<f64>>,
    unwhiteners: Vec<Matrix<f64>>,
}

impl<'a> Ridged<'a> {
    fn new(moments: &'a Moments, spectra: &'a [Spectrum], ridge: f64) -> Self {
        let whiteners = spectra.iter().map(|spectrum| spectrum.whitener(ridge)).collect();
        let unwhiteners = spectra.iter().map(|spectrum| spectrum.unwhitener(ridge)).collect();
        Self { moments, spectra, whiteners, unwhiteners }
    }

    /// The canonical directions and correlations of two views.
    fn directions(&self, a: usize, b: usize) -> Result<Svd, AlignError> {
        let coupling = whitened_block(self.moments, &self.whiteners, a, b);
        let names = self.moments.names();
        linalg::thin_svd(coupling.view(), &|| format!("pair `{}` and `{}`", names[a], names[b]))
    }

    /// The map from view a to view b, and the sum of the canonical correlations that it uses.
    fn map(&self, params: &CcaParams, svd: &Svd, a: usize, b: usize) -> (Matrix<f64>, f64) {
        let rank = params.rank.unwrap_or(usize::MAX).min(svd.s.len());
        let weighted = Matrix::from_fn(svd.u.rows(), rank, |i, k| svd.u[(i, k)] * svd.s[k].max(0.0).powf(params.power));
        let turn = linalg::product(weighted.view(), svd.v.view().subcols(0, rank).transpose(), Threads::One);
        let way_in = linalg::product(self.whiteners[a].view(), turn.view(), Threads::One);
        let map = linalg::product(way_in.view(), self.unwhiteners[b].view().transpose(), Threads::One);
        (map, svd.s[..rank].iter().sum())
    }

    /// The fit with these maps.
    fn fit(
        &self,
        params: &CcaParams,
        map: impl Fn(usize, usize) -> Result<(Matrix<f64>, f64), AlignError> + Sync,
    ) -> Result<Fit, AlignError> {
        let Self { moments, spectra, .. } = self;
        let mut fit = fit_ordered(moments, map)?;
        let asked = |m: usize| params.rank.unwrap_or(moments.width(m));
        fit.report.kept = spectra.iter().map(Spectrum::rank).collect();
        fit.report.warnings =
            spectrum::warnings(moments, &Spectrum::ranks(spectra), asked, (params.ridge == 0.0).then_some("ridge"));
        Ok(fit)
    }
}
