//! What a method of alignment is: [`Aligner`], what it is given, and [`Method`], which holds any of them.
//!
//! A method is a type with parameters. It implements [`Aligner`], and where it needs no more of the rows than their second
//! moments, [`MomentAligner`] as well; [`Method::from`] makes a [`Method`] of it. [`Method::register`] gives its name to grid
//! files: from then on it is read, listed, fitted and kept as the built-in ones are.

mod input;
mod method;
mod needs;
mod stream;

pub use input::FitInput;
pub use method::{Aligner, BaseFit, BaseViews, Method, MomentAligner, StreamAligner, fit_as_one_type};
pub use needs::{FitSize, MomentSpec, Needs, SearchSpace};
pub use stream::RowSource;
