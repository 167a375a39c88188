//! A toy source to fetch from a server on loopback.
#![allow(dead_code, unused_imports, missing_docs, clippy::unwrap_used)] // each test binary uses a part

pub mod server;

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use fetch::{Endpoint, FetchError, Options, Report, Retry, Token};
use tempfile::TempDir;

pub use server::{Reply, Request, Server};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const TOKEN: &str = "hf_verysecret";

/// A number that follows from the last; for inputs that are many and the same every time.
pub fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 16
}

/// Bytes without pattern, so that a part in the wrong place does not go unseen.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..size).map(|_| next(&mut state) as u8).collect()
}

/// One file of one repository.
pub const ONE_FILE: &str = "
sources:
  - hub: {kind: dataset, repository: org/toy, branch: main, revision: null}
    files:
      - {path: data/train.bin, sha256: null}
";
pub const ONE_PATH: &str = "/datasets/org/toy/resolve/main/data/train.bin";

/// A cache, a source, and a record of what was said and waited.
pub struct Toy {
    folder: TempDir,
    pub options: Options,
    said: Arc<Mutex<Vec<String>>>,
    progress: Arc<Mutex<Vec<String>>>,
    waited: Arc<Mutex<Vec<Duration>>>,
}

impl Toy {
    /// A source `toy` with these `sources:` and the rest filled in, fetched from this hub.
    pub fn new(hub: &str, sources: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("sources");
        fs::create_dir(&dir).unwrap();
        let (said, waited) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (said_too, waited_too) = (Arc::clone(&said), Arc::clone(&waited));
        let progress = Arc::new(Mutex::new(Vec::new()));
        let progress_too = Arc::clone(&progress);
        let retry = Retry {
            attempts: 4,
            wait: Arc::new(move |pause| waited_too.lock().unwrap().push(pause)),
            ..Retry::default()
        };
        let options = Options {
            sources: dir,
            cache: folder.path().join("cache"),
            hub_cache: None,
            endpoint: Endpoint::parse(hub).unwrap(),
            token: Some(Token::parse(TOKEN).unwrap()),
            retry,
            offline: false,
            say: Arc::new(move |line| said_too.lock().unwrap().push(line.to_owned())),
            progress: Arc::new(move |at| progress_too.lock().unwrap().push(format!("{at:?}"))),
        };
        let toy = Self { folder, options, said, progress, waited };
        toy.source(sources);
        toy
    }

    pub fn source(&self, sources: &str) {
        let text = format!(
            "name: toy\ntitle: A toy\nlicence: CC0-1.0\nlicence_url: https://example.org/cc0\nredistribution: allowed\n\
             terms: Made for a test.\nsplits: {{rule: all of it}}\n{sources}\nviews:\n  \
             - {{name: a, of: x, modality: text, encoder: org/a, revision: null, pooling: mean}}\n  \
             - {{name: b, of: x, modality: text, encoder: org/b, revision: null, pooling: mean}}\n"
        );
        fs::write(self.options.sources.join("toy.yaml"), text).unwrap();
    }

    pub fn fetch(&self) -> Result<Report, FetchError> {
        fetch::fetch("toy", &self.options)
    }

    /// The text of the error, which must be one.
    pub fn error(&self) -> String {
        self.fetch().unwrap_err().to_string()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.options.cache.join("toy").join(path)
    }

    /// Names of the files in the source's folder, records of this crate apart.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != ".fetching" && name != "fetched.json").collect();
        names.sort();
        names
    }

    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// The progress as it was received.
    pub fn progress(&self) -> Vec<String> {
        self.progress.lock().unwrap().clone()
    }

    pub fn waited(&self) -> Vec<Duration> {
        self.waited.lock().unwrap().clone()
    }

    pub fn outside(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

pub fn sum(bytes: &[u8]) -> String {
    files::checksum::sha256(bytes)
}
