//! Code that several methods share: checks of parameters, decoders, descriptions of parameters, groups of settings,
//! search spaces.

pub(crate) mod check;
pub mod columns;
pub mod decoder;
pub(crate) mod docs;
pub(crate) mod groups;
pub(crate) mod search;
