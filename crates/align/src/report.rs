//! How a fit ended.

use serde::{Deserialize, Serialize};

/// Why an iteration stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Termination {
    /// Nothing iterates: the solution is one factorisation, or there is nothing to fit.
    ClosedForm,
    /// The tolerance was reached.
    Converged,
    /// The cap on iterations was reached first; the result may still be moving.
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

/// What a reader has to know before any number that comes from a fit. The text says what was found, what follows from it
/// and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FitWarning {
    /// An iteration ended at its cap.
    #[error("{what} stopped at the cap of {iterations} iterations before it converged; raise `{parameter}`")]
    IterationCap {
        /// What iterated.
        what: String,
        /// Iterations made.
        iterations: usize,
        /// The parameter that holds the cap.
        parameter: String,
    },
    /// A view of which nothing varies.
    #[error(
        "view `{view}` is constant on the training rows: its rows have no direction, so no figure of it means anything; drop the view or repair its data"
    )]
    DeadView {
        /// The view.
        view: String,
    },
    /// The authors' divisor, where it is felt.
    #[error(
        "view `{view}` has columns with a standard deviation of {least:e}, to which `constant_columns: released` adds 1e-8: its figures depend on its unit; take `constant_columns: clamp` or multiply the view"
    )]
    SmallUnit {
        /// The view.
        view: String,
        /// The least deviation of a column that is not constant.
        least: f64,
    },
    /// A method that divides by the spread of directions found fewer in a view than it was asked to use.
    #[error(
        "fewer independent directions than asked for: {}; the others are rounding or linear dependences and are left out, so \
         the result is narrower there; lower `rank`, or drop columns that repeat others", directions(.views)
    )]
    RankBelow {
        /// Views with the directions kept and asked for.
        views: Vec<(String, usize, usize)>,
    },
    /// Too few rows to tell agreement of whitened views from chance.
    #[error(
        "{rows} rows are too few for views `{}` and `{}` with {} and {} columns: {tied} directions of one agree perfectly with the \
         other whatever they hold, and which of these are used is arbitrary; set `{parameter}` above 0 (try 0.1), or fit on more \
         rows than both widths together", .views[0], .views[1], .columns[0], .columns[1]
    )]
    FewRows {
        /// The pair of views of which this is most true.
        views: [String; 2],
        /// Rows that both have.
        rows: usize,
        /// Their widths.
        columns: [usize; 2],
        /// Canonical correlations that are 1 by counting alone.
        tied: usize,
        /// The parameter that helps.
        parameter: String,
    },
    /// Rows that are translated to a view spread far less or far more than its own.
    #[error(
        "rows translated to `{view}` spread {spread:.2e} times as far as its own; they can be ranked by cosines of \
         standardised rows, and are no use beside its own; fit with calibration (`runner fit` does unless told \
         otherwise, `Fit::calibrated` in the library)"
    )]
    TranslatedSpread {
        /// The view.
        view: String,
        /// Root mean square over columns of the ratio of standard deviations.
        spread: f64,
    },
    /// What is translated to a view is rounding.
    #[error(
        "what is translated to `{view}` is rounding alone: its way back sees nothing of where the other views lie in the \
         universe; choose another `decoder`, or a narrower universe (`rank`, `anchors`)"
    )]
    NothingTranslated {
        /// The view.
        view: String,
    },
    /// A calibration that sums over rows do not tell.
    #[error(
        "translated rows have the scale that the method gives them: sums over rows that some views miss do not tell how \
         far they spread; fit on the rows (`--manifest`) to calibrate them"
    )]
    IncompleteSums,
}

/// ``view `a` 19 of 24, view `b` 20 of 24``.
fn directions(views: &[(String, usize, usize)]) -> String {
    let each = |(name, kept, asked): &(String, usize, usize)| format!("view `{name}` {kept} of {asked}");
    views.iter().map(each).collect::<Vec<_>>().join(", ")
}

impl FitWarning {
    /// The warning that goes with this end of an iteration, if any.
    pub(crate) fn of_end(stop: Termination, what: &str, iterations: usize, parameter: &str) -> Vec<Self> {
        let cap = || Self::IterationCap { what: what.into(), iterations, parameter: parameter.into() };
        (stop == Termination::IterationCap).then(cap).into_iter().collect()
    }
}

/// What a fit did and what it cost in maps and parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FitReport {
    /// Why it stopped; for GCPA that of the corrector.
    pub stop: Termination,
    /// Sweeps of GPA, steps of the corrector for GCPA, `None` for closed forms.
    pub iterations: Option<usize>,
    /// What was optimised, at the end: GPA `Σ_m |Z_m R_m − C|²_F` (weighted, scaled or robust where asked for), GCCA the sum of
    /// the kept eigenvalues of `M I − Aᵀ A`, SRM and the consensus ridge their sums of squares, GCPA the corrector's loss on its training
    /// rows: all as low as was found. Pairwise `Σ_{a<b} tr(Rᵀ A~ᵀ B~)`, pivot the same over its M − 1 maps, CCA the sum of the
    /// canonical correlations used over ordered pairs: as high as can be.
    pub objective: Option<f64>,
    /// Relative change in the last sweep of GPA: of the consensus (released), of the objective (accelerated); of the
    /// objective in the last round where views are scaled or rows weighed.
    pub residual: Option<f64>,
    /// Distance from the lowest to the highest objective over restarts, where there are several; of a scaled or robust
    /// GPA those before its rounds.
    pub spread: Option<f64>,
    /// GPA's objective is at most this much, in its own unit, above the lowest that any maps of its form reach, to rounding:
    /// zero to rounding certifies the optimum. From the dual of the semidefinite relaxation at the maps found.
    ///
    /// Where views are weighted or miss items it is that of the moments so weighted; where they are scaled, that of maps at
    /// the scales found; with a `rank`, that of the maps before they are cut. A gap above zero does not say that there is a
    /// lower objective: where views are noisy or of unequal widths the bound itself lies below the lowest.
    ///
    /// `None` for `robust`, whose sum is no quadratic form in the maps; with `certify: false`; without `certify` where all
    /// views have more than 1,024 columns together; and for other methods (GCPA's scaffold reports its own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimality_gap: Option<f64>,
    /// Matrices that the fit holds: M for a universe, M(M−1)/2 for pairwise, 0 for none.
    pub maps: usize,
    /// Numbers in those maps and in the corrector.
    pub parameters: usize,
    /// Directions of each view, in order, that a method that whitens has kept (GCCA, CCA, SUMCOR without shrinkage); empty
    /// for others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<usize>,
    /// GCPA's second stage.
    pub corrector: Option<CorrectorReport>,
    /// What a reader has to know before any number that comes from the fit; those of a base fit come first.
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
            warnings: Vec::new(),
        }
    }
}

/// How the corrector of GCPA was trained. Losses are exact means over the rows named and all views,
/// computed after training; identity means an untrained corrector, which returns `norm(u)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CorrectorReport {
    /// How the GPA scaffold under it ended.
    pub scaffold: Box<FitReport>,
    /// Training steps made.
    pub steps: usize,
    /// The step whose weights were kept.
    pub best_step: usize,
    /// The validation loss that chose them, sampled or of all held-out rows.
    pub best_loss: f64,
    /// Loss on the rows trained on, before training.
    pub identity_train_loss: f64,
    /// Loss on the rows trained on.
    pub train_loss: f64,
    /// Loss on the rows held out, before training.
    pub identity_validation_loss: f64,
    /// Loss on the rows held out.
    pub validation_loss: f64,
    /// Mean over all fit rows and views of `1 − cos(f(u), u)`.
    pub drift_mean: f64,
}
