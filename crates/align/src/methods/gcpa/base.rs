//! The universe that a corrector starts from.

use serde::{Deserialize, Serialize};

use crate::Method;
use crate::methods::canonical::gcca::GccaParams;
use crate::methods::gpa::{GpaParams, Orientation, Solver};
use crate::prep::ConstantColumns;

/// Method that fits the universe of a corrector: `base: gpa`, `base: {gpa: {solver: accelerated}}` or `base: gcca`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CorrectorBase {
    /// GPA's universe, the released form.
    Gpa(GpaBase),
    /// GCCA's universe in the released form. It shows how much of the gain comes from the corrector alone.
    Gcca,
}

/// Settings of the GPA that a corrector starts from; they mean the same as in [`GpaParams`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GpaBase {
    /// Algorithm that lowers the objective.
    pub solver: Solver,
    /// Maximal number of sweeps over the views. Default: 100 for the released solver, 500 for the accelerated one.
    pub max_iter: Option<usize>,
    /// Tolerance: stop if a sweep changes less than this.
    pub tol: f64,
    /// Rotation of the universe; the trained corrector depends on it.
    #[serde(skip_serializing_if = "Orientation::is_free")]
    pub orientation: Orientation,
}

impl Default for GpaBase {
    fn default() -> Self {
        let GpaParams { solver, max_iter, tol, orientation, .. } = GpaParams::default();
        Self { solver, max_iter, tol, orientation }
    }
}

impl Default for CorrectorBase {
    fn default() -> Self {
        Self::Gpa(GpaBase::default())
    }
}

impl CorrectorBase {
    /// GPA by the accelerated solver.
    pub fn accelerated() -> Self {
        Self::Gpa(GpaBase { solver: Solver::Accelerated, ..GpaBase::default() })
    }

    /// The method that fits the universe.
    pub(crate) fn method(self, constant_columns: ConstantColumns) -> Method {
        match self {
            Self::Gpa(GpaBase { solver, max_iter, tol, orientation }) => {
                GpaParams { solver, max_iter, tol, orientation, constant_columns, ..GpaParams::default() }.into()
            }
            Self::Gcca => GccaParams { constant_columns, ..GccaParams::default() }.into(),
        }
    }
}
