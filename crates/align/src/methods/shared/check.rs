//! Checks of parameters.

use crate::AlignError;

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
