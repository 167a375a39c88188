//! Manifests, readers and checks: from files to matched views in memory.
//!
//! A *manifest* lists the files of a data set: views (one encoder's embeddings each), labels, ids
//! and groups, in splits, with licences and checksums. [`load`] reads them into an [`align::Dataset`],
//! refuses files that do not fit together, and counts unusual but usable content as [`Warning`]s.
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
//! # Reading and writing in pieces
//!
//! [`Stream`] reads the rows of all views of a data set larger than memory, and [`MatrixReader`] the rows of one file.
//! [`MatrixWriter`] writes a matrix piece by piece. [`universe`] stores a fitted method in a file.
//! `crates/data/examples/own_files.rs` shows all of them.
//!
//! [`yaml`] reads all YAML files of the project, so that every error names a line and column. All file formats are registered in
//! [`read`]. This crate knows no methods and no tasks.

mod check;
mod error;
mod export;
pub mod import;
pub mod items;
mod judgements;
mod load;
mod manifest;
pub mod maps;
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
pub use load::{Loaded, SetProblem, Training, load, load_training};
pub use manifest::catalogue::{Absent, Found, catalogue, find};
pub use manifest::roles::{ItemSet, JudgedBy, JudgementFile, OwnItems, QuerySet, Roles};
pub use manifest::splits::SplitName;
pub use manifest::{Manifest, Named, Part, Source, View};
pub use messages::nearest::nearest;
pub use messages::place::Place;
pub use messages::words::grouped;
pub use pieces::matrix_reader::{MatrixReader, MatrixRows};
pub use pieces::matrix_writer::MatrixWriter;
pub use pieces::stream::Stream;
pub use read::{FileProblem, sha256_file};
pub use warnings::{Warning, WarningKind, summarise};
pub use yaml::YamlProblem;

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
