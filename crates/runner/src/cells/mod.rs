//! Cells: their forecasts, their order, their parallel execution, and the fits that they share.

pub mod cost;
pub mod execute;
pub mod fits;
pub mod forecast;
pub mod interrupt;
pub mod isolate;
pub mod picture;
pub mod queue;
