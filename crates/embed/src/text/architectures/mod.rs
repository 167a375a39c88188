//! One file per architecture that reads texts, and which of them a folder holds.

mod bert;
mod clip;
mod distilbert;
pub(super) mod load;
pub(super) mod model;
mod mpnet;
mod relative;
mod t5;
