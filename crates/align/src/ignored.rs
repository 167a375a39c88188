//! Settings that other settings leave without effect.

use std::fmt;

/// A parameter that has no effect beside the others as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its name as in a grid file.
    pub parameter: &'static str,
    /// The setting beside it and why: ``beside `scaffold: gcca`, which has no iteration``.
    pub beside: &'static str,
    /// Whether it is not at its default, so that someone has set it.
    pub changed: bool,
}

impl Ignored {
    /// The first that someone has set: one that is not at its default, or that `given` says was written down.
    pub fn first_set(ignored: &[Self], given: impl Fn(&str) -> bool) -> Option<Self> {
        ignored.iter().find(|ignored| ignored.changed || given(ignored.parameter)).copied()
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has no effect {}; remove one of the two", self.parameter, self.beside)
    }
}
