//! What a method returns: fitted maps with one way to use them.

mod add;
mod calibrated;
mod fit;
mod input;
mod kinds;
mod own;
mod pairs;
mod projections;
pub(crate) mod residual;
mod row_map;
mod steps;
mod universe;

pub use crate::corrector::residual::ResidualWeights;
pub use add::AddForm;
pub(crate) use add::mean_over_views;
pub use fit::{Fit, Fitted};
pub use input::InputSpace;
pub use kinds::{Coordinates, LinearStep};
pub use own::FittedMaps;
pub use pairs::PairMaps;
pub use projections::Projections;
pub use residual::ResidualMaps;
pub use row_map::{AffineMap, MapStep, RowMap};
pub use steps::{Correction, KernelFeatures, LinearMap, Rescale, Step, ViewMap};
pub use universe::Universe;
