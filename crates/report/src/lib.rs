//! What a grid comes to: tables, figures, comparisons, verdicts and a report, from the records and scores that a run has kept.
//! Nothing is fitted here, and nothing here knows how cells are run.
//!
//! ```text
//! records, scores ─▶ Samples ─▶ tables (md, csv, tex) · figures (svg, png) · verdicts      samples, tables, draw, claims
//!                                ─▶ report (html, md)                                      pages
//! ```

pub mod claims;
pub mod draw;
pub mod pages;
pub mod paper;
pub mod published;
pub mod samples;
pub mod settings;
pub mod tables;

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
