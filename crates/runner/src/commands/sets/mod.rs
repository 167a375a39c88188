//! Commands on data sets: import, check, export, downloads, texts for encoders.

pub mod datasets;
pub mod fetch;
pub mod texts;
