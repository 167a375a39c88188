//! The harness in Python: grids on files and on arrays, their results, methods that are written in Python, recommendations.
//!
//! ```text
//! polyalign.run, polyalign.evaluate ─▶ grid::plan, runner::run ─▶ results in a folder       grids, events
//! polyalign.read_results            ─▶ store, report: records, tables, figures              results
//! `python: {module, class}`         ─▶ a class of Python, judged like any other method      own
//! ```
//!
//! Everything that is computed here is computed by the crates of the command line, so records and intervals are the same.

mod events;
pub mod grids;
pub mod own;
pub mod recommend;
pub mod results;
