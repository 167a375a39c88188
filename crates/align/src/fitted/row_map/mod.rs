//! The map of a fit from one view to another, or to the universe, as a few steps that other programs can do.

mod fold;
mod map;
mod of_fit;

pub(in crate::fitted) use fold::of_steps;
pub use map::{AffineMap, MapStep, RowMap};
