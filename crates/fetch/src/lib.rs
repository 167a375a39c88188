//! Downloads of raw material: from a name to verified files in a cache.
//!
//! A *source file* in `data-manifests/sources/` lists the raw material of a data set: repositories on the hub, other
//! addresses, and files that only a person can download. [`fetch`] downloads it into the cache, resumes interrupted
//! downloads, verifies every file, and records the origin of each file in `fetched.json`. A later fetch then needs no
//! network and notices changed files. [`encoder()`] uses an encoder in the cache of the hub's own programs where it is.
//!
//! ```no_run
//! let options = fetch::Options::from_env("data-manifests/sources".as_ref())?;
//! let report = fetch::fetch("massive", &options)?;
//! for file in &report.files {
//!     println!("{} {}", file.sha256, file.path.display());
//! }
//! # Ok::<(), fetch::FetchError>(())
//! ```
//!
//! Only https is used, except for a hub that `HF_ENDPOINT` names with http. `HF_TOKEN` is sent to the hub and nowhere else, not
//! even to the targets of the hub's redirects, and it is never shown. Nothing is written outside the cache. All HTTP of the
//! project is in this crate; it knows no embeddings, methods and tasks.

// Whoever reads what is printed may leave, or have no room: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod cache;
mod cached;
mod encoder;
mod error;
mod http;
mod hub;
mod manual;
mod needed;
mod options;
mod record;
mod report;
mod run;
pub mod source;

pub use cache::cache_dir;
pub use encoder::{encoder, encoder_place};
pub use error::FetchError;
pub use http::retry::Retry;
pub use hub::{Endpoint, Token};
pub use manual::Standing;
pub use options::{Options, Progress};
pub use report::{Fetched, Report};
pub use source::{Source, sources_dir};

use std::collections::BTreeMap;

use crate::{run::Run, source::Origin};

/// Downloads the raw material of a data set into the cache. The data set is given by the name of a source file, or by
/// its path.
///
/// Recorded files in the cache are verified and not requested again. Files that only a person can download are checked;
/// if they are missing, the report says so, which is not an error.
///
/// # Errors
/// An unknown source or one with errors; a server that refuses, or that fails in every attempt; a file with another
/// content than expected, or one that changed after its download; a path that would leave the cache; errors of the
/// system.
pub fn fetch(name_or_path: &str, options: &Options) -> Result<Report, FetchError> {
    let source = Source::find(name_or_path, &options.sources)?;
    let mut run = Run::start(options, &options.cache, &source.name)?;
    (options.say)(&report::notice(&source, &run.folder.root));
    for origin in &source.origins {
        match origin {
            Origin::Hub { hub, files } => {
                for file in files {
                    run.of_hub(hub, &file.path, file.sha256.as_deref())?;
                }
            }
            Origin::Web { url, file, sha256 } => {
                run.one(url.clone(), file, sha256.as_deref(), None, None)?;
            }
        }
    }
    let (mut manual, mut put) = (Vec::new(), BTreeMap::new());
    for part in &source.manual {
        manual.push(manual::check(part, &run.folder, &mut run.records, &mut put)?);
    }
    Ok(Report { name: source.name, folder: run.folder.root.clone(), files: run.files, hub_cache: None, manual, put })
}

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
