//! GCCA: MAXVAR generalised canonical correlation analysis, in the released form and in the textbook form.

use crate::methods::shared::docs::{CONSTANT_COLUMNS, decoder};
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace, fit_as_one_type};
use crate::fitted::ViewMap;
use crate::methods::canonical::spectrum::{self, Keep, Spectrum, whitened_block};
use crate::methods::canonical::wide::{self, Factored};
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::decoder::Decoder;
use crate::methods::shared::groups::in_groups;
use crate::methods::shared::search::{RIDGES, names, numbers, ranks};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::numerics::{krylov, leading};
use crate::prep::{ConstantColumns, Standardisation};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Universe};

/// MAXVAR generalised canonical correlation analysis (GCCA).
///
/// # Formula
/// With the SVD $Z_m = U_m S_m V_m^\top$ of a standardised view and the whitener
/// $W_m = V_m (S_m^2 + \kappa n I)^{-1/2}$,
///
/// $$ A = \lbrack Z_1 W_1 \dots Z_M W_M \rbrack , \qquad A^\top A = \Phi \Lambda \Phi^\top , $$
///
/// where $\Phi$ holds the eigenvectors of the $R$ largest eigenvalues and $\Phi_m$ its rows of view $m$. Without a
/// ridge $Z_m W_m = U_m$. Equivalently, $\Phi$ belongs to the $R$ smallest eigenvalues of $M I - A^\top A$; each lies
/// between 0 and $M$, and 0 means that all views share the direction. The objective in the report is their sum. With a
/// ridge this is the regularised problem
///
/// $$ \max_{G^\top G = I} \operatorname{tr} \Bigl( G^\top \sum_m Z_m (Z_m^\top Z_m + \kappa n I)^{-1} Z_m^\top G \Bigr) . $$
///
/// The map $Q_m$ of a view depends on `whiten` and `coordinates`. $D_m$ holds the standard deviations that the columns of
/// $Z_m Q_m$ would have without it:
///
/// | `coordinates` | `whiten: inverse_singular` | `whiten: none` |
/// | --- | --- | --- |
/// | [`Weights`](Coordinates::Weights), the default | $W_m \Phi_m$ | $V_m \Phi_m$, the released form |
/// | [`Carroll`](Coordinates::Carroll), the textbook's scale | $W_m \Phi_m \Lambda^{1/2}$ | $V_m \Phi_m \Lambda^{1/2}$ |
/// | [`UnitVariance`](Coordinates::UnitVariance), the scale of mvlearn | $W_m \Phi_m D_m^{-1}$ | $V_m \Phi_m D_m^{-1}$ |
///
/// All forms of one column span the same directions. Cosines between universe vectors, clustering and the way back
/// depend on the scale of each coordinate. With `Weights` and `Carroll` the squares of a whitened coordinate sum to at
/// most 1 and $\lambda_j$ over all rows of all views, so the length of a universe vector falls as $n^{-1/2}$. With
/// `UnitVariance` it does not.
///
/// The released form has no $S_m^{-1}$, so a direction counts by its singular value. Its way back is $Q_m^\top$, which
/// is not the inverse: only the directions of translated rows are meaningful. A [`Decoder`] gives other ways back.
///
/// # Shapes
/// Views are $N \times d_m$, standardised with the population standard deviation. $Q_m$ is $d_m \times R$ and the
/// universe has width $R$, by default the width of the *narrowest* view (GPA's universe has the width of the widest).
///
/// # Cost
/// The second moments of all views, $M$ eigendecompositions of $d_m \times d_m$ and the $R$ leading eigenvectors of a
/// matrix of $\sum_m d_m$ rows.
///
/// # Source
/// arXiv 2602.06205, the RACING variant of the authors' code; Kettenring, Biometrika 58 (1971).
///
/// # Departures
/// Everything is computed from the second moments in `f64`. Directions that `f64` sums cannot distinguish from zero are
/// dropped; the authors keep whatever the SVD gives. The universe is never wider than the view with most directions: with
/// as many coordinates as all views have directions together, no two views share any. [`Whiten::InverseSingular`] also
/// drops the directions that the rounding of `f32` explains. Signs are fixed by the largest entry of each eigenvector, or
/// of each column of the stacked maps if the widest view has 1,000 columns or more. There, the eigenvectors are searched
/// for in `f32`, and made orthonormal and checked in `f64`. If views miss items, the block of views $i$ and $j$ is summed
/// over the $n_{ij}$ items that both have and multiplied by $\sqrt{n_i n_j} / n_{ij}$.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GccaParams {
    /// Width R of the universe, at most the narrowest view's width, which is the default. If every view has fewer
    /// independent directions, the universe is as wide as the view with most of them, and the report has a warning.
    pub rank: Option<usize>,
    /// Division of every direction by its singular value.
    pub whiten: Whiten,
    /// Scale of the universe's coordinates.
    #[serde(skip_serializing_if = "Coordinates::is_weights")]
    pub coordinates: Coordinates,
    /// Ridge κ: directions along which a view's standardised items have a standard deviation below √κ get less weight.
    pub ridge: f64,
    /// The map from the universe back to a view, computed from the maps in the chosen coordinates.
    pub decoder: Decoder,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// Division of every direction by its singular value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Whiten {
    /// No division: $z V \Phi = U S \Phi$, a direction counts by its singular value. The released form.
    #[default]
    None,
    /// Division by the singular values: $z V S^{-1} \Phi = U \Phi$. The textbook form. It retrieves better below full
    /// rank.
    InverseSingular,
}

/// Scale of the coordinates of GCCA's universe; $\lambda_j$ is the eigenvalue of coordinate $j$, equal to $M$ if all
/// views agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Coordinates {
    /// The scale of the eigenvectors: the squares of a whitened coordinate sum to 1 over the rows of all views.
    #[default]
    Weights,
    /// The eigenvectors times $\sqrt{\lambda_j}$: a whitened map is the ridge regression
    /// $(Z_m^\top Z_m + \kappa n I)^{-1} Z_m^\top G$ on the shared rows $G$ with $G^\top G = I$. Source: Carroll,
    /// Proceedings of the APA 3 (1968); Kettenring, Biometrika 58 (1971).
    Carroll,
    /// Variance 1 of every coordinate of a view on its training rows. (mvlearn's `GCCA` scales each view's block of the
    /// eigenvectors in the same way, but to length 1.) A coordinate that is only rounding in a view becomes zero.
    UnitVariance,
}

impl Coordinates {
    fn is_weights(&self) -> bool {
        *self == Self::Weights
    }
}

impl GccaParams {
    /// The rule for the directions of the views.
    fn keep(&self) -> Keep {
        match self.whiten {
            Whiten::None => Keep::Resolved,
            Whiten::InverseSingular => Keep::AboveRounding,
        }
    }

    /// The whitened form at this rank, with the pseudo-inverse as the way back. The coordinates are those of the
    /// released form; [`Coordinates::Carroll`] is the textbook's scale.
    pub fn textbook(rank: Option<usize>, ridge: f64) -> Self {
        let (whiten, decoder) = (Whiten::InverseSingular, Decoder::PseudoInverse);
        Self { rank, whiten, ridge, decoder, ..Self::default() }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "rank",
        "null",
        "integer >= 1, or null",
        "Width of the universe, at most the narrowest view's width; null is that width",
    ),
    ParameterDoc::new(
        "whiten",
        "none",
        "none, inverse_singular",
        "Weight of a direction: its singular value (released), or one for all (textbook GCCA)",
    ),
    ParameterDoc::new(
        "coordinates",
        "weights",
        "weights, carroll, unit_variance",
        "Scale of the universe's coordinates",
    ),
    ParameterDoc::new(
        "ridge",
        "0.0",
        "number >= 0",
        "Ridge: directions of standard deviation below its square root count for less",
    ),
    decoder("transpose"),
    CONSTANT_COLUMNS,
];

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

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        6
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        let views = size.views as f64;
        4.0 + views + 0.25 * views * views
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        let whiten = names(&["none", "inverse_singular"]);
        vec![("rank", ranks(size)), ("ridge", numbers(&RIDGES)), ("whiten", whiten)]
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

    fn fit_settings(
        &self,
        settings: &[&dyn MomentAligner],
        moments: &Moments,
        seed: u64,
    ) -> Vec<Result<Fit, AlignError>> {
        fit_as_one_type(settings, moments, seed, |settings| fit_several(settings, moments))
    }
}

fn from_moments(params: &GccaParams, moments: &Moments) -> Result<Fit, AlignError> {
    let asked = asked(params, moments)?;
    if moments.is_wide()
        && params.whiten == Whiten::InverseSingular
        && let Some(factored) = Factored::of(moments, params.ridge)
    {
        return from_factors(params, moments, &factored, asked);
    }
    let spectra = Spectrum::of_all(moments, params.keep())?;
    let ranks = Spectrum::ranks(&spectra);
    let rank = reached(moments, &ranks, asked)?;
    let whiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.whitener(params.ridge)).collect();
    let (values, vectors) = leading(&mut coupling(moments, &spectra, &whiteners, params.ridge), rank, moments)?;
    let frames = match params.whiten {
        Whiten::None => frames(&spectra),
        Whiten::InverseSingular => whiteners,
    };
    Solved { moments, ranks, values, vectors }.fit(params, &frames, asked)
}

/// The whitened form of views of full rank, without their spectra.
fn from_factors(
    params: &GccaParams,
    moments: &Moments,
    factored: &Factored<'_>,
    asked: usize,
) -> Result<Fit, AlignError> {
    let ranks = factored.ranks();
    let rank = reached(moments, &ranks, asked)?;
    let (values, vectors) = leading(&mut factored.coupling(), rank, moments)?;
    Solved { moments, ranks, values, vectors }.fit(params, &factored.whiteners(), asked)
}

/// Fits several settings. The eigendecompositions of the views are the same for all. Settings that keep the same
/// directions of the views and have the same ridge have one coupling; its eigenvectors are solved once, for the largest
/// rank, and the coupling of another ridge is a change of scale.
fn fit_several(settings: &[&GccaParams], moments: &Moments) -> Vec<Result<Fit, AlignError>> {
    let spectra = match Spectrum::of_all(moments, Keep::Resolved) {
        Ok(resolved) => {
            let under = |(m, spectrum): (usize, &Spectrum)| spectrum.under(Keep::AboveRounding, moments, m);
            let above: Vec<Spectrum> = resolved.iter().enumerate().map(under).collect();
            [resolved, above]
        }
        Err(error) => return settings.iter().map(|_| Err(error.clone())).collect(),
    };
    let same = spectra[0].iter().zip(&spectra[1]).all(|(a, b)| a.keeps_as(b));
    let directions = |params: &GccaParams| usize::from(params.keep() == Keep::AboveRounding && !same);
    in_groups(settings, directions, |directions, settings| {
        let spectra = &spectra[directions];
        let frames = frames(spectra);
        let mut known: Option<(f64, Matrix<f64>)> = None;
        in_groups(
            settings,
            |params| params.ridge,
            |ridge, settings| {
                let whiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.whitener(ridge)).collect();
                let mut coupling = match known.take() {
                    None => coupling(moments, spectra, &whiteners, ridge),
                    Some((from, mut coupling)) => {
                        change_ridge(&mut coupling, spectra, from, ridge);
                        coupling
                    }
                };
                let most = settings.iter().filter_map(|params| asked(params, moments).ok()).max().unwrap_or(0);
                let ranks = Spectrum::ranks(spectra);
                let solved = reached(moments, &ranks, most).and_then(|rank| leading(&mut coupling, rank, moments));
                known = Some((ridge, coupling));
                let solved = solved.map(|(values, vectors)| Solved { moments, ranks, values, vectors });
                let fit = |params: &&GccaParams| {
                    let asked = asked(params, moments)?;
                    let frames = match params.whiten {
                        Whiten::None => &frames,
                        Whiten::InverseSingular => &whiteners,
                    };
                    solved.as_ref().map_err(Clone::clone)?.fit(params, frames, asked)
                };
                settings.par_iter().map(fit).collect()
            },
        )
    })
}

/// The width of the universe that the parameters ask for.
///
/// # Errors
/// Views without common rows; a rank above the width of the narrowest view.
fn asked(params: &GccaParams, moments: &Moments) -> Result<usize, AlignError> {
    moments.check_every_pair("gcca")?;
    let narrowest = (0..moments.views()).map(|m| moments.width(m)).min().unwrap_or(0);
    at_most("gcca", "rank", params.rank, narrowest, || "the width of the narrowest view".into())?;
    Ok(params.rank.unwrap_or(narrowest))
}

/// The width of the universe that the data support: no more than the view with most directions has. As many eigenvectors
/// as all views have directions together are a basis of them, in which no two views share anything.
///
/// # Errors
/// [`AlignError::NoDirection`] for views without a direction.
fn reached(moments: &Moments, ranks: &[usize], asked: usize) -> Result<usize, AlignError> {
    let kept = ranks.iter().copied().max().unwrap_or(0);
    let fewest = (0..moments.views()).map(|m| moments.rows(m, m)).min().unwrap_or(0);
    match asked.min(fewest.saturating_sub(1)).min(kept) {
        0 => Err(AlignError::NoDirection { method: "gcca" }),
        rank => Ok(rank),
    }
}

/// The leading eigenvalues and eigenvectors of a coupling.
fn leading(coupling: &mut Matrix<f64>, rank: usize, moments: &Moments) -> Result<(Vec<f64>, Matrix<f64>), AlignError> {
    let solve = if moments.is_wide() { leading::leading_eigen } else { krylov::leading_eigen };
    solve(coupling, rank, moments.watch(), &|| "the coupling of all views".into())
}

/// The directions of each view as unit vectors.
fn frames(spectra: &[Spectrum]) -> Vec<Matrix<f64>> {
    spectra.iter().map(|spectrum| spectrum.scaled(|_| 1.0)).collect()
}

/// The leading eigenvectors of a coupling, from which the maps of every rank follow.
struct Solved<'a> {
    moments: &'a Moments,
    /// Number of directions of each view.
    ranks: Vec<usize>,
    /// The eigenvalues descend, so the direction that the views share most is the first universe coordinate.
    values: Vec<f64>,
    vectors: Matrix<f64>,
}

impl Solved<'_> {
    /// The fit of these parameters, for a universe of this width. A frame holds the directions of a view, unit vectors
    /// or whitening ones.
    fn fit(&self, params: &GccaParams, frames: &[Matrix<f64>], asked: usize) -> Result<Fit, AlignError> {
        let Self { moments, ranks, values, vectors } = self;
        let views = moments.views();
        let rank = reached(moments, ranks, asked)?;
        let values = &values[..rank];
        let roots: Vec<f64> = match params.coordinates {
            Coordinates::Carroll => values.iter().map(|value| value.max(0.0).sqrt()).collect(),
            Coordinates::Weights | Coordinates::UnitVariance => vec![1.0; rank],
        };
        let objective: f64 = values.iter().map(|value| views as f64 - value).sum();

        let kept = vectors.rows();
        // The eigenvectors of wide views depend on the whitener; their maps do not.
        let wide = moments.is_wide();
        let sign = |j: usize| if wide { 1.0 } else { linalg::sign_of_largest(kept, |i| vectors.at(i, j)) };
        let signs: Vec<f64> = (0..rank).map(sign).collect();
        let mut stacked = Vec::new();
        let mut offset = 0;
        for (m, frame) in frames.iter().enumerate() {
            let r = frame.cols();
            let phi = Matrix::from_fn(r, rank, |i, j| signs[j] * roots[j] * vectors.at(offset + i, j));
            let mut map = linalg::product(frame.view(), phi.view(), Threads::Pool);
            if params.coordinates == Coordinates::UnitVariance {
                unit_variance(moments, m, &mut map);
            }
            stacked.extend(map.into_vec());
            offset += r;
        }
        let mut stacked = Matrix::from_vec(moments.gram().rows(), rank, stacked);
        if wide {
            let rows = stacked.rows();
            let sign = |j: usize| linalg::sign_of_largest(rows, |i| stacked.at(i, j));
            let signs: Vec<f64> = (0..rank).map(sign).collect();
            (0..rows).for_each(|i| stacked.row_mut(i).iter_mut().zip(&signs).for_each(|(x, sign)| *x *= sign));
        }
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
            kept: ranks.clone(),
            warnings: spectrum::warnings(moments, ranks, |_| asked, remedy),
            ..FitReport::closed_form(views, parameters, Some(objective))
        };
        Ok(Fit { fitted: Fitted::Universe(Universe::new(maps)), report })
    }
}

/// Changes the ridge of a coupling.
fn change_ridge(coupling: &mut Matrix<f64>, spectra: &[Spectrum], from: f64, to: f64) {
    let factors: Vec<f64> = spectra.iter().flat_map(|spectrum| spectrum.change_of_ridge(from, to)).collect();
    coupling.as_mut_slice().par_chunks_mut(factors.len().max(1)).zip(&factors).for_each(|(row, factor)| {
        row.iter_mut().zip(&factors).for_each(|(entry, other)| *entry *= factor * other);
    });
}

/// A coordinate of a view counts as rounding if its standard deviation is below this share of the view's largest.
const NOTHING: f64 = 1e-10;

/// Scales the columns q of a view's map so that `Z q` has variance 1 over the view's rows.
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
fn coupling(moments: &Moments, spectra: &[Spectrum], whiteners: &[Matrix<f64>], ridge: f64) -> Matrix<f64> {
    if moments.is_wide() {
        return wide::coupling(moments, spectra, whiteners, ridge);
    }
    let mut offsets = vec![0];
    for whitener in whiteners {
        offsets.push(offsets[offsets.len() - 1] + whitener.cols());
    }
    let size = offsets[whiteners.len()];
    let mut coupling = Matrix::zeros(size, size);
    // The blocks of one view at a time: all blocks together would take the memory of the matrix a second time.
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
