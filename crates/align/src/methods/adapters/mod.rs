//! Methods that map queries of a new model to the index of an old one.

pub mod low_rank;
pub mod residual;
mod training;

pub use training::PairTraining;
