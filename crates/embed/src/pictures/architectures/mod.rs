//! Picture architectures, one file each, and the choice among them.

mod clip;
mod convnext;
pub(crate) mod load;
pub(super) mod model;
mod patches;
mod resnet;
mod vit;
