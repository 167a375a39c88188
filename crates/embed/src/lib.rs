//! Texts, pictures and sounds to embeddings, without Python.
//!
//! An encoder is a folder in the layout of the model hub: `config.json`, `model.safetensors` and, for
//! text, `tokenizer.json`. [`model_folder`] finds an encoder in the cache of the hub's own programs. Nothing is
//! downloaded. An unsupported architecture is an error that names it.
//!
//! ```
//! use std::path::Path;
//!
//! let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert");
//! let encoder = embed::TextEncoder::open(&folder, embed::TextOptions::default())?;
//! let rows = encoder.encode(&["two children open the old book", ""], 32, &mut |_| ())?;
//! assert_eq!((rows.rows(), rows.width()), (2, 32));
//! # Ok::<(), embed::EmbedError>(())
//! ```
//!
//! The architectures are implemented with the tensors of `candle`, in `f32`, and on the CPU each agrees with its reference
//! to 1e-5 (`tests/golden`). Features of this crate add GPUs: [`Device`]. [`Job`] writes rows to a file in a run that can be killed and resumed.

mod clip;
mod device;
mod embeddings;
mod error;
mod folder;
pub mod input;
mod layers;
pub mod pictures;
mod registry;
mod shards;
pub mod sounds;
pub mod supported;
pub mod text;

pub use device::Device;
pub use embeddings::Embeddings;
pub use error::EmbedError;
pub use folder::{fingerprint, model_folder};
pub use pictures::PictureEncoder;
pub use shards::{Job, Outcome};
pub use sounds::SoundEncoder;
pub use text::{Pool, TextEncoder, TextOptions};

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
