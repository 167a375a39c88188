//! Confidence of mapped queries, and what it is worth: risk against coverage.

mod coverage;
mod distance;

pub use coverage::{Aurc, COVERAGES, RiskCoverage};
pub use distance::{PairDistance, agreement};
