//! Ranking of candidates: their order, the ranks of right answers, nearest neighbours.

pub mod answers;
pub(crate) mod arc;
pub(crate) mod bank;
pub(crate) mod entries;
pub(crate) mod hubs;
pub(crate) mod largest;
pub(crate) mod pairs;
pub mod ranks;
pub(crate) mod scoring;
pub mod search;
