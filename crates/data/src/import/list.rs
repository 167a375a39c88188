//! Lists of integers or texts from a file.

use super::NamedMember;
use crate::{DataError, SetProblem, read};

/// One text per row.
pub(super) fn all_texts(list: &NamedMember) -> Result<Vec<String>, DataError> {
    let bytes = read::bytes(&list.member.file)?;
    read::texts(&list.member.file, &bytes, list.member.tensor.as_deref())
}

/// One text per row, for `count` rows.
pub(super) fn texts(list: &NamedMember, count: usize) -> Result<Vec<String>, DataError> {
    let values = all_texts(list)?;
    if values.len() == count {
        return Ok(values);
    }
    let problem = SetProblem::Length { split: None, got: values.len(), want: count };
    Err(DataError::set(&list.member.place(&list.name), problem))
}
