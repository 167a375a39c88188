//! `fetched.json`: the origin and checksum of every downloaded file, with which later fetches compare.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use files::hub::Snapshot;
use serde::{Deserialize, Serialize};

use crate::{
    FetchError,
    cache::{self, Folder},
    hub::repository::Hub,
};

/// The records of one source's folder.
#[derive(Debug)]
pub(crate) struct Records {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// The commit of each repository and branch.
    #[serde(default)]
    revisions: BTreeMap<String, String>,
    /// Files that a path with `*` matched.
    #[serde(default)]
    listings: BTreeMap<String, Vec<String>>,
    /// Files by their path in the folder.
    #[serde(default)]
    files: BTreeMap<String, Record>,
    /// Files and folders that a person put there, by their path.
    #[serde(default)]
    put: BTreeMap<String, Put>,
    /// Folder in the hub's cache with the files, if they are not in this folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot: Option<PathBuf>,
}

/// Record of a file since its first download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) url: String,
    pub(crate) revision: Option<String>,
    pub(crate) sha256: String,
    pub(crate) size: u64,
}

/// Record of files that a person put there, since they were first complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    pub(crate) files: usize,
    pub(crate) sha256: String,
}

impl Records {
    pub(crate) fn open(folder: &Folder) -> Result<Self, FetchError> {
        Self::read(&folder.root)
    }

    /// The records of a folder that is not locked, for reading.
    pub(crate) fn read(root: &Path) -> Result<Self, FetchError> {
        let path = root.join(cache::RECORD);
        let content: Content = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|e| FetchError::Record { path: path.clone(), reason: e.to_string() })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Content::default(),
            Err(e) => return Err(FetchError::io(&path, "read it")(e)),
        };
        // The file lies in the cache, where anyone may have written it.
        let sums = content.files.values().map(|r| &r.sha256).chain(content.put.values().map(|p| &p.sha256));
        if let Some(sum) = sums.into_iter().find(|sum| !files::checksum::is_sha256(sum)) {
            return Err(FetchError::Record { path, reason: format!("`{sum}` is not a SHA-256") });
        }
        Ok(Self { path, content })
    }

    pub(crate) fn file(&self, path: &str) -> Option<&Record> {
        self.content.files.get(path)
    }

    pub(crate) fn keep_file(&mut self, path: &str, record: Record) -> Result<(), FetchError> {
        self.content.files.insert(path.to_owned(), record);
        self.write()
    }

    pub(crate) fn put(&self, path: &str) -> Option<&Put> {
        self.content.put.get(path)
    }

    pub(crate) fn keep_put(&mut self, path: &str, put: Put) -> Result<(), FetchError> {
        self.content.put.insert(path.to_owned(), put);
        self.write()
    }

    /// The commit of a repository's branch at the first download.
    pub(crate) fn revision(&self, hub: &Hub) -> Option<&str> {
        self.content.revisions.get(&branch(hub)).map(String::as_str)
    }

    pub(crate) fn keep_revision(&mut self, hub: &Hub, revision: &str) -> Result<(), FetchError> {
        if self.revision(hub) == Some(revision) {
            return Ok(());
        }
        self.content.revisions.insert(branch(hub), revision.to_owned());
        self.write()
    }

    pub(crate) fn listing(&self, hub: &Hub, pattern: &str) -> Option<&[String]> {
        self.content.listings.get(&listing(hub, pattern)).map(Vec::as_slice)
    }

    pub(crate) fn keep_listing(&mut self, hub: &Hub, pattern: &str, paths: &[String]) -> Result<(), FetchError> {
        self.content.listings.insert(listing(hub, pattern), paths.to_vec());
        self.write()
    }

    /// Folder in the hub's cache with the files, if they were used there.
    pub(crate) fn snapshot(&self) -> Option<&Path> {
        self.content.snapshot.as_deref()
    }

    /// Records the files of a snapshot in the hub's cache, and their list if it is the repository's.
    pub(crate) fn keep_snapshot(
        &mut self,
        hub: &Hub,
        snapshot: &Snapshot,
        listed: Option<(&str, Vec<String>)>,
        files: impl IntoIterator<Item = (String, Record)>,
    ) -> Result<(), FetchError> {
        self.content.snapshot = Some(snapshot.folder().to_owned());
        self.content.revisions.insert(branch(hub), snapshot.commit().to_owned());
        if let Some((pattern, paths)) = listed {
            self.content.listings.insert(listing(hub, pattern), paths);
        }
        self.content.files.extend(files);
        self.write()
    }

    /// Forgets that the files are in the hub's cache; their checksums stay.
    pub(crate) fn leave_snapshot(&mut self) -> Result<(), FetchError> {
        match self.content.snapshot.take() {
            Some(_) => self.write(),
            None => Ok(()),
        }
    }

    /// Forgets everything, in memory: the files of another commit are wanted.
    pub(crate) fn forget(&mut self) {
        self.content = Content::default();
    }

    fn write(&self) -> Result<(), FetchError> {
        let text = serde_json::to_string_pretty(&self.content)
            .map_err(|e| FetchError::Record { path: self.path.clone(), reason: e.to_string() })?;
        cache::write_whole(&self.path, format!("{text}\n").as_bytes())
    }
}

fn branch(hub: &Hub) -> String {
    format!("{}/{}@{}", hub.kind.plural(), hub.repository, hub.branch)
}

fn listing(hub: &Hub, pattern: &str) -> String {
    format!("{}:{pattern}", branch(hub))
}
