//! Checks that every method makes of its parameters and its views.

use crate::{AlignError, Spaces};

/// A number asked for that the data may have less of.
pub(crate) fn at_most(
    method: &'static str,
    parameter: &'static str,
    asked: Option<usize>,
    most: usize,
    limit: impl FnOnce() -> String,
) -> Result<(), AlignError> {
    match asked {
        Some(got) if got > most => Err(AlignError::AboveLimit { method, parameter, got, most, limit: limit() }),
        _ => Ok(()),
    }
}

/// A parameter check that reads as its sentence.
pub(crate) fn ensure(
    ok: bool,
    method: &'static str,
    parameter: &'static str,
    got: impl ToString,
    want: &'static str,
) -> Result<(), AlignError> {
    if ok { Ok(()) } else { Err(AlignError::Parameter { method, parameter, got: got.to_string(), want }) }
}

/// Aligning needs something to align.
pub(crate) fn at_least_two_views(method: &'static str, spaces: &Spaces) -> Result<(), AlignError> {
    check_views(method, &spaces.names().collect::<Vec<_>>())
}

/// The same by their names.
pub(crate) fn check_views(method: &'static str, names: &[&str]) -> Result<(), AlignError> {
    if names.len() >= 2 {
        return Ok(());
    }
    Err(AlignError::TooFewViews { method, got: names.len(), want: 2, only: names.first().map(|n| (*n).to_string()) })
}
