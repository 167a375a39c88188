//! From fetched tables to texts that encoders read, and from there to a data set.
//!
//! A [`Recipe`] says what the tables look like; [`gather`] reads them, matches rows across views and splits them;
//! [`write`](jobs::write) leaves a folder with one file of texts per part and split, the labels beside them, and `jobs.json`,
//! which says what every encoder has to do. When the embeddings are there, [`crate::import::embedded`] makes a data set of
//! the folder.

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
