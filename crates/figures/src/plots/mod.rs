//! One file per kind of figure: its data and its layout.

pub mod bars;
pub mod curves;
pub mod forest;
pub mod heatmap;
pub mod scatter;
