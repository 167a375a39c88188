//! Code that several methods share: checks of parameters, decoders, descriptions of parameters.

pub(crate) mod check;
pub mod decoder;
pub(crate) mod docs;
