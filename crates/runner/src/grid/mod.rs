//! What was asked for: the grid file, its data, its plan.

pub mod asked;
mod file;
pub(crate) mod given;
pub mod keys;
pub mod only;
pub mod pick;
pub mod plan;
pub mod prepare;
pub mod source;
mod spelled;
mod terms;

pub(crate) use self::file::lay_over;
pub use self::file::{DataSpec, Grid, PlantedSpec, Primary, ViewSet};
pub(crate) use self::spelled::bare_name;
