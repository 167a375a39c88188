//! Errors between a folder of weights and a file of embeddings.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Every error of this crate. Each names the file and, if there is one, the key, the tensor or the line; what was
/// found, what was expected and what to do. A message is complete: no error has a `source` that would have to be
/// printed after it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// A missing file or folder.
    #[error("{}: {wanted} is missing; {advice}", .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The missing file.
        wanted: String,
        /// Advice to the user.
        advice: String,
    },
    /// An error of the system about a file.
    #[error("{}: cannot be {action}: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// The system's reason.
        reason: io::Error,
    },
    /// A missing or damaged file in the hub's cache.
    #[error("{}: {problem}", .path.display())]
    Cached {
        /// The file.
        path: PathBuf,
        /// What was found, what was expected and what to do.
        problem: String,
    },
    /// A file that breaks its format.
    #[error("{}: not a valid {format} file: {detail}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The expected format.
        format: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A key of a configuration with a value that cannot be used.
    #[error("{}: {key}: {problem}", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The key, such as `text_config.hidden_size`.
        key: String,
        /// What was found, what was expected and what to do.
        problem: String,
    },
    /// An architecture that this crate does not have.
    #[error("{}: model_type `{found}` is not supported for {what}; supported: {}{advice}", .path.display(), .supported.join(", "))]
    Unsupported {
        /// The configuration that names it.
        path: PathBuf,
        /// `text`, `pictures` or `sounds`.
        what: &'static str,
        /// The model type found.
        found: String,
        /// The supported model types.
        supported: Vec<&'static str>,
        /// Advice to the user, with its own punctuation; may be empty.
        advice: String,
    },
    /// A tensor that is missing or differs from the configuration.
    #[error("{}: tensor `{name}`: {problem}", .path.display())]
    Tensor {
        /// The file of weights.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What was found, what was wanted.
        problem: String,
    },
    /// A problem of the tokenizer or of its file.
    #[error("{}: {problem}", .path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A problem of an item of the input.
    #[error("{}:{line}: {problem}", .path.display())]
    Item {
        /// The file of inputs.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What was found, what was wanted.
        problem: String,
    },
    /// A problem of one of the items of a call.
    #[error("item {}: {problem}", .item + 1)]
    OfItem {
        /// Number of the item, from 0.
        item: usize,
        /// What was found, what was wanted.
        problem: String,
    },
    /// A problem of a picture.
    #[error("{}: {problem}", .path.display())]
    Picture {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A problem of a sound.
    #[error("{}: {problem}", .path.display())]
    Sound {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An argument with an invalid value.
    #[error("{argument}: {problem}")]
    Argument {
        /// The argument, as the command line names it.
        argument: &'static str,
        /// What was found, what was wanted.
        problem: String,
    },
    /// Output of an earlier run that does not belong to this one.
    #[error("{}: {problem}", .path.display())]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A tensor or shards of another run in the place of the result.
    #[error("{}: {problem}; name another tensor with --tensor, or another file with --out, or remove it", .path.display())]
    Occupied {
        /// The file, or the folder of shards.
        path: PathBuf,
        /// What is there, and how it differs.
        problem: String,
    },
    /// A failure of the tensor library: a defect of this crate, or weights that contradict each other.
    #[error("the arithmetic failed: {0}; the weights may contradict config.json")]
    Compute(String),
}

impl From<candle_core::Error> for EmbedError {
    fn from(error: candle_core::Error) -> Self {
        Self::Compute(reason(&error))
    }
}

/// The tensor library's message in one line: without the stack, which it prints if the environment requests it, and
/// without the path, which every message has already.
pub(crate) fn reason(error: &candle_core::Error) -> String {
    use candle_core::Error;
    match error {
        Error::WithBacktrace { inner, .. } | Error::WithPath { inner, .. } => reason(inner),
        Error::Context { inner, context } => format!("{context}: {}", reason(inner)),
        other => other.to_string().lines().collect::<Vec<_>>().join(" "),
    }
}

/// What a decoder of another crate finds, or the words of its panic: some panic on damaged files. The decoder's data are dropped
/// with it. The program's panic hook is left as it is and may print the same words.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(decode)).map_err(|panic| {
        let words =
            panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        words.and_then(|words| words.lines().next()).unwrap_or("the decoder gives no reason").into()
    })
}

impl EmbedError {
    /// Whether the encoder itself cannot be run, so that another attempt would not help; false for other failures.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::Config { .. }
                | Self::Unsupported { .. }
                | Self::Tokenizer { .. }
                | Self::Tensor { .. }
        )
    }

    /// A problem as the error of a sound's file.
    pub(crate) fn sound(path: &Path) -> impl Fn(String) -> Self {
        |problem| Self::Sound { path: path.to_owned(), problem }
    }

    pub(crate) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action: "read", reason }
    }

    pub(crate) fn write(path: &Path, reason: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action: "written", reason }
    }

    pub(crate) fn format(path: &Path, format: &'static str, detail: impl ToString) -> Self {
        Self::Format { path: path.to_owned(), format, detail: detail.to_string() }
    }

    pub(crate) fn output(path: &Path, problem: impl Into<String>) -> Self {
        Self::Output { path: path.to_owned(), problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decoder_becomes_its_first_line() {
        assert_eq!(guarded(|| 3), Ok(3));
        assert_eq!(guarded(|| -> u8 { panic!("page {} has no end\nat all", 3) }), Err("page 3 has no end".into()));
        assert_eq!(guarded(|| panic::panic_any(5)), Err::<(), _>("the decoder gives no reason".into()));
    }
}
