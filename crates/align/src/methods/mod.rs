//! One file per method: its parameters, its formula, its fit.

pub mod decoder;
pub mod extend;
pub mod gcca;
pub mod gcpa;
pub mod gpa;
pub mod na;
pub mod pairwise;
