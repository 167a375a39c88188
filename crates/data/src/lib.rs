//! Manifests, readers and checks: from files to matched views in memory.
//!
//! A *manifest* says which files make up a data set: views (one encoder's embeddings each), labels, ids
//! and groups, in splits, with licences and checksums. [`load`] reads it into an [`align::Dataset`],
//! refuses what cannot be compared, and counts what is odd but usable as [`Warning`]s.
//!
//! ```
//! use std::path::Path;
//!
//! let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
//! let manifest = data::Manifest::read(&root.join("data-manifests/massive10.yaml"))?;
//! let loaded = data::load(&manifest)?;
//! let train = &loaded.dataset.train;
//! assert_eq!((train.views.len(), train.views.rows()), (10, 4000));
//! assert_eq!(train.labels(None).map(|l| l.name.as_str()), Some("intent"));
//!
//! let three = loaded.select(&["en", "es", "fr"])?;
//! assert_eq!(three.test.views.names().collect::<Vec<_>>(), ["en", "es", "fr"]);
//! for line in data::summarise(&loaded.warnings) {
//!     println!("{line}");
//! }
//! # Ok::<(), data::DataError>(())
//! ```
//!
//! # In pieces, and out again
//!
//! [`Stream`] gives the rows of all views of a data set larger than memory, [`MatrixReader`] those of one file; [`MatrixWriter`] writes
//! a matrix as it comes. [`universe`] keeps a fitted method in a file. `crates/data/examples/own_files.rs` goes through all
//! of it.
//!
//! All YAML files of the project come in through [`yaml`], so that every complaint points at a line and
//! column; all file formats are registered in [`read`]. This crate knows no methods and no tasks.

mod check;
mod error;
mod export;
pub mod import;
mod load;
mod manifest;
mod messages;
pub mod moments;
mod pieces;
pub mod read;
pub mod texts;
pub mod universe;
mod warnings;
mod write;
pub mod yaml;

pub use check::{Checked, ClassFigures, ViewFigures, check};
pub use error::DataError;
pub use export::{ExportFormat, export};
pub use load::{Loaded, SetProblem, load};
pub use manifest::catalogue::{Absent, Found, catalogue, find};
pub use manifest::splits::SplitName;
pub use manifest::{Manifest, Named, Part, Source, View};
pub use messages::nearest::nearest;
pub use messages::place::Place;
pub use pieces::matrix_reader::{MatrixReader, MatrixRows};
pub use pieces::matrix_writer::MatrixWriter;
pub use pieces::stream::Stream;
pub use read::{FileProblem, sha256_file};
pub use warnings::{Warning, WarningKind, summarise};
pub use yaml::YamlProblem;

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
