//! Grids of alignment experiments: which data, methods, tasks, training rows, noises and seeds, down to tables and figures.
//!
//! ```text
//! data-manifests/X.yaml ──load, verify sha256──▶ Views (M named matrices, same rows, splits, labels)    grid::source
//! experiments/G.yaml ──read──▶ Grid ──resolve──▶ Plan (cells, each with a stable id)                    grid
//!                                                            --dry-run stops here
//! cell: Views ─▶ pairing, validation rows, train rows, noise, widths ─▶ Method::fit ─▶ Fitted (+ FitReport) cells
//!       Fitted + held-out Views ─▶ Task::score ─▶ Scores ─▶ records, one file per cell, atomic         kept
//! results/G/: cells/*.parquet ─▶ records ─▶ tables (md, csv, tex) · figures (svg, png) · verdicts       tables, draw, claims,
//!                                       ─▶ report (html, md)                                            report
//! ```
//!
//! A grid in one process (`run`) and its parts in many (`commands::parts`: plan, run-cell, merge) are the same steps (`run`);
//! `slurm` has a cluster run the parts, `commands::status` says how far they are.
//! Tables, figures and verdicts read records and stored scores only, so they redraw without refitting.

// Whoever reads what is printed may leave, or have no room: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod cells;
#[cfg(feature = "cli")]
pub mod cli;
pub mod commands;
pub mod engine;
pub mod event;
pub mod run;
pub mod slurm;

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
