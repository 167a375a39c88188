//! Errors of downloads.

use std::{fmt, io, path::PathBuf};

use data::DataError;
use thiserror::Error;

/// Every error of this crate. Each names the file or address, what was found, what was expected and what to do.
/// Addresses are shown without their query, which may contain a signature.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A source file with errors.
    #[error(transparent)]
    Source(#[from] DataError),
    /// A name that no source has.
    #[error("no source `{wanted}` in {}; {}the sources are {}", .folder.display(), meant(.nearest.as_deref()), listed(.known))]
    Unknown {
        /// The name given.
        wanted: String,
        /// The folder of the sources.
        folder: PathBuf,
        /// The most similar known name.
        nearest: Option<String>,
        /// The known names.
        known: Vec<String>,
    },
    /// A text that is not the id of a repository.
    #[error("`{id}` is not the id of a repository; expected `owner/name`")]
    Id {
        /// What was given.
        id: String,
    },
    /// A value of `HF_ENDPOINT` that is not the address of a hub.
    #[error("HF_ENDPOINT is `{value}`: {reason}; expected an address such as https://huggingface.co")]
    Endpoint {
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value of `HF_TOKEN` that cannot be sent; it is not shown.
    #[error("HF_TOKEN has characters that no token has (its value is not shown); copy it again, without spaces")]
    Token,
    /// A user without a cache folder.
    #[error("there is no folder for the cache: this user has no cache folder; set ALIGN_DATA to one")]
    NoCache,
    /// Certificates of `SSL_CERT_FILE` that cannot be used.
    #[error("SSL_CERT_FILE names {}: {reason}; expected certificates in PEM", .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An address that is not https.
    #[error(
        "{url}: not https; expected an https address (only the hub that HF_ENDPOINT names may be http, and only if it is set to an http address)"
    )]
    Insecure {
        /// The address.
        url: String,
    },
    /// A refusal of the server that is final.
    #[error("{url}: the server answers {status}{}; {advice}", detail(.said))]
    Refused {
        /// The address.
        url: String,
        /// The status.
        status: u16,
        /// The server's words, possibly none.
        said: String,
        /// Advice to the user.
        advice: String,
    },
    /// An answer that breaks the protocol.
    #[error("{url}: {reason}")]
    Answer {
        /// The address.
        url: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// A download that failed in every attempt.
    #[error("{url}: gave up after {}; the last attempt failed with: {last}; the bytes received so far are kept, and the same command continues from there", times(*.attempts))]
    GaveUp {
        /// The address.
        url: String,
        /// Number of attempts.
        attempts: u32,
        /// Error of the last attempt.
        last: String,
    },
    /// The bytes are not those that were wanted.
    #[error(
        "{}: SHA-256 is {found}, expected {wanted} as {said_by} says; nothing was kept: try again, and if it stays so, the file at its source has changed", .path.display()
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
    /// A file that changed after its download.
    #[error("{}: {found}, expected {wanted} as fetched.json says; it was changed since: move it away and run the command again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What it was.
        wanted: String,
    },
    /// A file in the cache that `fetched.json` does not record.
    #[error("{}: the file exists, but fetched.json has no record of it; move it away and run the command again", .path.display())]
    Unrecorded {
        /// The file.
        path: PathBuf,
    },
    /// A file that is missing while the network may not be used.
    #[error("{}: has not been fetched, and the network may not be used; fetch it where there is a network", .path.display())]
    Offline {
        /// Where it would be.
        path: PathBuf,
    },
    /// An encoder that is missing here and in the hub's cache while the network may not be used.
    #[error("{}: has not been fetched, the hub's cache has no copy to use ({cached}), and the network may not be used; fetch it where there is a network", .path.display())]
    OfflineEncoder {
        /// Where its configuration would be.
        path: PathBuf,
        /// Reason why the hub's cache does not help.
        cached: String,
    },
    /// A path that would leave the cache.
    #[error("{}: {reason}; nothing is written outside the cache", .path.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// How it would leave.
        reason: &'static str,
    },
    /// A `fetched.json` that cannot be read.
    #[error("{}: {reason}; repair it, or delete it and the files beside it to fetch them anew", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder in which another process downloads.
    #[error("{}: another process is fetching into this folder; wait until it is done", .folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// An error of the system.
    #[error("{}: cannot {doing}: {reason}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation.
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
