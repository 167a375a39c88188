//! Text architectures, one file each, and the choice among them.

mod bert;
mod clip;
mod distilbert;
pub(crate) mod load;
pub(super) mod model;
mod mpnet;
mod relative;
mod t5;
