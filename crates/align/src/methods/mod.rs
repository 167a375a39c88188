//! One file per method: its parameters, its formula, its fit.

pub mod cca;
pub(crate) mod check;
pub mod decoder;
pub mod extend;
pub mod gcca;
pub mod gcpa;
pub mod gpa;
pub mod hub;
pub mod linear;
pub mod na;
pub mod pairwise;
mod registry;
pub mod relative;
mod spectrum;
pub mod srm;
pub mod sumcor;
