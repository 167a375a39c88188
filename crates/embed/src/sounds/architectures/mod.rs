//! Architectures of sound encoders.

mod channel_norm;
mod convolutions;
mod hubert;
pub(crate) mod load;
pub(crate) mod model;
mod positions;
