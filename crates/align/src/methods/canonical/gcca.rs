//! GCCA: generalised canonical correlation analysis (MAXVAR), as released and as in the textbook.

use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec};
use crate::fitted::ViewMap;
use crate::methods::canonical::spectrum::{self, Keep, Spectrum, whitened_block};
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::decoder::Decoder;
use crate::moments::Moments;
use crate::numerics::krylov;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::{ConstantColumns, Standardisation};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Universe};

/// Parameters of `gcca`: MAXVAR generalised canonical correlation analysis.
///
/// With `Z_m = U_m S_m V_mᵀ` the standardised views (n × d_m) and `W_m = V_m (S_m² + κ n I)^(−1/2)`, the columns of Φ are the R
/// leading eigenvectors of `Aᵀ A = Φ Λ Φᵀ`, `A = [Z_1 W_1 … Z_M W_M]`, and Φ_m its rows of view m. The map of a view (d_m × R)
/// depends on `whiten` and `coordinates`:
///
/// | `coordinates` | `whiten: inverse_singular` | `whiten: none` |
/// | --- | --- | --- |
/// | [`Weights`](Coordinates::Weights), the default | `W_m Φ_m` | `V_m Φ_m`, the released form |
/// | [`Carroll`](Coordinates::Carroll), the textbook's | `W_m Φ_m Λ^(1/2)` | `V_m Φ_m Λ^(1/2)` |
/// | [`UnitVariance`](Coordinates::UnitVariance), as mvlearn has it | `W_m Φ_m D_m⁻¹` | `V_m Φ_m D_m⁻¹` |
///
/// All span the same directions; cosines between universe vectors, clustering and the way back feel the scale of each
/// coordinate. `W_m Φ_m` and Carroll's make universe vectors of whitened views short: the squares of a coordinate sum to at
/// most 1 and λ_j over all rows of all views, so that a vector's length falls as n^(−1/2). With unit variance it does not.
///
/// Top R eigenvectors Φ of `Aᵀ A`, A = [U_1 … U_M] the left singular bases of the standardised views
/// `Z_m = U_m S_m V_mᵀ`; maps `Q_m = V_m Φ_m` (d_m × R) as released, `V_m S_m⁻¹ Φ_m` with [`Whiten::InverseSingular`].
///
/// Equivalently the R smallest eigenvalues of `M I − Aᵀ A`, each in [0, M]; small means shared by all
/// views. The objective reported is their sum. Universe: width R, by default the narrowest view's width,
/// whereas GPA's is the widest's; of [`Coordinates`] the default. With a ridge κ, `U_m S_m (S_m² + κ n)^(−1/2)` stands for U_m and
/// `(S_m² + κ n)^(−1/2)` for S_m⁻¹: the regularised MAXVAR problem `max tr(Gᵀ Σ_m Z_m (Z_mᵀ Z_m + κ n I)⁻¹ Z_mᵀ G)`.
///
/// The released form has no S_m⁻¹ in `Q_m`, so a direction counts by its singular value, and
/// going back is by `Q_mᵀ`, not a pseudo-inverse: only directions are meaningful. Departs: from the moments
/// in `f64`; directions that `f64` sums cannot tell from nothing are dropped, whereas the authors keep whatever the SVD gives,
/// and with [`Whiten::InverseSingular`] those that the rounding of `f32` explains; signs are fixed by each
/// eigenvector's largest entry. Where views miss items, the block of views i and j is summed over the n_ij
/// items that both have and multiplied by √(n_i n_j)/n_ij. Cost: M eigendecompositions of d_m, one of Σ d_m.
///
/// Source: arXiv 2602.06205, the RACING variant of the authors' implementation; Kettenring, Biometrika 58 (1971).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GccaParams {
    /// Universe width R, at most the narrowest view's width, which is the default. Data with fewer independent directions
    /// give a narrower universe and a warning.
    pub rank: Option<usize>,
    /// Whether a direction counts by how far a view's items spread along it.
    pub whiten: Whiten,
    /// Scale of the universe's coordinates.
    #[serde(skip_serializing_if = "Coordinates::is_weights")]
    pub coordinates: Coordinates,
    /// κ: directions along which a view's standardised items spread by less than √κ count for less.
    pub ridge: f64,
    /// The way back, from the maps in the coordinates chosen.
    pub decoder: Decoder,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// What stands between a view and its part of the shared eigenvectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Whiten {
    /// Nothing: `z V Φ = U S Φ`, a direction counts by its singular value. The released form.
    #[default]
    None,
    /// The inverse singular values: `z V S⁻¹ Φ = U Φ`. The textbook's form, which pays off below full rank.
    InverseSingular,
}

/// Scale of the coordinates of GCCA's universe; λ_j is the eigenvalue of coordinate j, M where all views agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Coordinates {
    /// That of the eigenvectors: over the rows of all views the squares of a whitened coordinate sum to 1.
    #[default]
    Weights,
    /// Times √λ_j: a whitened map is the ridge regression `(Z_mᵀ Z_m + κ n I)⁻¹ Z_mᵀ G` on the shared rows G,
    /// `Gᵀ G = I`. Source: Carroll, Proceedings of the APA 3 (1968); Kettenring, Biometrika 58 (1971).
    Carroll,
    /// Each view's coordinate has variance 1 on its training rows (mvlearn's `GCCA` scales each view's block of the
    /// eigenvectors like this, to length 1 instead). A coordinate of which a view has no more than rounding is zero.
    UnitVariance,
}

impl Coordinates {
    fn is_weights(&self) -> bool {
        *self == Self::Weights
    }
}

impl GccaParams {
    /// The whitened form at this rank, with the pseudo-inverse as the way back. Coordinates are as in the released form;
    /// [`Coordinates::Carroll`] is the textbook's scale.
    pub fn textbook(rank: Option<usize>, ridge: f64) -> Self {
        let (whiten, decoder) = (Whiten::InverseSingular, Decoder::PseudoInverse);
        Self { rank, whiten, ridge, decoder, ..Self::default() }
    }
}

impl Aligner for GccaParams {
    fn name(&self) -> &'static str {
        "gcca"
    }

    fn title(&self) -> &'static str {
        "GCCA"
    }

    fn summary(&self) -> &'static str {
        "MAXVAR generalised CCA, as released (variance-weighted, transpose as inverse) or whitened"
    }

    fn version(&self) -> u32 {
        3
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        let views = size.views as f64;
        4.0 + 0.3 * views * views
    }

    fn validate(&self) -> Result<(), AlignError> {
        let rank = self.rank.unwrap_or(1);
        let ridge = self.ridge;
        ensure(ridge >= 0.0 && ridge.is_finite(), "gcca", "ridge", ridge, "a finite number, 0 or above")?;
        ensure(rank >= 1, "gcca", "rank", rank, "at least 1")
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for GccaParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Population(self.constant_columns))
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments)
    }
}

fn from_moments(params: &GccaParams, moments: &Moments) -> Result<Fit, AlignError> {
    moments.check_every_pair("gcca")?;
    let views = moments.views();
    let narrowest = (0..views).map(|m| moments.width(m)).min().unwrap_or(0);
    at_most("gcca", "rank", params.rank, narrowest, || "the width of the narrowest view".into())?;
    let asked = params.rank.unwrap_or(narrowest);
    let keep = match params.whiten {
        Whiten::None => Keep::Resolved,
        Whiten::InverseSingular => Keep::AboveRounding,
    };
    let spectra: Result<Vec<Spectrum>, AlignError> =
        (0..views).into_par_iter().map(|m| Spectrum::of(moments, m, keep)).collect();
    let spectra = spectra?;
    // `Z_m V_m (S_m² + κn)^(−1/2)` is U_m without ridge.
    let whiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.whitener(params.ridge)).collect();
    let kept: usize = spectra.iter().map(Spectrum::rank).sum();
    let fewest = (0..views).map(|m| moments.rows(m, m)).min().unwrap_or(0);
    let rank = asked.min(fewest.saturating_sub(1)).min(kept);
    if rank == 0 {
        return Err(AlignError::NoDirection { method: "gcca" });
    }

    let coupling = coupling(moments, &whiteners);
    let (values, vectors) =
        krylov::leading_eigen(coupling, rank, moments.watch(), &|| "the coupling of all views".into())?;
    let roots: Vec<f64> = match params.coordinates {
        Coordinates::Carroll => values.iter().map(|value| value.max(0.0).sqrt()).collect(),
        Coordinates::Weights | Coordinates::UnitVariance => vec![1.0; rank],
    };
    let objective: f64 = values.iter().map(|value| views as f64 - value).sum();

    // Descending eigenvalues: the most shared direction is the first universe coordinate.
    let signs: Vec<f64> = (0..rank).map(|j| linalg::sign_of_largest(kept, |i| vectors.at(i, j))).collect();
    let mut stacked = Vec::new();
    let mut offset = 0;
    for (m, (spectrum, whitener)) in spectra.iter().zip(&whiteners).enumerate() {
        let r = spectrum.rank();
        let phi = Matrix::from_fn(r, rank, |i, j| signs[j] * roots[j] * vectors.at(offset + i, j));
        let mut map = match params.whiten {
            Whiten::None => linalg::product(spectrum.scaled(|_| 1.0).view(), phi.view(), Threads::Pool),
            Whiten::InverseSingular => linalg::product(whitener.view(), phi.view(), Threads::Pool),
        };
        if params.coordinates == Coordinates::UnitVariance {
            unit_variance(moments, m, &mut map);
        }
        stacked.extend(map.into_vec());
        offset += r;
    }
    let stacked = Matrix::from_vec(moments.gram().rows(), rank, stacked);
    let decoders = params.decoder.of(moments, &stacked)?;
    let maps: Vec<ViewMap> = (0..views)
        .zip(decoders)
        .map(|(m, back)| {
            let (start, width) = (moments.offset(m), moments.width(m));
            let map = Matrix::from_fn(width, rank, |i, j| stacked.at(start + i, j) as f32);
            ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), map).with_decoder(back)
        })
        .collect();
    let parameters = maps.iter().map(ViewMap::parameters).sum();
    let remedy = (params.ridge == 0.0).then_some("ridge");
    let report = FitReport {
        kept: spectra.iter().map(Spectrum::rank).collect(),
        warnings: spectrum::warnings(moments, &spectra, |_| asked, remedy),
        ..FitReport::closed_form(views, parameters, Some(objective))
    };
    Ok(Fit { fitted: Fitted::Universe(Universe::new(maps)), report })
}

/// A view's coordinate with less than this share of the spread of its largest is rounding.
const NOTHING: f64 = 1e-10;

/// The columns q of a view's map such that `Z q` has variance 1 over the view's rows.
fn unit_variance(moments: &Moments, m: usize, map: &mut Matrix<f64>) {
    let seen = linalg::product(moments.block(m, m), map.view(), Threads::Pool);
    let rows = moments.rows(m, m) as f64;
    let square = |j: usize| (0..map.rows()).map(|i| map.at(i, j) * seen.at(i, j)).sum::<f64>().max(0.0);
    let spreads: Vec<f64> = (0..map.cols()).map(|j| (square(j) / rows).sqrt()).collect();
    let least = NOTHING * spreads.iter().copied().fold(0.0, f64::max);
    let factors: Vec<f64> = spreads.iter().map(|&spread| if spread > least { 1.0 / spread } else { 0.0 }).collect();
    (0..map.rows()).for_each(|i| map.row_mut(i).iter_mut().zip(&factors).for_each(|(x, factor)| *x *= factor));
}

/// `Aᵀ A` (Σr × Σr, lower triangle): block (i, j) is `W_iᵀ Z_iᵀ Z_j W_j` with the whiteners W, times
/// √(n_i n_j)/n_ij, which is 1 where no row is missing.
fn coupling(moments: &Moments, whiteners: &[Matrix<f64>]) -> Matrix<f64> {
    let mut offsets = vec![0];
    for whitener in whiteners {
        offsets.push(offsets[offsets.len() - 1] + whitener.cols());
    }
    let size = offsets[whiteners.len()];
    let mut coupling = Matrix::zeros(size, size);
    // One view's blocks at a time: all of them would be the matrix once more.
    for i in 0..whiteners.len() {
        let blocks: Vec<Matrix<f64>> =
            (0..=i).into_par_iter().map(|j| whitened_block(moments, whiteners, i, j)).collect();
        for (j, block) in blocks.iter().enumerate() {
            for r in 0..block.rows() {
                coupling.row_mut(offsets[i] + r)[offsets[j]..offsets[j + 1]].copy_from_slice(block.row(r));
            }
        }
    }
    coupling
}
