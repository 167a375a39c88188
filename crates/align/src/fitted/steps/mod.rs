//! The way of a view into the universe and back, as a chain of steps.

mod affine;
mod kernel;
mod step;
mod view;

pub use kernel::KernelFeatures;
pub(super) use step::Aim;
pub use step::{Correction, LinearMap, Rescale, Step};
pub use view::ViewMap;
