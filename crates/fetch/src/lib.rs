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
mod download;
mod encoder;
mod error;
mod http;
mod hub;
mod listing;
mod manual;
mod progress;
mod record;
mod report;
mod retry;
pub mod source;
mod texts;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use cache::cache_dir;
pub use encoder::{encoder, encoder_place};
pub use error::FetchError;
pub use hub::{Endpoint, Token};
pub use manual::Standing;
pub use report::{Fetched, Report};
pub use retry::Retry;
pub use source::{Source, sources_dir};

use crate::{
    cache::Folder,
    download::Job,
    http::Client,
    listing::Look,
    record::{Record, Records},
    source::{Hub, Origin},
};

/// How to fetch.
#[derive(Clone)]
pub struct Options {
    /// The folder of the source files.
    pub sources: PathBuf,
    /// Where downloads are kept.
    pub cache: PathBuf,
    /// The hub.
    pub endpoint: Endpoint,
    /// Opens gated repositories.
    pub token: Option<Token>,
    /// What is done when a request fails.
    pub retry: Retry,
    /// Ask nobody: what is there is verified, what is not is an error.
    pub offline: bool,
    /// Takes the lines that are for the user: the licence, and what goes wrong on the way.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Options {
    /// From `ALIGN_DATA`, `HF_ENDPOINT` and `HF_TOKEN`; lines go to standard error.
    ///
    /// # Errors
    /// A value that cannot be used, or no folder for the cache.
    pub fn from_env(sources: &Path) -> Result<Self, FetchError> {
        Ok(Self {
            sources: sources.to_owned(),
            cache: cache_dir()?,
            endpoint: Endpoint::from_env()?,
            token: Token::from_env()?,
            retry: Retry::default(),
            offline: false,
            say: Arc::new(|line| say::err!("{line}")),
        })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sources, cache, endpoint, token, retry, offline, say: _ } = self;
        f.debug_struct("Options")
            .field("sources", sources)
            .field("cache", cache)
            .field("endpoint", endpoint)
            .field("token", token)
            .field("retry", retry)
            .field("offline", offline)
            .finish_non_exhaustive()
    }
}

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

/// One fetch under way.
struct Run<'a> {
    options: &'a Options,
    folder: Folder,
    records: Records,
    client: Client,
    files: Vec<Fetched>,
}

impl<'a> Run<'a> {
    fn start(options: &'a Options, cache: &Path, name: &str) -> Result<Self, FetchError> {
        let folder = Folder::open(cache, name)?;
        let records = Records::open(&folder)?;
        let client = Client::new(options.endpoint.clone(), options.token.clone())?;
        Ok(Self { options, folder, records, client, files: Vec::new() })
    }

    fn look(&self) -> Look<'_> {
        Look { client: &self.client, retry: &self.options.retry, say: &*self.options.say }
    }

    /// Whether what is not there may be asked for.
    fn may_ask(&self, path: &str) -> Result<(), FetchError> {
        match self.options.offline {
            true => Err(FetchError::Offline { path: self.folder.root.join(path) }),
            false => Ok(()),
        }
    }

    fn of_hub(&mut self, hub: &Hub, path: &str, sha256: Option<&str>) -> Result<(), FetchError> {
        if !path.contains('*') {
            return self.one_of_hub(hub, path, sha256);
        }
        let paths = match self.records.listing(hub, path) {
            Some(paths) => paths.to_vec(),
            None => {
                self.may_ask(path)?;
                let revision = self.revision(hub);
                let paths = self.look().expand(hub, &revision, path)?;
                self.records.keep_listing(hub, path, &paths)?;
                paths
            }
        };
        paths.iter().try_for_each(|path| self.one_of_hub(hub, path, None))
    }

    fn one_of_hub(&mut self, hub: &Hub, path: &str, sha256: Option<&str>) -> Result<(), FetchError> {
        let revision = self.revision(hub);
        let url = self.client.endpoint().file(hub, &revision, path);
        self.one(url, path, sha256, Some(hub), Some(revision))
    }

    /// The commit that all files of a repository are taken from, once one is known; until then the branch.
    fn revision(&self, hub: &Hub) -> String {
        hub.revision.as_deref().or(self.records.revision(hub)).unwrap_or(&hub.branch).to_owned()
    }

    fn one(
        &mut self,
        url: url::Url,
        path: &str,
        sha256: Option<&str>,
        hub: Option<&Hub>,
        asked: Option<String>,
    ) -> Result<(), FetchError> {
        let to = cache::place(&self.folder.root, path)?;
        let known = self.records.file(path).cloned();
        let mut wanted: Vec<(String, &'static str)> = Vec::new();
        wanted.extend(sha256.map(|sum| (sum.to_lowercase(), "the source file")));
        wanted.extend(known.as_ref().map(|known| (known.sha256.clone(), "fetched.json")));
        if to.exists() {
            let (record, recorded) = self.present(&to, known, &wanted, hub::shown(&url), asked)?;
            if !recorded {
                self.records.keep_file(path, record.clone())?;
            }
            self.files.push(Fetched::of(to, record, false));
            return Ok(());
        }
        self.may_ask(path)?;
        let job = Job { url, to: &to, wanted, label: path };
        let whole = download::download(&self.client, &self.options.retry, &job, &*self.options.say)?;
        if let (Some(hub), Some(commit)) = (hub, &whole.commit) {
            self.records.keep_revision(hub, commit)?;
        }
        let revision = whole.commit.clone().or(asked);
        let record = Record { url: hub::shown(&job.url), revision, sha256: whole.sha256.clone(), size: whole.size };
        self.records.keep_file(path, record.clone())?;
        whole.finish()?;
        self.files.push(Fetched::of(to, record, true));
        Ok(())
    }

    /// A file that is there: what was fetched, or what the source file describes, and nothing else.
    fn present(
        &self,
        to: &Path,
        known: Option<Record>,
        wanted: &[(String, &'static str)],
        url: String,
        revision: Option<String>,
    ) -> Result<(Record, bool), FetchError> {
        if wanted.is_empty() {
            return Err(FetchError::Unrecorded { path: to.to_owned() });
        }
        let size = std::fs::metadata(to).map_err(FetchError::io(to, "read it"))?.len();
        if let Some(known) = known.as_ref().filter(|known| known.size != size) {
            let (found, wanted) = (format!("{size} bytes"), format!("{} bytes", known.size));
            return Err(FetchError::Changed { path: to.to_owned(), found, wanted });
        }
        let (sha256, size) = cache::sum(to)?;
        if let Some((wanted, said_by)) = wanted.iter().find(|(wanted, _)| *wanted != sha256) {
            let (found, wanted) = (format!("SHA-256 {sha256}"), format!("SHA-256 {wanted}"));
            return Err(match *said_by {
                "fetched.json" => FetchError::Changed { path: to.to_owned(), found, wanted },
                _ => FetchError::Unrecorded { path: to.to_owned() },
            });
        }
        let recorded = known.is_some();
        Ok((known.unwrap_or(Record { url, revision, sha256, size }), recorded))
    }
}
