//! Low-rank affine maps: reduced-rank ridge regression for every ordered pair of views.

use serde::{Deserialize, Serialize};

use super::training::{Course, PairTraining, train};
use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec, SearchSpace, fit_as_one_type};
use crate::corrector::residual::LowRankNetwork;
use crate::fitted::PairMaps;
use crate::linalg::Factor;
use crate::methods::pairwise::fit_ordered;
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::columns::{Columns, columns_doc};
use crate::methods::shared::search::{numbers, ranks};
use crate::moments::Moments;
use crate::named::ParameterDoc;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::ZScore;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Termination};

/// Low-rank affine maps: $y = V U^\top x + t$ for every ordered pair of views, in closed form or trained.
///
/// # Formula
/// With the training rows $A$ ($n \times d_a$) and $B$ ($n \times d_b$) of a pair after [`Columns`], the regression
/// $W = (A^\top A + \lambda I)^{-1} A^\top B$ minimises $\lVert A W - B \rVert_F^2 + \lambda \lVert W \rVert_F^2$. Of
/// rank r it is
///
/// $$ W_r = W V_r V_r^\top , $$
///
/// with $V_r$ the leading r eigenvectors of $W^\top (A^\top A + \lambda I) W = W^\top A^\top B$: reduced-rank ridge
/// regression, so that $U = W V_r$ and $V = V_r$. The shift $t$ comes from the means of the training rows; with
/// `columns: none` there is none. $\lambda$ is `ridge` times the mean squared length of the rows of $a$ (as they are, before
/// they are centred), so that it is `ridge` itself for rows of length 1, and a change of unit changes nothing.
///
/// The objective in the report is the sum over ordered pairs of the leading r eigenvalues, which is maximised.
///
/// # Shapes
/// Views are $N \times d_m$; a map is $d_a \times d_b$ of rank at most r. There is no universe.
///
/// # Cost
/// The second moments of all views, an eigendecomposition of each view, and for every ordered pair one of $d_b \times d_b$.
///
/// # Source
/// Reduced-rank regression: Izenman 1975; with a ridge: Mukherjee and Zhu 2011. As a map of queries to an old index:
/// Drift-Adapter (EMNLP 2025, arXiv 2509.23471), which trains U, V and t by gradient descent.
///
/// # Departures
/// The closed form is the optimum that training approaches, and does not depend on a seed; `solver: trained` trains $U$
/// and $V$ on the mean squared error by AdamW, on centred rows, so that $t$ follows from the means. If views miss items, a pair is fitted
/// on the rows that both views have, each view centred by all of its rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowRankAffineParams {
    /// Rank of the maps; `None` for no limit.
    pub rank: Option<usize>,
    /// Ridge in units of the mean squared length of a row.
    pub ridge: f64,
    /// Columns before the fit.
    pub columns: Columns,
    /// How the maps are found.
    #[serde(deserialize_with = "crate::settings::choice")]
    pub solver: Solver,
}

/// How low-rank maps are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// Reduced-rank ridge regression in closed form.
    #[default]
    Closed,
    /// Training of U and V by gradient descent, as Drift-Adapter; without `ridge`.
    Trained(PairTraining),
}

impl Default for LowRankAffineParams {
    fn default() -> Self {
        Self { rank: None, ridge: 0.3, columns: Columns::Centre, solver: Solver::Closed }
    }
}

const METHOD: &str = "low_rank_affine";

const TRAINING: [ParameterDoc; 5] = PairTraining::docs([
    "solver.trained.steps",
    "solver.trained.batch",
    "solver.trained.lr",
    "solver.trained.weight_decay",
    "solver.trained.validation_fraction",
]);

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("rank", "null", "integer >= 1, or null", "Rank of the maps; null sets no limit"),
    ParameterDoc::new("ridge", "0.3", "number >= 0", "Ridge in units of the mean squared length of a row"),
    columns_doc("centre"),
    ParameterDoc::new("solver", "closed", "closed, trained", "Closed form, or training by gradient descent"),
    TRAINING[0],
    TRAINING[1],
    TRAINING[2],
    TRAINING[3],
    TRAINING[4],
];

impl Aligner for LowRankAffineParams {
    fn name(&self) -> &'static str {
        METHOD
    }

    fn title(&self) -> &'static str {
        "LRA"
    }

    fn summary(&self) -> &'static str {
        "reduced-rank ridge regression, one affine map per ordered pair of views"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn uses_seed(&self) -> bool {
        matches!(self.solver, Solver::Trained(_))
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + (size.views as f64).powi(2)
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        vec![("rank", ranks(size)), ("ridge", numbers(&[0.003, 0.03, 0.3, 3.0]))]
    }

    fn validate(&self) -> Result<(), AlignError> {
        let (rank, ridge) = (self.rank.unwrap_or(1), self.ridge);
        ensure(rank >= 1, METHOD, "rank", rank, "at least 1")?;
        ensure(ridge >= 0.0 && ridge.is_finite(), METHOD, "ridge", ridge, "a finite number, 0 or above")?;
        match &self.solver {
            Solver::Closed => Ok(()),
            Solver::Trained(training) => training.validate(METHOD),
        }
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        match &self.solver {
            Solver::Closed => self.fit_rows(input, seed),
            Solver::Trained(training) => self.trained(training, input, seed),
        }
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        match self.solver {
            Solver::Closed => Some(self),
            Solver::Trained(_) => None,
        }
    }
}

impl LowRankAffineParams {
    /// Trains U and V of every ordered pair. Rows that are centred need no shift.
    fn trained(&self, training: &PairTraining, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let views = input.views;
        let narrowest = views.widths().into_iter().min().unwrap_or(0);
        at_most(METHOD, "rank", self.rank, narrowest, || "the width of the narrowest view".into())?;
        let preps: Vec<ZScore> =
            views.iter().map(|view| self.columns.standardisation().fit(&view.observed())).collect();
        let rows: Vec<Matrix> = views.iter().zip(&preps).map(|(view, prep)| prep.standardised(view.values())).collect();
        let of = views.len() * (views.len() - 1);
        let watch = input.watch();
        let (mut maps, mut back) = (Vec::new(), Vec::new());
        let (mut nth, mut losses, mut parameters) = (0, 0.0, 0);
        for b in 1..views.len() {
            for a in 0..b {
                for (from, to, into) in [(a, b, &mut maps), (b, a, &mut back)] {
                    let has = |row: &usize| views.nth(from).has(*row) && views.nth(to).has(*row);
                    let both: Vec<usize> = (0..views.rows()).filter(has).collect();
                    let (x, targets) = (rows[from].select_rows(&both), rows[to].select_rows(&both));
                    let rank = self.rank.unwrap_or(x.cols().min(targets.cols()));
                    let start = LowRankNetwork::new(x.cols(), targets.cols(), rank, seed, nth);
                    let course = Course { method: METHOD, training, seed, nth, of, watch: &watch };
                    let (network, loss) = train(start, (&x, &targets), course)?;
                    into.push(network.map());
                    (nth, losses, parameters) =
                        (nth + 1, losses + loss, parameters + (x.cols() + targets.cols()) * rank);
                }
            }
        }
        let names = views.names().map(str::to_string).collect();
        let mut report = FitReport::closed_form(of, parameters, Some(losses / of.max(1) as f64));
        report.stop = Termination::IterationCap;
        Ok(Fit { fitted: Fitted::Pairwise(PairMaps::of(names, preps, maps, Some(back))), report })
    }
}

impl MomentAligner for LowRankAffineParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(self.columns.standardisation())
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        fit(self, moments, &spectra(moments)?)
    }

    fn fit_settings(
        &self,
        settings: &[&dyn MomentAligner],
        moments: &Moments,
        seed: u64,
    ) -> Vec<Result<Fit, AlignError>> {
        fit_as_one_type(settings, moments, seed, |settings| match spectra(moments) {
            Err(error) => settings.iter().map(|_| Err(error.clone())).collect(),
            Ok(spectra) => settings.iter().map(|params: &&Self| fit(params, moments, &spectra)).collect(),
        })
    }
}

/// Eigenvalues and eigenvectors of the moments of one view.
type Spectrum = (Vec<f64>, Factor);

fn spectra(moments: &Moments) -> Result<Vec<Spectrum>, AlignError> {
    moments.check_every_pair(METHOD)?;
    let of = |m: usize| linalg::symmetric_eigen(moments.block(m, m), &|| format!("view `{}`", moments.names()[m]));
    (0..moments.views()).into_par_iter().map(of).collect()
}

fn fit(params: &LowRankAffineParams, moments: &Moments, spectra: &[Spectrum]) -> Result<Fit, AlignError> {
    let narrowest = (0..moments.views()).map(|m| moments.width(m)).min().unwrap_or(0);
    at_most(METHOD, "rank", params.rank, narrowest, || "the width of the narrowest view".into())?;
    let mut fit = fit_ordered(moments, |a, b| map(params, moments, &spectra[a], a, b))?;
    if let Some(rank) = params.rank {
        let widths = (0..moments.views()).map(|m| moments.width(m)).sum::<usize>();
        fit.report.parameters = 2 * (moments.views() - 1) * rank * widths;
    }
    Ok(fit)
}

/// The map from view a to view b and the sum of the eigenvalues that it keeps.
fn map(
    params: &LowRankAffineParams,
    moments: &Moments,
    (values, vectors): &Spectrum,
    a: usize,
    b: usize,
) -> Result<(Matrix<f64>, f64), AlignError> {
    let rows = moments.rows(a, a).max(1) as f64;
    let means = moments.preps()[a].mean().iter().map(|mean| mean * mean).sum::<f64>();
    let length = match params.columns {
        Columns::Centre => values.iter().sum::<f64>() / rows + means,
        Columns::ZScore | Columns::None => values.iter().sum::<f64>() / rows,
    };
    // Moments of the pair are over the rows that both views have.
    let share = moments.rows(a, b) as f64 / rows;
    let (lambda, largest) = (params.ridge * length, values.last().copied().unwrap_or(0.0));
    let floor = largest * values.len() as f64 * f64::EPSILON;
    let inverse = |value: f64| if value * share + lambda > floor { 1.0 / (value * share + lambda) } else { 0.0 };
    let turned = linalg::product(vectors.transpose(), moments.block(a, b), Threads::One);
    let scaled = Matrix::from_fn(turned.rows(), turned.cols(), |k, j| turned.at(k, j) * inverse(values[k]));
    let whole = linalg::product(vectors.view(), scaled.view(), Threads::One);
    // WᵀAᵀB in the eigenvectors of AᵀA.
    let gains = linalg::product(scaled.view().transpose(), turned.view(), Threads::One);
    let rank = params.rank.unwrap_or(usize::MAX);
    if rank >= gains.rows().min(moments.width(a)) {
        let trace = (0..gains.rows()).map(|i| gains.at(i, i)).sum();
        return Ok((whole, trace));
    }
    let names = moments.names();
    let (kept, axes) = linalg::symmetric_eigen(gains.view(), &|| format!("pair `{}` and `{}`", names[a], names[b]))?;
    let axes = axes.view().subcols(gains.rows() - rank, rank);
    let reduced = linalg::product(whole.view(), axes, Threads::One);
    let trace = kept[kept.len() - rank..].iter().sum();
    Ok((linalg::product(reduced.view(), axes.transpose(), Threads::One), trace))
}
