//! Cells: what they are expected to cost, in which order they run and side by side with which others, the fits they share.

pub mod cost;
pub mod execute;
pub mod fits;
pub mod forecast;
pub mod interrupt;
pub mod isolate;
pub mod picture;
pub mod queue;
