//! What GPA can be told.

use serde::{Deserialize, Serialize};

use super::balance::Weights;
use super::robust::Robust;
use crate::methods::check::ensure;
use crate::prep::ConstantColumns;
use crate::{AlignError, Ignored};

/// Parameters of `gpa`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GpaParams {
    /// How the objective is lowered.
    pub solver: Solver,
    /// Most sweeps over the views; the solver's without: 100 released, 500 accelerated.
    pub max_iter: Option<usize>,
    /// Stop when a sweep changes less than this: the consensus relative to its norm (released), the objective
    /// relative to itself (accelerated, of a sweep one view at a time, and so must be what is still to come if changes go on
    /// to shrink as the last two did).
    pub tol: f64,
    /// Starts, of which the one with the lowest objective is kept; they share the moments, so each costs its sweeps alone.
    /// The accelerated solver's first is not random.
    pub restarts: usize,
    /// Whether the report says how far the objective can be above the lowest ([`FitReport::optimality_gap`](crate::FitReport::optimality_gap)), an
    /// eigendecomposition of P × P; without, where P, the columns of all views together, is at most 1,024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certify: Option<bool>,
    /// Which of all rotations of the universe.
    pub gauge: Gauge,
    /// Width of the universe: its first principal axes; all without.
    pub rank: Option<usize>,
    /// Whether every view gets a factor of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
    /// What each view counts in the consensus.
    #[serde(skip_serializing_if = "Weights::is_equal")]
    pub weights: Weights,
    /// How rows count that lie far from their item's consensus; by the square of their distance without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robust: Option<Robust>,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// How the objective is lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// As the authors released it: Jacobi sweeps from a Gaussian start.
    #[default]
    Released,
    /// Two views at a time against the rest, extrapolated, from Procrustes maps to the widest view: the released
    /// solver's objective after 100 sweeps in about a tenth of them, and below it.
    Accelerated,
}

/// A universe is defined up to a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gauge {
    /// Whichever the iteration ends in.
    #[default]
    Free,
    /// The principal axes of the consensus, the longest first; of each the sign that makes the largest entry of
    /// the stacked maps positive. Views of one width alone have it.
    Principal,
}

impl Gauge {
    pub(crate) fn is_free(&self) -> bool {
        *self == Self::Free
    }
}

impl Default for GpaParams {
    fn default() -> Self {
        Self {
            solver: Solver::default(),
            max_iter: None,
            tol: 1e-8,
            restarts: 1,
            certify: None,
            gauge: Gauge::default(),
            rank: None,
            scale: false,
            weights: Weights::default(),
            robust: None,
            constant_columns: ConstantColumns::default(),
        }
    }
}

impl GpaParams {
    pub(crate) fn validate(&self, method: &'static str) -> Result<(), AlignError> {
        let (sweeps, rank) = (self.max_iter.unwrap_or(1), self.rank.unwrap_or(1));
        ensure(sweeps >= 1, method, "max_iter", sweeps, "at least 1")?;
        ensure(self.restarts >= 1, method, "restarts", self.restarts, "at least 1")?;
        ensure(rank >= 1, method, "rank", rank, "at least 1")?;
        self.weights.validate(method)?;
        if let Some(robust) = self.robust {
            robust.validate(method)?;
            // A loss that grows slowly is lowest where the views that fit have shrunk to nothing.
            ensure(!self.scale, method, "scale", "true beside `robust`", "one of the two")?;
            let certified = self.certify == Some(true);
            ensure(
                !certified,
                method,
                "certify",
                "true beside `robust`",
                "one of the two: its losses have no such bound",
            )?;
        }
        ensure(self.tol >= 0.0 && self.tol.is_finite(), method, "tol", self.tol, "a finite number, 0 or above")
    }

    /// What has no effect beside the rest.
    pub(crate) fn ignored(&self) -> Vec<Ignored> {
        let beside = "as `free` beside `rank`, which takes principal axes";
        let free = self.rank.is_some() && self.gauge.is_free();
        free.then_some(Ignored { parameter: "gauge", beside, changed: false }).into_iter().collect()
    }

    /// Whether different seeds can give different fits.
    pub(crate) fn uses_seed(&self) -> bool {
        self.solver == Solver::Released || self.restarts > 1
    }
}
