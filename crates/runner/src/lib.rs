//! Grids of alignment experiments: which data, methods, tasks, seeds and noises, down to tables and figures.
//!
//! ```text
//! data-manifests/X.yaml ──load, verify sha256──▶ Spaces (M named matrices, same rows, splits, labels)    source
//! experiments/G.yaml ──read──▶ Grid ──resolve──▶ Plan (cells, each with a stable id)                    grid, plan
//!                                                            --dry-run stops here
//! cell: Spaces ─▶ pairing, validation rows, noise on train, widths ─▶ Method::fit ─▶ Fitted (+ FitReport) prepare, fits
//!       Fitted + held-out Spaces ─▶ Task::score ─▶ Scores ─▶ records, one file per cell, atomic         execute, record, store,
//!                                                                                                       queue, keeper, durable
//! results/G/: cells/*.parquet ─▶ records ─▶ tables (md, csv, tex) · figures (svg, png) · verdicts       prepared, finished,
//!                                       ─▶ report (html, md)                                            summary, tables, draw,
//!                                                                                                       paper, claims, report
//! ```
//!
//! A grid in one process (`run`) and its parts in many (`verbs`: plan, run-cell, merge) are the same steps (`prepared`);
//! `slurm` has a cluster run the parts, `status` says how far they are.
//! Tables, figures and verdicts read records and stored scores only, so they redraw without refitting.

pub mod agreement;
pub mod board;
pub mod claims;
pub mod comparison;
pub mod cost;
pub mod datasets;
pub mod draw;
pub mod durable;
pub mod execute;
pub mod fetch;
pub mod finished;
pub mod fits;
pub mod forecast;
pub mod grid;
pub mod interrupt;
pub mod isolate;
pub mod keeper;
pub mod latex;
pub mod leaderboard;
pub mod list;
pub mod lock;
pub mod moments;
pub mod only;
pub mod paper;
pub mod pick;
pub mod picture;
pub mod plan;
pub mod plan_file;
pub mod prepare;
pub mod prepared;
pub mod processors;
pub mod progress;
pub mod provenance;
pub mod queue;
pub mod record;
pub mod report;
pub mod run;
pub mod scaling;
pub mod seal;
pub mod show;
pub mod slurm;
pub mod source;
pub mod status;
pub mod store;
pub mod summary;
pub mod table;
pub mod tables;
pub mod texts;
pub mod universe;
pub mod verbs;
pub mod verify;
