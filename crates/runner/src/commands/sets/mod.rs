//! Commands on data sets: import, check, export, downloads, texts for encoders.

pub mod datasets;
#[cfg(feature = "fetch")]
pub mod fetch;
#[cfg(feature = "fetch")]
pub mod texts;
