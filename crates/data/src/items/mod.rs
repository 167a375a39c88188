//! From downloaded pictures, sounds and captions to the work of encoders.
//!
//! A [`Recipe`] says how the items of each split are listed and where the parts that views see are found. [`gather`]
//! reads the listing and finds the parts. [`write()`] creates a folder with the lists of every part, the labels, and
//! `jobs.json`. From there on a data set of pictures and one of [texts](crate::texts) are made in the same way.

mod archive;
mod folders;
mod gather;
mod gathered;
mod listed;
mod pattern;
mod recipe;
mod tables;
mod work;

pub use gather::gather;
pub use gathered::{Entries, Gathered, Items, Material};
pub use pattern::Pattern;
pub use recipe::{Content, Field, HoldOut, Listing, Named, Recipe};
pub use work::{Edges, write};
