//! Parts that several picture architectures share.

mod batch_norm;
mod depthwise;
mod patches;
mod positions;
mod windows;

pub(super) use self::batch_norm::BatchNorm;
pub(super) use self::depthwise::{Depthwise, Places, Step};
pub(super) use self::patches::Patches;
pub(super) use self::positions::Positions;
pub(super) use self::windows::{Gather, Windows, merged};
