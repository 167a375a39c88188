//! Messages of a download: the licence before it, and the result after it.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    manual::Standing,
    record::Record,
    source::{Redistribution, Source},
};

/// Result of a download.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Name of the source.
    pub name: String,
    /// Folder of the source in the cache.
    pub folder: PathBuf,
    /// Files in the order of the source file.
    pub files: Vec<Fetched>,
    /// Commit of the snapshot in the hub's cache, if the files are used there.
    pub hub_cache: Option<String>,
    /// State of the files that a person has to download, in the order of the source file.
    pub manual: Vec<Standing>,
    /// Files and folders of pictures that a person put there and that were checked: path below the folder, SHA-256. That
    /// of a folder is of the names and contents of its JPEG pictures.
    pub put: BTreeMap<String, String>,
}

/// An existing and verified file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// Path of the file.
    pub path: PathBuf,
    /// Address of the file.
    pub url: String,
    /// Commit of the file, if there is one.
    pub revision: Option<String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Whether the file was downloaded now; otherwise it existed before.
    pub new: bool,
}

impl Fetched {
    pub(crate) fn of(path: PathBuf, record: Record, new: bool) -> Self {
        let Record { url, revision, sha256, size } = record;
        Self { path, url, revision, sha256, size, new }
    }
}

impl Report {
    /// The files' paths below the folder, written with `/`.
    pub fn names(&self) -> Vec<String> {
        let name = |file: &Fetched| {
            let below = file.path.strip_prefix(&self.folder).unwrap_or(&file.path);
            below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        };
        self.files.iter().map(name).collect()
    }

    /// Whether nothing is left for a person to download.
    pub fn is_complete(&self) -> bool {
        self.manual.iter().all(|standing| *standing == Standing::Complete)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let new = self.files.iter().filter(|file| file.new).count();
        let bytes: u64 = self.files.iter().map(|file| file.size).sum();
        let there = self.files.len() - new;
        write!(f, "{}: ", self.name)?;
        match &self.hub_cache {
            Some(commit) => {
                write!(f, "{there} files in the hub's cache, of commit {commit}, {bytes} bytes, all verified; ")?
            }
            None if self.files.is_empty() => {}
            None => write!(f, "{new} downloaded, {there} there already, {bytes} bytes, all verified; ")?,
        }
        let complete = self.manual.iter().filter(|standing| **standing == Standing::Complete).count();
        if !self.manual.is_empty() {
            write!(f, "{complete} of {} parts put there by hand; ", self.manual.len())?;
        }
        write!(f, "in {}", self.folder.display())?;
        for standing in &self.manual {
            if let Standing::Wanting(text) = standing {
                write!(f, "\n\n{text}")?;
            }
        }
        Ok(())
    }
}

/// Facts that the user must know before the download.
pub(crate) fn notice(source: &Source, folder: &Path) -> String {
    let passing_on = match source.redistribution {
        Redistribution::Allowed => "may be passed on under that licence",
        Redistribution::Forbidden => "may not be passed on",
        Redistribution::Unclear => "nothing is said on passing it on, so do not",
    };
    format!(
        "{}\n  licence: {} ({}); {passing_on}\n  {}\n  into {}",
        source.title,
        source.licence,
        source.licence_url,
        source.terms,
        folder.display()
    )
}
