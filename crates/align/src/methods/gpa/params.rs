//! Parameters of GPA.

use serde::{Deserialize, Serialize};

use super::balance::Weights;
use super::robust::Robust;
use crate::AlignError;
use crate::methods::shared::check::ensure;
use crate::prep::ConstantColumns;

/// Generalised Procrustes analysis (GPA): one orthogonal map per view into a shared universe.
///
/// # Formula
/// $$ \min_{R_1, \dots, R_M} \sum_m \lVert Z_m R_m - C \rVert_F^2 , \qquad C = \frac{1}{M} \sum_m Z_m R_m , $$
///
/// over orthogonal maps. Reflections are allowed. The released solver makes Jacobi sweeps from a Gaussian start: for
/// every view, against the consensus $C$ of the previous sweep,
///
/// $$ Z_m^\top C_m = U S V^\top , \qquad B_m = U V^\top , \qquad R_m = \lbrack B_m \quad 0 \rbrack , $$
///
/// where $C_m$ holds the first $d_m$ columns of $C$.
///
/// Options, none of them the authors':
///
/// - `scale`: $\min \sum_m \lVert s_m Z_m R_m - C \rVert_F^2$ over $s_m \gt 0$ with
///   $\sum_m v_m s_m^2 \lVert Z_m \rVert_F^2 = \sum_m v_m \lVert Z_m \rVert_F^2$ for the `weights` $v$, by turns. The
///   map is $s_m R_m$, the way back $R_m^\top / s_m$. Without the weights in the constraint, a view with a small weight
///   would get all of the norm.
/// - `weights`: $\min \sum_m v_m \lVert Z_m R_m - C \rVert_F^2$ with the weighted mean $C$. Only the consensus depends
///   on a weight.
/// - `robust`: $\min \sum_{m,i} \lVert z_{mi} \rVert^2 \rho(\lVert z_{mi} R_m - c_i \rVert / \lVert z_{mi} \rVert)$
///   over maps and consensus ([`Robust`]), by iteratively reweighted least squares from the fit without it; for data in
///   which some correspondences are wrong. Views are standardised by all rows, because a row of the wrong item is still
///   a row of its view.
///
/// # Shapes
/// Views $Z_m$ are $N \times d_m$, standardised with the population standard deviation. The universe has width
/// $D = \max_m d_m$. $B_m$ is $d_m \times d_m$ and $R_m$ is $d_m \times D$: a view of width $d_m$ lies in the first
/// $d_m$ universe coordinates.
///
/// # Cost
/// The second moments of all views; per sweep $2 P^2 D$ flops with $P = \sum_m d_m$ and $M$ SVDs of $d_m \times d_m$,
/// whatever $N$ is. A round of `robust` adds $N P (P + 2 D)$ multiply-adds.
///
/// # Source
/// arXiv 2602.06205. Generalised Procrustes: Gower, Psychometrika 40 (1975). `scale`: Ten Berge, Psychometrika 42
/// (1977).
///
/// # Departures
/// Everything is computed from the second moments in `f64`, so the tolerance 1e-8 can be reached; in `f32` the change
/// of the consensus stays above it. If the widest view has 1,000 columns or more, the first sweeps of the accelerated
/// solver are made in `f32`; the others, the objective and the test for the end are in `f64`. The start is drawn from the seed. If views miss items, $C_i$ is the mean over the
/// views that have item $i$, and the objective sums over the rows that exist.
///
/// Narrow views are treated as in the released code, and not as in Procrustes analysis: zero-padded columns would make
/// $Z_m^\top C$ a $d_m \times D$ matrix, whose polar factor is a partial isometry into any $d_m$ of $D$ directions.
/// $\lbrack B_m \quad 0 \rbrack$ lets a narrow view meet the wider ones in the first $d_m$ coordinates only.
///
/// # Local optima
/// The optimum is not unique: different starts end in stationary points whose maps differ by reflections of weakly
/// shared directions. On embeddings of encoders their objectives agree to about 1e-4. On small random sets (12 to 150
/// rows, 2 to 16 columns) one accelerated start in twenty ends above the best of twenty-one starts; with noise well
/// above the signal half of them do, by up to 3.4e-3. `restarts` keeps the best start.
/// [`FitReport::optimality_gap`](crate::FitReport::optimality_gap) bounds the distance of a fit from the lowest
/// objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct GpaParams {
    /// Algorithm that lowers the objective.
    pub solver: Solver,
    /// Maximal number of sweeps over the views. Default: 100 for the released solver, 500 for the accelerated one.
    pub max_iter: Option<usize>,
    /// Tolerance: stop if a sweep changes less than this. The released solver compares the change of the consensus with
    /// its norm. The accelerated solver compares the change of the objective in a sweep of one view at a time with the
    /// objective; the sum of all further changes, if they shrink as the last two did, must be below the tolerance, too.
    pub tol: f64,
    /// Number of starts; the fit with the lowest objective is kept. Starts share the moments, so each costs only its
    /// sweeps. The first start of the accelerated solver is not random.
    pub restarts: usize,
    /// Bound in the report on the distance of the objective from the lowest one
    /// ([`FitReport::optimality_gap`](crate::FitReport::optimality_gap)); one eigendecomposition of P × P. Default:
    /// only if P, the number of columns of all views together, is at most 1,024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certify: Option<bool>,
    /// Rotation of the universe. With `rank` it is always [`Orientation::Principal`].
    #[serde(skip_serializing_if = "Orientation::is_free")]
    pub orientation: Orientation,
    /// Width of the universe: its first principal axes. Default: all.
    pub rank: Option<usize>,
    /// Give every view a scale factor.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
    /// Weight of each view in the consensus.
    #[serde(skip_serializing_if = "Weights::is_equal")]
    pub weights: Weights,
    /// Loss for rows that lie far from the consensus of their item. Default: the squared distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robust: Option<Robust>,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

crate::former_keys!(GpaParams: "gauge" => "orientation: principal");

/// Algorithm that lowers GPA's objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Solver {
    /// The authors' algorithm: Jacobi sweeps from a Gaussian start.
    #[default]
    Released,
    /// Two views at a time against the other views, extrapolated, from the Procrustes maps to the widest view. It needs
    /// about a tenth of the sweeps to reach the objective of the released solver after 100 sweeps, and then goes below
    /// it.
    Accelerated,
}

/// Rotation of the universe, which the objective does not determine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Orientation {
    /// The rotation in which the iteration ends. Grid files cannot name it, because it is the absence of `orientation`,
    /// and with `rank` it would have no effect.
    #[default]
    #[serde(skip_deserializing)]
    Free,
    /// The principal axes of the consensus, the longest first. The sign of an axis makes the largest entry of the
    /// stacked maps positive. Needs views of one width.
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
    /// Checks the parameters against their domains; errors name this method.
    pub(crate) fn check(&self, method: &'static str) -> Result<(), AlignError> {
        let (sweeps, rank) = (self.max_iter.unwrap_or(1), self.rank.unwrap_or(1));
        ensure(sweeps >= 1, method, "max_iter", sweeps, "at least 1")?;
        ensure(self.restarts >= 1, method, "restarts", self.restarts, "at least 1")?;
        ensure(rank >= 1, method, "rank", rank, "at least 1")?;
        self.weights.validate(method)?;
        if let Some(robust) = self.robust {
            robust.validate(method)?;
            // A loss that grows slowly has its minimum where the views that fit have shrunk to nothing.
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
