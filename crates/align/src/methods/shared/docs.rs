//! Parameters that several methods have, as lists show them.

use crate::named::ParameterDoc;

/// What happens to columns that are constant on the training rows.
pub(crate) const CONSTANT_COLUMNS: ParameterDoc = constant_columns("constant_columns");

/// The same as a part of a setting.
pub(crate) const fn constant_columns(name: &'static str) -> ParameterDoc {
    let about = "Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released";
    ParameterDoc::new(name, "clamp", "clamp, released", about)
}

/// The way back from a universe, with its default.
pub(crate) const fn decoder(default: &'static str) -> ParameterDoc {
    let about = "Map from the universe back to a view";
    ParameterDoc::new("decoder", default, "transpose, pseudo_inverse, least_squares", about)
}

/// The universe that a corrector starts from.
pub(crate) const BASE: ParameterDoc =
    ParameterDoc::new("base", "gpa", "gpa, gcca", "Method that fits the universe that is corrected");

/// Settings of its GPA, which mean the same as those of the method `gpa`.
pub(crate) const BASE_SOLVER: ParameterDoc =
    ParameterDoc::new("base.gpa.solver", "released", "released, accelerated", "Solver of GPA");
pub(crate) const BASE_MAX_ITER: ParameterDoc = ParameterDoc::new(
    "base.gpa.max_iter",
    "null",
    "integer >= 1, or null",
    "Maximum number of sweeps of GPA; null is 100 released, 500 accelerated",
);
pub(crate) const BASE_TOL: ParameterDoc =
    ParameterDoc::new("base.gpa.tol", "1e-8", "number >= 0", "Stop GPA when a sweep changes less than this");
pub(crate) const BASE_ORIENTATION: ParameterDoc = ParameterDoc::new(
    "base.gpa.orientation",
    "",
    "principal",
    "Rotate GPA's universe to the principal axes of the consensus",
);
