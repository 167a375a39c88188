//! Warnings about a matrix in its file.

use crate::{SplitName, Warning, WarningKind};

/// Warning about one file; [`Note::warning`] adds the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) kind: WarningKind,
    pub(crate) count: usize,
    pub(crate) total: usize,
    /// Position of the first affected row or column in the file, from 0.
    pub(crate) first: usize,
}

impl Note {
    /// Warning about columns of a table; `None` without any.
    pub(crate) fn of_columns(kind: WarningKind, which: &[usize], total: usize) -> Option<Self> {
        Some(Self { kind, count: which.len(), total, first: *which.first()? })
    }

    pub(crate) fn warning(self, split: SplitName, view: &str) -> Warning {
        let Self { kind, count, total, first } = self;
        Warning { kind, split, view: Some(view.to_owned()), labelling: None, count, total, example: first as i64 }
    }
}
