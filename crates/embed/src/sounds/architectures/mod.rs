//! Architectures of sound encoders.

mod convolutions;
mod hubert;
pub(crate) mod load;
pub(crate) mod model;
mod positions;
