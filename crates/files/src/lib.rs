//! What every program of the project does with files.
//!
//! * A file is there whole or not at all: [`Staged`] with its bytes at once, [`Part`] as they come, [`sync_folder`] after a
//!   rename, [`sweep`] for what killed processes left.
//! * [`checksum`]: SHA-256 of bytes, files, streams and lists of texts.
//! * [`lock`] and [`attempt`]: who is at work in a folder, and whether it is still alive.
//! * [`Mapped`] and [`read_at_most`]: a file in memory or mapped, and no more of a stream than a limit.
//! * [`shell`]: words as a shell reads them back.
//! * [`jobs`]: the one file that `runner texts` writes and `embed jobs` reads.
//!
//! This crate knows no other crate of the workspace.

pub mod attempt;
pub mod checksum;
pub mod jobs;
pub mod lock;
mod mapped;
mod part;
pub mod shell;
mod staged;
mod sweep;

pub use mapped::{Mapped, NotOpened, read_at_most};
pub use part::{Part, write};
pub use staged::{Staged, publish, put, sync_all, sync_folder};
pub use sweep::sweep;

/// This machine's name; empty where it has none.
pub fn host() -> String {
    hostname::get().map(|host| host.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
