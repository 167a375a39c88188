//! Picture architectures, one file each, and the choice among them.

mod clip;
mod convnext;
mod dinov3;
pub(crate) mod load;
mod mobilenet;
pub(super) mod model;
mod parts;
mod resnet;
mod swin;
mod vit;
