//! Files in a column of a table, as the hub stores pictures: a struct with their bytes.

use polars_core::prelude::{Column, DataType};

use super::columns::{no_such, type_name};
use crate::FileProblem;

/// Field of the struct with the bytes of a file.
const BYTES: &str = "bytes";

/// The bytes of each row.
pub(crate) fn rows(column: &Column) -> Result<Vec<Vec<u8>>, FileProblem> {
    let name = column.name().to_string();
    let invalid = |detail: String| FileProblem::Header { format: "table", detail };
    let (field, bytes) = match column.dtype() {
        DataType::Struct(fields) => {
            let known: Vec<String> = fields.iter().map(|field| field.name().to_string()).collect();
            let structs = column.struct_().map_err(|e| invalid(e.to_string()))?;
            let bytes = structs.field_by_name(BYTES).map_err(|_| no_such(BYTES, known))?;
            (format!("{name}.{BYTES}"), bytes)
        }
        _ => (name, column.as_materialized_series().clone()),
    };
    let wrong =
        || FileProblem::Dtype { tensor: Some(field.clone()), got: type_name(bytes.dtype()), want: "bytes of files" };
    let bytes = bytes.binary().map_err(|_| wrong())?;
    let of_row = |(row, value): (usize, Option<&[u8]>)| {
        value.map(<[u8]>::to_vec).ok_or_else(|| invalid(format!("row {row} of `{field}` has no bytes")))
    };
    bytes.iter().enumerate().map(of_row).collect()
}
