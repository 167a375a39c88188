//! File operations of all programs of the project.
//!
//! * Atomic files, which exist completely or not at all: [`Staged`] for bytes in memory, [`Part`] for streams,
//!   [`write_folder`] for folders, [`sync_folder`] after a rename, [`sweep`] for the incomplete files of killed processes.
//! * [`checksum`]: SHA-256 of bytes, files, streams and lists of texts.
//! * [`lock`] and [`attempt`]: the processes that write into a folder, and whether they are alive.
//! * [`Mapped`] and [`read_at_most`]: a file in memory or mapped, and a stream up to a limit.
//! * [`Fault`]: the kind of a failure, which decides the exit code of a program.
//! * [`shell`]: words quoted for a shell.
//! * [`archive`]: the files of tar archives from elsewhere.
//! * [`hub`]: encoders in the cache of the model hub's own programs.
//! * [`jobs`]: the file that `runner texts` writes and `embed jobs` reads.
//!
//! This crate knows no other crate of the workspace.

pub mod archive;
pub mod attempt;
pub mod checksum;
mod fault;
mod folder;
pub mod hub;
pub mod jobs;
pub mod lock;
mod mapped;
mod part;
pub mod shell;
mod staged;
mod sweep;

pub use fault::{Fault, FaultKind};
pub use folder::write_folder;
pub use mapped::{Mapped, NotOpened, read_at_most};
pub use part::{Part, write};
pub use staged::{Staged, publish, put, sync_all, sync_folder};
pub use sweep::sweep;

/// Name of this machine; empty if it has none.
pub fn host() -> String {
    hostname::get().map(|host| host.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
