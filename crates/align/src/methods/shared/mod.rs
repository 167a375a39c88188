//! Code that several methods share: checks of parameters, and decoders.

pub(crate) mod check;
pub mod decoder;
