//! Picture architectures, one file each.

pub(super) mod clip;
pub(super) mod convnext;
pub(super) mod model;
mod patches;
pub(super) mod resnet;
pub(super) mod vit;
