//! Texts in several languages, as the hub stores them: a struct of two lists, languages and texts.

use polars_core::prelude::{AnyValue, Column, DataType, Series};

use super::columns::{no_such, type_name};
use crate::FileProblem;

/// The texts of each row in the `wanted` languages; `None` if one of them is missing.
pub(crate) fn rows(
    column: &Column,
    [keys, values]: [&str; 2],
    wanted: &[&str],
) -> Result<Vec<Option<Vec<String>>>, FileProblem> {
    let name = column.name().to_string();
    let DataType::Struct(fields) = column.dtype() else {
        return Err(wrong(&name, column.dtype(), "a struct of two lists of texts"));
    };
    let known: Vec<String> = fields.iter().map(|field| field.name().to_string()).collect();
    let structs = column.struct_().map_err(|e| FileProblem::Header { format: "table", detail: e.to_string() })?;
    let field = |field: &str| {
        let series = structs.field_by_name(field).map_err(|_| no_such(field, known.clone()))?;
        match series.dtype() {
            DataType::List(inner) if **inner == DataType::String => Ok(series),
            other => Err(wrong(&format!("{name}.{field}"), other, "a list of texts")),
        }
    };
    let (keys, values) = (field(keys)?, field(values)?);
    (0..column.len()).map(|row| of_row(&keys, &values, row, wanted)).collect()
}

fn of_row(keys: &Series, values: &Series, row: usize, wanted: &[&str]) -> Result<Option<Vec<String>>, FileProblem> {
    let (Some(keys), Some(values)) = (list(keys, row), list(values, row)) else { return Ok(None) };
    if keys.len() != values.len() {
        let detail = format!(
            "row {row} has {} of `{}` and {} of `{}`; expected one text for each",
            keys.len(),
            keys.name(),
            values.len(),
            values.name()
        );
        return Err(FileProblem::Header { format: "table", detail });
    }
    let (Ok(keys), Ok(values)) = (keys.str(), values.str()) else { return Ok(None) };
    let text = |wanted: &&str| {
        let at = (0..keys.len()).rev().find(|&i| keys.get(i) == Some(*wanted))?;
        values.get(at).map(str::to_owned)
    };
    Ok(wanted.iter().map(text).collect())
}

fn list(lists: &Series, row: usize) -> Option<Series> {
    match lists.get(row) {
        Ok(AnyValue::List(list)) => Some(list.with_name(lists.name().clone())),
        _ => None,
    }
}

fn wrong(name: &str, found: &DataType, want: &'static str) -> FileProblem {
    FileProblem::Dtype { tensor: Some(name.to_owned()), got: type_name(found), want }
}
