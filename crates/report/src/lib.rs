//! Results of a grid: tables, figures, comparisons, verdicts and a report, from the stored records and scores of a run. This crate
//! fits nothing and does not know how cells are run.
//!
//! ```text
//! records, scores ─▶ Samples ─▶ tables (md, csv, tex) · figures (svg, png) · verdicts      samples, tables, draw, claims
//!                                ─▶ report (html, md)                                      pages
//! ```

pub mod claims;
pub mod contrast;
pub mod draw;
pub mod learning_curves;
pub mod pages;
pub mod paper;
pub mod published;
pub mod samples;
pub mod selection;
pub mod settings;
pub mod tables;

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
