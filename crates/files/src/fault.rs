//! The kind of a failure, which decides the exit code of the program that fails.

use std::fmt;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The command line asks for something that the command does not have.
    Usage,
    /// A file or a value is there and is not valid.
    Input,
    /// A file, a data set or a result is not there.
    Missing,
    /// A file or a folder cannot be written.
    Unwritable,
}

impl FaultKind {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Input => 3,
            Self::Missing => 4,
            Self::Unwritable => 5,
        }
    }
}

/// A failure of a known kind, in words. It can be an error of its own or the context of another error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    message: String,
}

impl Fault {
    /// A failure of [`FaultKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Usage, message: message.into() }
    }

    /// A failure of [`FaultKind::Input`].
    pub fn input(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Input, message: message.into() }
    }

    /// A failure of [`FaultKind::Missing`].
    pub fn missing(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Missing, message: message.into() }
    }

    /// A failure of [`FaultKind::Unwritable`].
    pub fn unwritable(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Unwritable, message: message.into() }
    }

    /// Its kind.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
