//! What several methods share: checks of parameters, the way back from a universe.

pub(crate) mod check;
pub mod decoder;
