//! Places in files, for messages.

use std::{fmt, path::PathBuf};

/// Place in a YAML file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Line and column, both from 1, where known.
    pub line_col: Option<(usize, usize)>,
    /// Key path, such as `methods[2].gcpa.tau`; empty for the whole file.
    pub key: String,
}

impl Place {
    /// A place outside any file, such as an option of a command.
    pub(crate) fn nowhere(key: &str) -> Self {
        Self { file: PathBuf::new(), line_col: None, key: key.to_owned() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.as_os_str().is_empty() {
            return write!(f, "{}", self.key);
        }
        write!(f, "{}", self.file.display())?;
        if let Some((line, col)) = self.line_col {
            write!(f, ":{line}:{col}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        Ok(())
    }
}
