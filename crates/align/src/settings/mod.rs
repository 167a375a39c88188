//! Reading of parameters: [`choice`] for one of several names with settings, [`former_keys!`](crate::former_keys) for
//! keys of earlier versions.

mod choice;
mod former;

pub use choice::choice;
pub use former::{FormerKey, Watched};
