//! The store of results on disk: records and scores in atomic files with checksums, written by one runner at a time.

pub mod cells;
pub mod checksum;
pub mod durable;
pub mod gather;
pub mod keeper;
pub mod lock;
pub mod picture;
pub mod provenance;
pub mod record;
mod scores;
pub mod selection;

/// Text as part of a file name: runs of other characters than letters, digits and `_` become one `-`.
pub fn slug(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
