//! Errors that end a command: their texts, and the exit codes that follow from their types.

mod hints;

use std::io::{self, ErrorKind};

use align::AlignError;
use data::texts::TextProblem;
use data::{DataError, FileProblem, YamlProblem};
use fetch::FetchError;
use files::{Fault, FaultKind};
use select::SelectError;
use tasks::TaskError;

pub use hints::with_hint;

/// Exit code of a failed cell or check, and of an error without another kind.
pub const FAILED: u8 = 1;

/// The exit code of an error: the kind of the first cause in its chain that has a kind.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    // A fault that is the context of an error is not a link of the chain.
    let fault = error.downcast_ref::<Fault>().map(Fault::kind);
    let kind = fault.or_else(|| error.chain().find_map(kind));
    kind.map_or(FAILED, FaultKind::exit_code)
}

fn kind(cause: &(dyn std::error::Error + 'static)) -> Option<FaultKind> {
    if let Some(fault) = cause.downcast_ref::<Fault>() {
        return Some(fault.kind());
    }
    if let Some(error) = cause.downcast_ref::<DataError>() {
        return Some(of_data(error));
    }
    if let Some(error) = cause.downcast_ref::<FetchError>() {
        return of_fetch(error);
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_system(error);
    }
    let input = cause.is::<AlignError>()
        || cause.is::<TaskError>()
        || cause.is::<SelectError>()
        || cause.is::<serde_json::Error>();
    input.then_some(FaultKind::Input)
}

fn of_data(error: &DataError) -> FaultKind {
    match error {
        DataError::File { problem, .. } => match &**problem {
            FileProblem::NotFound | FileProblem::LfsPointer => FaultKind::Missing,
            FileProblem::Exists | FileProblem::Unwritable { .. } => FaultKind::Unwritable,
            _ => FaultKind::Input,
        },
        DataError::Yaml { problem, .. } => match **problem {
            YamlProblem::NotPresent { .. } => FaultKind::Missing,
            _ => FaultKind::Input,
        },
        DataError::Texts { problem, .. } => match **problem {
            TextProblem::NotEmbedded { .. } => FaultKind::Missing,
            _ => FaultKind::Input,
        },
        DataError::Listed { cause, .. } => of_data(cause),
        DataError::Several(errors) => errors.first().map_or(FaultKind::Input, of_data),
        _ => FaultKind::Input,
    }
}

fn of_fetch(error: &FetchError) -> Option<FaultKind> {
    match error {
        FetchError::Source(error) => Some(of_data(error)),
        FetchError::Unknown { .. }
        | FetchError::Offline { .. }
        | FetchError::OfflineEncoder { .. }
        | FetchError::Refused { .. }
        | FetchError::Answer { .. }
        | FetchError::GaveUp { .. } => Some(FaultKind::Missing),
        FetchError::Io { reason, .. } => of_system(reason).or(Some(FaultKind::Unwritable)),
        FetchError::NoCache => Some(FaultKind::Unwritable),
        // Another process uses the folder. The request itself has no error.
        FetchError::Busy { .. } => None,
        _ => Some(FaultKind::Input),
    }
}

fn of_system(error: &io::Error) -> Option<FaultKind> {
    match error.kind() {
        ErrorKind::NotFound => Some(FaultKind::Missing),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem => {
            Some(FaultKind::Unwritable)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn the_type_of_an_error_decides_the_exit_code_and_its_text_does_not() {
        let code = |error: anyhow::Error| exit_code(&error);
        let file = |problem| DataError::File { path: "x".into(), problem: Box::new(problem) };
        assert_eq!(code(anyhow!("cannot write x: no such file")), 1);
        assert_eq!(code(Fault::usage("x").into()), 2);
        assert_eq!(code(anyhow::Error::from(Fault::input("x")).context("y")), 3);
        assert_eq!(code(file(FileProblem::NotRegular).into()), 3);
        assert_eq!(code(file(FileProblem::NotFound).into()), 4);
        let missing = || io::Error::from(ErrorKind::NotFound);
        assert_eq!(code(Err::<(), _>(missing()).context("cannot read the plan").expect_err("an error")), 4);
        let unwritable = Err::<(), _>(missing()).context(Fault::unwritable("cannot write x"));
        assert_eq!(code(unwritable.context("z").expect_err("an error")), 5);
        assert_eq!(code(file(FileProblem::Exists).into()), 5);
        assert_eq!(
            code(DataError::Several(vec![file(FileProblem::NotFound), file(FileProblem::NotRegular)]).into()),
            4
        );
        assert_eq!(code(FetchError::Offline { path: "x".into() }.into()), 4);
        assert_eq!(code(FetchError::Busy { folder: "x".into() }.into()), 1);
    }
}
