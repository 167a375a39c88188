//! Kinds of figures, one file each: data and layout.

pub mod bars;
pub mod curves;
pub mod forest;
pub mod heatmap;
pub mod scatter;
