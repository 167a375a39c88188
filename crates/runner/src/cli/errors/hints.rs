//! The option of the command line that helps with an error. Libraries describe errors and do not know options.

use data::import::ImportProblem;
use data::texts::TextProblem;
use data::{DataError, FileProblem, SetProblem};
use fetch::FetchError;

/// The text of an error, with the option that helps if there is one.
pub fn with_hint(error: &anyhow::Error) -> String {
    let hint = error.chain().find_map(|cause| {
        let of_data = cause.downcast_ref::<DataError>().and_then(of_data);
        of_data.or_else(|| cause.downcast_ref::<FetchError>().and_then(of_fetch))
    });
    match hint {
        Some(hint) => format!("{error:#} ({hint})"),
        None => format!("{error:#}"),
    }
}

fn of_data(error: &DataError) -> Option<&'static str> {
    match error {
        DataError::File { problem, .. } => match **problem {
            FileProblem::Exists => Some("with --overwrite"),
            FileProblem::NanRow { .. } => Some("with `runner import --allow-missing`"),
            _ => None,
        },
        DataError::Texts { problem, .. } => match **problem {
            TextProblem::NotEmbedded { .. } => Some("with --skip-missing"),
            _ => None,
        },
        DataError::Set { problem, .. } => match **problem {
            // A file for all splits comes from an import.
            SetProblem::Rows { split: None, .. } => Some("files with ids can be joined: --ids NAME=FILE#PART for each"),
            _ => None,
        },
        DataError::Import { problem, .. } => match **problem {
            ImportProblem::WithoutIds { .. } | ImportProblem::MixedIds { .. } => Some("with --ids NAME=FILE#PART"),
            _ => None,
        },
        DataError::Listed { cause, .. } => of_data(cause),
        DataError::Several(errors) => errors.iter().find_map(of_data),
        _ => None,
    }
}

fn of_fetch(error: &FetchError) -> Option<&'static str> {
    match error {
        FetchError::Offline { .. } | FetchError::OfflineEncoder { .. } => {
            Some("`runner fetch` with the name of the source does so, and with --encoders what its encoders need")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_option_that_helps_stands_behind_the_error() {
        let file = |problem| DataError::File { path: "u.npy".into(), problem: Box::new(problem) };
        let told = |error: DataError| with_hint(&Err::<(), _>(error).context("cannot write").expect_err("an error"));
        assert_eq!(
            told(file(FileProblem::Exists)),
            "cannot write: u.npy: is there already; choose another name, or allow that it is overwritten (with --overwrite)"
        );
        assert_eq!(
            told(file(FileProblem::LfsPointer)),
            "cannot write: u.npy: holds a Git LFS pointer, not the data; run `git lfs pull`"
        );
        let offline = with_hint(&FetchError::Offline { path: "x".into() }.into());
        assert!(offline.ends_with("fetch it where there is a network (`runner fetch` with the name of the source does so, and with --encoders what its encoders need)"), "{offline}");
    }
}
