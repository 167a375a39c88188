//! Checks of parameters.

use crate::AlignError;

/// Checks a requested number against a limit that the data set.
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

/// Checks a parameter; the call reads like the sentence of its error.
pub(crate) fn ensure(
    ok: bool,
    method: &'static str,
    parameter: &'static str,
    got: impl ToString,
    want: &'static str,
) -> Result<(), AlignError> {
    if ok { Ok(()) } else { Err(AlignError::Parameter { method, parameter, got: got.to_string(), want }) }
}
