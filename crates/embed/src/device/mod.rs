//! Devices: the choice of one, and the operations that have a kernel of this crate on the CPU only.

mod choice;
#[cfg(test)]
mod goldens;
mod kernels;

pub use self::choice::Device;
#[cfg(test)]
pub(crate) use self::kernels::composed;
pub(crate) use self::kernels::{contiguous, contiguous_mut, has_kernels};
