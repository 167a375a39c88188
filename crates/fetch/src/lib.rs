//! Downloads of raw material: from a name to verified files in a cache.
//!
//! A *source file* in `data-manifests/sources/` says what a data set is made from: repositories on the
//! hub, other addresses, and what only a person can download. [`fetch`] brings it into the cache, goes on
//! where it was cut, verifies every file, and records in `fetched.json` what came from where, so that a
//! later fetch asks nobody and finds out when a file has changed.
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
//! Only https is spoken, except with a hub that `HF_ENDPOINT` names as http. `HF_TOKEN` goes to the hub
//! and nowhere else, also when the hub leads elsewhere, and is never shown. Nothing is written outside
//! the cache. All HTTP of the project is in this crate; it knows no embeddings, methods and tasks.

// Whoever reads what is printed may leave, or have no room: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod cache;
mod encoder;
mod error;
mod http;
mod hub;
mod manual;
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
pub use options::Options;
pub use report::{Fetched, Report};
pub use source::{Source, sources_dir};

use crate::{run::Run, source::Origin};

/// Brings the raw material of a data set into the cache: a name in the folder of sources, or the path of
/// a source file.
///
/// Files that are there and recorded are verified and not asked for again. What only a person can
/// download is checked, and what is missing of it is said in the report, not an error.
///
/// # Errors
/// No such source or a broken one; a server that refuses, or fails as often as it may; a file that is not
/// the one wanted, now or since it was fetched; a path that would leave the cache; the system's own.
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
    let mut manual = Vec::new();
    for part in &source.manual {
        manual.push(manual::check(part, &run.folder, &mut run.records)?);
    }
    Ok(Report { name: source.name, folder: run.folder.root.clone(), files: run.files, manual })
}

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
