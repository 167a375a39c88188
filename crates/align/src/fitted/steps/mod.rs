//! The way of a view into the universe and back, as a chain of steps.

mod affine;
mod kernel;
mod step;
mod view;

pub(super) use affine::affine;
pub use kernel::KernelFeatures;
pub(super) use step::{Aim, with_lengths};
pub use step::{Correction, LinearMap, Rescale, Step};
pub use view::ViewMap;
