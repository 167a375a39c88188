//! What can go wrong between a name and its files on disk.

use std::{fmt, io, path::PathBuf};

use data::DataError;
use thiserror::Error;

/// Every error of this crate. Each names the file or address; what was found, what was wanted and what
/// to do. Addresses are shown without their query, which may carry a signature.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The source file is broken.
    #[error(transparent)]
    Source(#[from] DataError),
    /// There is no source of this name.
    #[error("no source `{wanted}` in {}; {}the sources are {}", .folder.display(), meant(.nearest.as_deref()), listed(.known))]
    Unknown {
        /// The name asked for.
        wanted: String,
        /// The folder of the sources.
        folder: PathBuf,
        /// The name there is that is most like it.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// No id of a repository.
    #[error("`{id}` is no id of a repository; wanted `owner/name`")]
    Id {
        /// What was given.
        id: String,
    },
    /// `HF_ENDPOINT` is no address of a hub.
    #[error("HF_ENDPOINT is `{value}`: {reason}; wanted something like https://huggingface.co")]
    Endpoint {
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `HF_TOKEN` cannot be sent. Its value is not shown.
    #[error("HF_TOKEN has characters that no token has (its value is not shown); copy it again, without views")]
    Token,
    /// There is no folder for the cache.
    #[error("there is no folder for the cache: this user has no cache folder; set ALIGN_DATA to one")]
    NoCache,
    /// The certificates of `SSL_CERT_FILE` cannot be used.
    #[error("SSL_CERT_FILE names {}: {reason}; wanted certificates in PEM", .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An address that is not https.
    #[error(
        "{url}: not https; wanted an https address (only the hub that HF_ENDPOINT names may be http, and only if it is set to an http address)"
    )]
    Insecure {
        /// The address.
        url: String,
    },
    /// The server refuses, and would again.
    #[error("{url}: the server answers {status}{}; {advice}", detail(.said))]
    Refused {
        /// The address.
        url: String,
        /// The status.
        status: u16,
        /// The server's own words, possibly none.
        said: String,
        /// What to do.
        advice: String,
    },
    /// The answer is not what the protocol says.
    #[error("{url}: {reason}")]
    Answer {
        /// The address.
        url: String,
        /// What was found and what was wanted.
        reason: String,
    },
    /// It failed as often as it may.
    #[error("{url}: gave up after {}, the last failed with: {last}; what has come is kept, and the same command goes on from there", times(*.attempts))]
    GaveUp {
        /// The address.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// Why the last attempt failed.
        last: String,
    },
    /// The bytes are not those that were wanted.
    #[error(
        "{}: SHA-256 is {found}, wanted {wanted} as {said_by} says; nothing was kept: try again, and if it stays so, the file at its source has changed", .path.display()
    )]
    Checksum {
        /// Where the file would have come to lie.
        path: PathBuf,
        /// Its sum.
        found: String,
        /// The sum wanted.
        wanted: String,
        /// Who says so.
        said_by: &'static str,
    },
    /// A file is no longer what was fetched or put there.
    #[error("{}: {found}, wanted {wanted} as fetched.json says; it was changed since: move it away and run the command again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What it was.
        wanted: String,
    },
    /// A file lies where a download should, and nobody knows what it is.
    #[error("{}: is there, and fetched.json does not know it; move it away and run the command again", .path.display())]
    Unrecorded {
        /// The file.
        path: PathBuf,
    },
    /// A file is not there, and nobody may be asked for it.
    #[error("{}: has not been fetched, and the network may not be used; fetch it where there is a network", .path.display())]
    Offline {
        /// Where it would be.
        path: PathBuf,
    },
    /// A path that would leave the cache.
    #[error("{}: {reason}; nothing is written outside the cache", .path.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// How it would leave.
        reason: &'static str,
    },
    /// `fetched.json` cannot be read.
    #[error("{}: {reason}; repair it, or delete it and the files beside it to fetch them anew", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process fetches into the same folder.
    #[error("{}: another process is fetching into this folder; wait until it is done", .folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refuses.
    #[error("{}: cannot {doing}: {reason}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        reason: io::Error,
    },
}

impl FetchError {
    pub(crate) fn io(path: &std::path::Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |reason| Self::Io { path, doing, reason }
    }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn detail(said: &str) -> impl fmt::Display {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

fn times(attempts: u32) -> String {
    if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") }
}
