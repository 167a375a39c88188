//! `results/<grid>/report.html`: everything that a grid came to, on one page that needs nothing else.
//!
//! ```text
//! records, scores, about.json ──▶ Results ──▶ tables, figures, verdicts                     contents, about
//!                                 Results ──▶ report.html: a template, styles and scripts   page, data, problems, intervals
//!                                         ──▶ report.md                                      markdown
//! two folders ──▶ compare_<other>.html and its table                                         compare
//! ```
//!
//! The page asks for nothing: its policy (`Content-Security-Policy`) forbids every request. What is read stands in the HTML, so
//! that it prints and can be read without scripts; the scripts in `assets/` sort, filter, zoom and download. Everything is
//! computed from files that a run has written; nothing is fitted.

pub mod about;
pub mod compare;
pub mod contents;
mod data;
mod intervals;
mod markdown;
mod page;
mod problems;
mod template;

use std::path::Path;

use anyhow::Result;

use crate::run::close;

/// Draws a folder of results anew (tables, figures and report, from its records and scores), or sets another one beside it.
///
/// # Errors
/// No records there; files that are not what this version writes; a folder that cannot be written.
pub fn draw(folder: &Path, beside: Option<&Path>) -> Result<()> {
    let files = match beside {
        Some(other) => compare::write(folder, other)?,
        None => contents::draw(folder)?,
    };
    close(&files);
    Ok(())
}
