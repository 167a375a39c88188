//! What GPA can be told.

use serde::{Deserialize, Serialize};

use super::balance::Weights;
use super::robust::Robust;
use crate::AlignError;
use crate::methods::shared::check::ensure;
use crate::prep::ConstantColumns;

/// Parameters of `gpa`: generalised Procrustes analysis.
///
/// min over orthogonal maps of `Σ_m |Z_m R_m − C|²_F` with the consensus `C = 1/M Σ_m Z_m R_m`.
///
/// Input: M views, standardised (ddof 0). Universe: width D = max d_m. A view of width d_m lives in the
/// first d_m universe coordinates, `R_m = [B_m 0]` with B_m orthogonal d_m × d_m.
/// Reflections are allowed; there is no scaling. Where views miss items, `C_i` is the mean over the views that
/// have item i, and the sum is over the rows that there are.
///
/// Source: arXiv 2602.06205; the released form: a Gaussian start and Jacobi sweeps. Departs: everything is
/// computed from the moments in `f64`, so the tolerance 1e-8 can be reached where `f32` stalls above it;
/// the start is drawn from the seed. Narrow views are as released, and not as Procrustes has them: zero-padded
/// columns would leave `Z_mᵀ C` a d_m × D matrix, whose polar factor is a partial isometry into any d_m of D
/// directions, while `[B_m 0]` lets a narrow view meet the wider ones in the first d_m coordinates alone.
///
/// The optimum is not unique: starts end in stationary points whose maps differ by reflections of weakly shared
/// directions. On embeddings of encoders their objectives agree to about 1e-4. On small random sets (12 to 150 rows, 2 to
/// 16 columns) one accelerated start in twenty ends above the best of twenty-one, with noise well above the signal
/// half of them, by up to 3.4e-3. `restarts` keeps the best, and [`FitReport::optimality_gap`](crate::FitReport::optimality_gap) says how far any fit can be
/// from the lowest.
///
/// None of the authors', and all a matter of the moments that the same solvers get ([`crate::moments`]):
///
/// - `scale`: min of `Σ_m |s_m Z_m R_m − C|²` over `s_m > 0` with `Σ_m s_m² |Z_m|² = Σ_m |Z_m|²`, by turns (Gower,
///   Psychometrika 40, 1975; Ten Berge, Psychometrika 42, 1977). The map is `s_m R_m`, back by `R_mᵀ/s_m`. Beside
///   `weights` v the norm that is kept is the weighted one, `Σ_m v_m s_m² |Z_m|² = Σ_m v_m |Z_m|²`: under the plain one a
///   view that counts little would take all of it.
/// - `weights`: min of `Σ_m v_m |Z_m R_m − C|²`, C the mean so weighted. Only the consensus feels a weight.
/// - `robust`: min over maps and consensus of `Σ_mi |z_mi|² ρ(|z_mi R_m − c_i|/|z_mi|)` ([`Robust`]) by iteratively
///   reweighted least squares from the fit without; for correspondences of which some are wrong. Views are standardised
///   by all rows, because a row of the wrong item is a row of its view all the same. A round costs N·P·(P + 2D)
///   multiply-adds and a few sweeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
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
    /// Which of all rotations of the universe; beside `rank` always [`Orientation::Principal`].
    #[serde(skip_serializing_if = "Orientation::is_free")]
    pub orientation: Orientation,
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

crate::former_keys!(GpaParams: "gauge" => "orientation: principal");

/// How the objective is lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
#[non_exhaustive]
pub enum Orientation {
    /// Whichever the iteration ends in. Files cannot name it, because it is what no `orientation` means; beside `rank` it
    /// would have no effect.
    #[default]
    #[serde(skip_deserializing)]
    Free,
    /// The principal axes of the consensus, the longest first; of each the sign that makes the largest entry of
    /// the stacked maps positive. Views of one width alone have it.
    Principal,
}

impl Orientation {
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
            orientation: Orientation::default(),
            rank: None,
            scale: false,
            weights: Weights::default(),
            robust: None,
            constant_columns: ConstantColumns::default(),
        }
    }
}

impl GpaParams {
    /// Checks them against their domains, for the method of this name.
    pub(crate) fn check(&self, method: &'static str) -> Result<(), AlignError> {
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
}
