//! Reports of fits.

use serde::{Deserialize, Serialize};

/// Reason why an iteration stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Termination {
    /// No iteration: the solution is one factorisation, or there is nothing to fit.
    ClosedForm,
    /// The tolerance was reached.
    Converged,
    /// The cap on iterations was reached first; the result may still change.
    IterationCap,
    /// No improvement on validation for the allowed number of checks.
    Patience,
}

crate::names! {
    Termination, "termination" {
        ClosedForm = "closed_form",
        Converged = "converged",
        IterationCap = "iteration_cap",
        Patience = "patience",
    }
}

/// Warnings of a fit, which readers need before they use its numbers. Each says what was found, what follows from it
/// and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FitWarning {
    /// An iteration ended at its cap.
    #[error("{what} stopped at the cap of {iterations} iterations before it converged; raise `{parameter}`")]
    IterationCap {
        /// Name of the iteration.
        what: String,
        /// Iterations made.
        iterations: usize,
        /// The parameter that holds the cap.
        parameter: String,
    },
    /// A view whose columns are all constant.
    #[error(
        "view `{view}` is constant on the training rows: its rows have no direction, so no value of it means anything; drop the view or repair its data"
    )]
    DeadView {
        /// The view.
        view: String,
    },
    /// Columns so small that the authors' divisor changes their numbers.
    #[error(
        "view `{view}` has columns with a standard deviation of {least:e}, to which `constant_columns: released` adds 1e-8: its values depend on its unit; set `constant_columns: clamp` or multiply the view by a constant"
    )]
    SmallUnit {
        /// The view.
        view: String,
        /// Smallest standard deviation of a column that is not constant.
        least: f64,
    },
    /// A view with fewer independent directions than the method would use.
    #[error(
        "fewer independent directions than asked for: {}; the others are rounding or linear dependences and are left out, so \
         the result is narrower there; lower `rank`, or drop columns that repeat others", directions(.views)
    )]
    RankBelow {
        /// Views, each with the number of directions kept and the number requested.
        views: Vec<(String, usize, usize)>,
    },
    /// Too few rows to distinguish agreement of whitened views from chance.
    #[error(
        "{rows} rows are too few for views `{}` and `{}` with {} and {} columns: {tied} directions of one agree perfectly with the \
         other whatever they hold, and which of these are used is arbitrary; set `{parameter}` above 0 (try 0.1), or fit on more \
         rows than both widths together", .views[0], .views[1], .columns[0], .columns[1]
    )]
    FewRows {
        /// The pair of views with the fewest rows for its widths.
        views: [String; 2],
        /// Rows that both have.
        rows: usize,
        /// Their widths.
        columns: [usize; 2],
        /// Number of canonical correlations that are 1 because there are too few rows.
        tied: usize,
        /// The parameter that helps.
        parameter: String,
    },
    /// Rows translated to a view that spread far less or far more than the view's own rows.
    #[error(
        "rows translated to `{view}` spread {spread:.2e} times as far as its own rows; ranks by cosines of standardised \
         rows remain valid, but the rows cannot stand beside its own; fit with calibration (the default of `runner fit`, \
         `Fit::calibrated` in the library)"
    )]
    TranslatedSpread {
        /// The view.
        view: String,
        /// Root mean square over columns of the ratio of standard deviations.
        spread: f64,
    },
    /// Rows translated to a view that are only rounding.
    #[error(
        "rows translated to `{view}` are only rounding: its map back from the universe ignores the directions of the other \
         views; choose another `decoder`, or a narrower universe (`rank`, `anchors`)"
    )]
    NothingTranslated {
        /// The view.
        view: String,
    },
    /// Sums over rows that do not determine the calibration.
    #[error(
        "translated rows are not calibrated: some views miss rows, and sums over rows then do not determine the spread; fit \
         on the rows (`--manifest`) to calibrate them"
    )]
    IncompleteSums,
    /// Consensus and calibration of a fit whose rows are larger than memory.
    #[error(
        "the consensus and the calibration of translated rows are those of {items} of the {of} items, evenly spread: the          universe is not linear, so sums over rows do not determine them"
    )]
    SampledConsensus {
        /// Number of items that were read.
        items: usize,
        /// Number of all items.
        of: usize,
    },
}

/// Text such as ``view `a` 19 of 24, view `b` 20 of 24``.
fn directions(views: &[(String, usize, usize)]) -> String {
    let each = |(name, kept, asked): &(String, usize, usize)| format!("view `{name}` {kept} of {asked}");
    views.iter().map(each).collect::<Vec<_>>().join(", ")
}

impl FitWarning {
    /// The warning about this end of an iteration, if there is one.
    pub(crate) fn of_end(stop: Termination, what: &str, iterations: usize, parameter: &str) -> Vec<Self> {
        let cap = || Self::IterationCap { what: what.into(), iterations, parameter: parameter.into() };
        (stop == Termination::IterationCap).then(cap).into_iter().collect()
    }
}

/// Report of a fit: its end, its objective, its size, its warnings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FitReport {
    /// Reason of the stop; for GCPA that of the corrector.
    pub stop: Termination,
    /// Sweeps of GPA, steps of the corrector for GCPA, `None` for closed forms.
    pub iterations: Option<usize>,
    /// Final value of the optimised quantity. Minimised: GPA `Σ_m |Z_m R_m − C|²_F` (weighted, scaled or robust if
    /// requested), GCCA the sum of the kept eigenvalues of `M I − Aᵀ A`, SRM and the consensus ridge their sums of
    /// squares, GCPA the corrector's loss on its training rows. Maximised: pairwise `Σ_{a<b} tr(Rᵀ A~ᵀ B~)`, pivot the
    /// same over its M − 1 maps, CCA the sum of the canonical correlations used over ordered pairs.
    pub objective: Option<f64>,
    /// Relative change in the last sweep of GPA: of the consensus (released solver) or of the objective (accelerated
    /// solver). If views are scaled or rows weighted: of the objective in the last round.
    pub residual: Option<f64>,
    /// Distance from the lowest to the highest objective over restarts, if there are several. For a scaled or robust
    /// GPA: before its rounds.
    pub spread: Option<f64>,
    /// Upper bound on the distance of GPA's objective from the lowest objective of any maps of its form, in the unit of
    /// the objective and up to rounding. Zero up to rounding certifies the optimum. The bound comes from the dual of
    /// the semidefinite relaxation at the fitted maps.
    ///
    /// If views are weighted or miss items, it is the bound for the weighted moments; if views are scaled, for maps at
    /// the fitted scales; with a `rank`, for the maps before they are cut. A gap above zero does not mean that a lower
    /// objective exists: for noisy views or unequal widths the bound itself lies below the lowest objective.
    ///
    /// `None` for `robust`, whose sum is no quadratic form in the maps; with `certify: false`; without `certify` if all
    /// views have more than 1,024 columns together; and for other methods (GCPA's scaffold reports its own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimality_gap: Option<f64>,
    /// Number of matrices in the fit: M for a universe, M(M−1)/2 for pairwise, 0 for none.
    pub maps: usize,
    /// Number of parameters of the maps and the corrector.
    pub parameters: usize,
    /// Number of directions that a whitening method kept of each view (GCCA, CCA, SUMCOR without shrinkage); empty for
    /// other methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<usize>,
    /// GCPA's second stage.
    pub corrector: Option<CorrectorReport>,
    /// The choice of the parameters, if cross-validation on the training rows chose them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Box<SelectionReport>>,
    /// Warnings, which readers need before they use the numbers. Warnings of a base fit come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FitWarning>,
}

impl FitReport {
    /// The report of a method that fits nothing or has a closed form.
    pub fn closed_form(maps: usize, parameters: usize, objective: Option<f64>) -> Self {
        Self {
            stop: Termination::ClosedForm,
            iterations: None,
            objective,
            residual: None,
            spread: None,
            optimality_gap: None,
            maps,
            parameters,
            kept: Vec::new(),
            corrector: None,
            selection: None,
            warnings: Vec::new(),
        }
    }
}

/// Report of a choice among candidates by cross-validation on the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SelectionReport {
    /// Name of the metric that chose.
    pub metric: String,
    /// Whether higher values of it are better.
    pub higher_is_better: bool,
    /// Number of folds.
    pub folds: usize,
    /// The candidates.
    pub candidates: Vec<CandidateReport>,
    /// Index of the chosen candidate.
    pub chosen: usize,
    /// Number of combinations that the budget left out.
    #[serde(default)]
    pub left_out: usize,
    /// Share of paired bootstrap resamples of the training items in which the same candidate is chosen; `None` if the
    /// metric is no function of values of single items, or if half of the resamples draw no item of some fold.
    pub share: Option<f64>,
    /// Seconds of the choice, without the final fit. Not a part of files, so that equal fits are equal files.
    #[serde(skip)]
    pub seconds: f64,
}

impl SelectionReport {
    /// A report without the seconds and the share of resamples.
    pub fn new(
        metric: String,
        higher_is_better: bool,
        folds: usize,
        candidates: Vec<CandidateReport>,
        chosen: usize,
    ) -> Self {
        Self { metric, higher_is_better, folds, candidates, chosen, left_out: 0, share: None, seconds: 0.0 }
    }
}

/// One candidate of a choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateReport {
    /// The parameters that differ between candidates: path and value, as a grid file has them.
    pub values: Vec<(String, String)>,
    /// Score of each fold; `None` if it has none.
    pub folds: Vec<Option<f64>>,
    /// Mean score over the folds; `None` unless every fold has a score.
    pub mean: Option<f64>,
    /// Standard error of the mean, from the variation between folds.
    pub standard_error: Option<f64>,
    /// The first reason why a fold has no score.
    pub problem: Option<String>,
    /// For each training item its contribution to the score of the fold that holds it out, if the metric is a mean over
    /// items. Not a part of files.
    #[serde(skip)]
    pub items: Option<Vec<f32>>,
}

/// Report of the training of GCPA's corrector. Losses are exact means over the named rows and all views, computed after
/// training. "Identity" means an untrained corrector, which returns `norm(u)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CorrectorReport {
    /// Report of the base fit.
    pub scaffold: Box<FitReport>,
    /// Training steps made.
    pub steps: usize,
    /// The step whose weights were kept.
    pub best_step: usize,
    /// Validation loss of that step, sampled or over all held-out rows.
    pub best_loss: f64,
    /// Loss on the training rows before training; of more than 147,456 items, on a random 147,456.
    pub identity_train_loss: f64,
    /// Loss on the same rows after training.
    pub train_loss: f64,
    /// Loss on the held-out rows before training.
    pub identity_validation_loss: f64,
    /// Loss on the held-out rows.
    pub validation_loss: f64,
    /// Mean over the same rows and the held-out ones of all views of `1 − cos(f(u), u)`.
    pub drift_mean: f64,
}
