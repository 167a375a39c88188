//! From downloaded tables to texts for encoders, and from their embeddings to a data set.
//!
//! A [`Recipe`] describes the tables. [`gather`] reads them, matches rows across views and splits them.
//! [`write`](jobs::write) creates a folder with one file of texts per part and split, the labels, and `jobs.json`,
//! which lists the jobs of the encoders. After the embeddings are made, [`crate::import::embedded`] makes a data set
//! from the folder.

mod gather;
pub mod jobs;
mod problem;
mod recipe;
mod shuffle;

pub use gather::{Gathered, Items, gather};
pub use problem::TextProblem;
pub use recipe::{Empty, Layout, OF, Recipe, Shuffle};
pub use shuffle::python_shuffle;

pub(crate) use gather::problem;
