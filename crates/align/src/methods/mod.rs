//! Methods, one file or folder each: parameters, formula, fit.

pub mod adapters;
pub mod add_view;
mod canonical;
pub mod consensus_ridge;
pub mod gcpa;
pub mod gpa;
pub mod kernel_gcca;
pub mod na;
pub mod pairwise;
pub mod pivot;
mod registry;
pub mod relative;
pub(crate) mod shared;
pub mod srm;
mod statistics;
mod streamed;

pub use canonical::{cca, gcca, sumcor};
pub use shared::{columns, decoder};
