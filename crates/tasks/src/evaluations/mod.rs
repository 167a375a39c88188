//! Tasks, one file each: parameters, formula, scores.

pub(crate) mod clustering;
pub(crate) mod consistency;
pub(crate) mod cycle;
pub(crate) mod drift;
pub(crate) mod hubness;
mod parameters;
pub(crate) mod probing;
mod registry;
pub mod reid;
pub(crate) mod retrieval;
pub(crate) mod similarity;
pub(crate) mod stitching;
pub mod upgrade;
