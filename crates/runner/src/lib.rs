//! Grids of alignment experiments: which data, methods, tasks, seeds and noises, down to tables and figures.
//!
//! ```text
//! data-manifests/X.yaml ──load, verify sha256──▶ Spaces (M named matrices, same rows, splits, labels)    source
//! experiments/G.yaml ──read──▶ Grid ──resolve──▶ Plan (cells, each with a stable id)                    grid, plan
//!                                                            --dry-run stops here
//! cell: Spaces ─▶ pairing, validation rows, noise on train, widths ─▶ Method::fit ─▶ Fitted (+ FitReport) prepare, fits
//!       Fitted + held-out Spaces ─▶ Task::score ─▶ Scores ─▶ records, one file per cell, atomic         execute, record, store
//! results/G/: cells/*.parquet ─▶ records ─▶ tables (md, csv, tex) · figures (svg, png) · verdicts       summary, tables,
//!                                                                                                       draw, paper, claims
//! ```
//!
//! Tables, figures and verdicts read records and stored scores only, so they redraw without refitting.

pub mod claims;
pub mod comparison;
pub mod cost;
pub mod datasets;
pub mod draw;
pub mod execute;
pub mod fetch;
pub mod figures;
pub mod fits;
pub mod grid;
pub mod list;
pub mod only;
pub mod paper;
pub mod plan;
pub mod prepare;
pub mod progress;
pub mod provenance;
pub mod record;
pub mod run;
pub mod scaling;
pub mod show;
pub mod source;
pub mod store;
pub mod summary;
pub mod table;
pub mod tables;
