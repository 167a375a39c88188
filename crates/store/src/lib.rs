//! What is kept on disk, and how it survives: records and scores, sealed and whole or not at all, by one runner at a time.

pub mod cells;
pub mod checksum;
pub mod durable;
pub mod gather;
pub mod keeper;
pub mod lock;
pub mod picture;
pub mod provenance;
pub mod record;

/// Text as part of a file name: runs of other characters than letters, digits and `_` become one `-`.
pub fn slug(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
