//! The commands `runner recommend`, `upgrade`, `fit`, `project`, `translate`, `export-map` and `add-view`: files of fitted
//! methods.

mod add;
mod apply;
mod export_map;
mod fit;
pub mod moments;
mod origin;
mod place;
mod recommend;
mod streamed;
pub mod upgrade;
mod watched;

pub use add::{Add, add_view};
pub use apply::{Apply, Way, apply};
pub use export_map::{ExportMap, export_map};
pub use fit::{FitCell, FitOn, FitRequest, fit, fit_cell, fit_statistics, method};
pub use origin::Data;
pub use recommend::{RecommendRequest, Recommended, Written, page, reason, recommend};
