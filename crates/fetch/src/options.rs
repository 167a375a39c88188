//! Options of a download.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use files::hub::HubCache;

use crate::{
    FetchError, Retry,
    cache::cache_dir,
    hub::{Endpoint, Token},
};

/// Progress of the download of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Bytes have arrived.
    At {
        /// Name of the file in messages.
        label: &'a str,
        /// Number of bytes so far, those of an earlier attempt included.
        done: u64,
        /// Number of bytes of the file, if the server gives it.
        size: Option<u64>,
    },
    /// The download has ended, well or not.
    Ended {
        /// Name of the file in messages.
        label: &'a str,
    },
}

/// Options of a download.
#[derive(Clone)]
pub struct Options {
    /// The folder of the source files.
    pub sources: PathBuf,
    /// The cache folder of downloads.
    pub cache: PathBuf,
    /// The cache of the hub's own programs, in which encoders are looked for before they are downloaded.
    pub hub_cache: Option<HubCache>,
    /// The hub.
    pub endpoint: Endpoint,
    /// Token for gated repositories.
    pub token: Option<Token>,
    /// Repetition of failed requests.
    pub retry: Retry,
    /// Do not use the network: existing files are verified, and a missing file is an error.
    pub offline: bool,
    /// Receives the lines for the user: the licence, and problems of the download.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
    /// Receives the progress of every file, after every piece of it that arrives.
    pub progress: Arc<dyn Fn(Progress<'_>) + Send + Sync>,
}

impl Options {
    /// Options from `ALIGN_DATA`, `HF_ENDPOINT`, `HF_TOKEN` and the variables of [`HubCache::from_env`]; lines for the user and progress are dropped until
    /// [`Options::say`] and [`Options::progress`] are set.
    ///
    /// # Errors
    /// A value that cannot be used, or no folder for the cache.
    pub fn from_env(sources: &Path) -> Result<Self, FetchError> {
        Ok(Self {
            sources: sources.to_owned(),
            cache: cache_dir()?,
            hub_cache: HubCache::from_env(),
            endpoint: Endpoint::from_env()?,
            token: Token::from_env()?,
            retry: Retry::default(),
            offline: false,
            say: Arc::new(|_| ()),
            progress: Arc::new(|_| ()),
        })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sources, cache, hub_cache, endpoint, token, retry, offline, say: _, progress: _ } = self;
        f.debug_struct("Options")
            .field("sources", sources)
            .field("cache", cache)
            .field("hub_cache", hub_cache)
            .field("endpoint", endpoint)
            .field("token", token)
            .field("retry", retry)
            .field("offline", offline)
            .finish_non_exhaustive()
    }
}
