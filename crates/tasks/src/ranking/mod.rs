//! Who is near to whom: candidates in order, their ranks, the k nearest.

pub mod answers;
pub(crate) mod entries;
pub(crate) mod largest;
pub(crate) mod pairs;
pub mod ranks;
pub(crate) mod scoring;
