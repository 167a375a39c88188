//! Pairwise linear maps that are not rotations: least squares, ridge, canonical correlation, whiten-rotate-dewhiten.

use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec};
use crate::methods::canonical::spectrum::{self, Keep, Spectrum, whitened_block};
use crate::methods::pairwise::fit_ordered;
use crate::methods::shared::check::{at_most, ensure};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
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
}

fn from_moments(params: &CcaParams, moments: &Moments) -> Result<Fit, AlignError> {
    moments.check_every_pair("cca")?;
    let narrowest = (0..moments.views()).map(|m| moments.width(m)).min().unwrap_or(0);
    at_most("cca", "rank", params.rank, narrowest, || "the width of the narrowest view".into())?;
    let spectra: Result<Vec<Spectrum>, AlignError> =
        (0..moments.views()).map(|m| Spectrum::of(moments, m, Keep::AboveRounding)).collect();
    let spectra = spectra?;
    let whiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.whitener(params.ridge)).collect();
    let unwhiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.unwhitener(params.ridge)).collect();
    let mut fit = fit_ordered(moments, |a, b| {
        let coupling = whitened_block(moments, &whiteners, a, b);
        let names = moments.names();
        let svd = linalg::thin_svd(coupling.view(), &|| format!("pair `{}` and `{}`", names[a], names[b]))?;
        let rank = params.rank.unwrap_or(usize::MAX).min(svd.s.len());
        let weighted = Matrix::from_fn(svd.u.rows(), rank, |i, k| svd.u[(i, k)] * svd.s[k].max(0.0).powf(params.power));
        let turn = linalg::product(weighted.view(), svd.v.view().subcols(0, rank).transpose(), Threads::One);
        let way_in = linalg::product(whiteners[a].view(), turn.view(), Threads::One);
        let map = linalg::product(way_in.view(), unwhiteners[b].view().transpose(), Threads::One);
        Ok((map, svd.s[..rank].iter().sum()))
    })?;
    let asked = |m: usize| params.rank.unwrap_or(moments.width(m));
    fit.report.kept = spectra.iter().map(Spectrum::rank).collect();
    fit.report.warnings = spectrum::warnings(moments, &spectra, asked, (params.ridge == 0.0).then_some("ridge"));
    Ok(fit)
}
