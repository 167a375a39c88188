//! One file or folder per method: its parameters, its formula, its fit.

mod canonical;
pub mod extend;
pub mod gcpa;
pub mod gpa;
pub mod hub;
pub mod linear;
pub mod na;
pub mod pairwise;
mod registry;
pub mod relative;
pub(crate) mod shared;
pub mod srm;

pub use canonical::{cca, gcca, sumcor};
pub use shared::decoder;
