//! Grids: the grid file, its data, its plan.

pub mod figure_spec;
mod file;
pub mod keys;
pub mod only;
pub mod pick;
pub mod plan;
pub mod prepare;
pub mod settings;
pub mod source;
mod spelled;
mod terms;

pub use self::file::{DataSpec, Grid, Primary, SyntheticSpec, ViewSet};
pub use self::file::{lay_changes, lay_over};
/// Registers the methods that this crate's grid files have beyond those of `align`.
pub use select::register as register_methods;

pub use self::spelled::{Alias, bare_name, read_spelled};
pub use self::terms::{Condition, FitRows, Widths};

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
