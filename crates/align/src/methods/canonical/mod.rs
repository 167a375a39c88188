//! Methods of canonical correlation: each divides by the spectra of the views.

pub mod cca;
pub mod gcca;
mod spectrum;
pub mod sumcor;
mod wide;
