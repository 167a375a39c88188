//! `runner fit`, `project`, `translate` and `add-view`: a fitted method as a file, and what is done with it.

mod add;
mod apply;
mod fit;
pub mod moments;
mod place;

pub use add::{Add, add_view};
pub use apply::{Apply, Way, apply};
pub use fit::{Data, FitCell, FitOn, FitRequest, fit, fit_cell, fit_statistics, method};
