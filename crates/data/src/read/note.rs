//! What is odd about how a matrix was found in its file, and no error.

use crate::{SplitName, Warning, WarningKind};

/// An oddity of one file; [`Note::warning`] says in which view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) kind: WarningKind,
    pub(crate) count: usize,
    pub(crate) total: usize,
    /// Position of the first in the file, from 0.
    pub(crate) first: usize,
}

impl Note {
    /// Columns of a table; none of them is no note.
    pub(crate) fn of_columns(kind: WarningKind, which: &[usize], total: usize) -> Option<Self> {
        Some(Self { kind, count: which.len(), total, first: *which.first()? })
    }

    pub(crate) fn warning(self, split: SplitName, view: &str) -> Warning {
        let Self { kind, count, total, first } = self;
        Warning { kind, split, view: Some(view.to_owned()), labelling: None, count, total, example: first as i64 }
    }
}
