//! Parquet: first the footer, which lists the columns and their sizes, then the columns.

use std::io::Cursor;

use polars_core::prelude::DataFrame;
use polars_io::prelude::{ParquetReader, SerReader};
use serde_json::Value;

use super::columns::{Table, no_such};
use super::footer;
use crate::FileProblem;
use crate::read::raw::most_unpacked;

/// Key of pandas' metadata.
const PANDAS: &str = "pandas";
/// Limits of the number of values: for any file, and per byte of the file. A repeated value takes no space in a file
/// but a place in memory.
const MOST_VALUES: (u64, u64) = (1 << 24, 256);

/// The table of the file.
pub(crate) fn table(bytes: &[u8]) -> Result<Table, FileProblem> {
    let reader = open(bytes)?;
    read(reader, bytes, None)
}

/// These columns of the table; other columns are not unpacked.
pub(crate) fn columns(bytes: &[u8], names: &[&str]) -> Result<Table, FileProblem> {
    let mut reader = open(bytes)?;
    let schema = reader.schema().map_err(|e| invalid(e.to_string()))?;
    let known: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    if let Some(missing) = names.iter().find(|name| !known.iter().any(|k| k == *name)) {
        return Err(no_such(missing, known));
    }
    read(reader, bytes, Some(names))
}

fn invalid(detail: String) -> FileProblem {
    FileProblem::Header { format: "parquet", detail }
}

type Reader<'a> = ParquetReader<Cursor<&'a [u8]>>;

fn open(bytes: &[u8]) -> Result<Reader<'_>, FileProblem> {
    // The parser assumes that the footer has eight bytes.
    if bytes.len() < 12 || !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") {
        return Err(invalid("it does not begin and end with PAR1".to_owned()));
    }
    if !footer::is_honest(bytes) {
        return Err(invalid("its footer is damaged; write or fetch the file again".to_owned()));
    }
    Ok(ParquetReader::new(Cursor::new(bytes)))
}

fn read(mut reader: Reader<'_>, bytes: &[u8], names: Option<&[&str]>) -> Result<Table, FileProblem> {
    let metadata = reader.get_metadata().map_err(|e| invalid(e.to_string()))?.clone();
    let (mut unpacked, mut values) = (0_u64, 0_u64);
    for column in metadata.row_groups.iter().flat_map(|group| group.parquet_columns()) {
        let root = column.descriptor().path_in_schema.first();
        if names.is_none_or(|names| root.is_some_and(|root| names.contains(&root.as_str()))) {
            // A negative size counts as more than any limit.
            unpacked = unpacked.saturating_add(column.uncompressed_size().try_into().unwrap_or(u64::MAX));
            values = values.saturating_add(column.num_values().try_into().unwrap_or(u64::MAX));
        }
    }
    let got = bytes.len() as u64;
    let limit = most_unpacked(bytes) as u64;
    let most_values = MOST_VALUES.0.saturating_add(MOST_VALUES.1.saturating_mul(got));
    let rows = metadata.num_rows as u64;
    if unpacked > limit {
        return Err(FileProblem::Inflated { tensor: None, got, limit });
    }
    if values > most_values || rows > most_values {
        let detail =
            format!("its footer promises {} values, a file of {got} bytes may have {most_values}", values.max(rows));
        return Err(invalid(detail));
    }
    let pandas = metadata.key_value_metadata().iter().flatten().find(|entry| entry.key == PANDAS);
    let index = pandas.and_then(|entry| entry.value.as_deref()).map(index_of).unwrap_or_default();
    let columns = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let frame: DataFrame = reader.with_columns(columns).finish().map_err(|e| invalid(e.to_string()))?;
    Ok(Table::new(frame, index))
}

/// Columns that pandas describes as its index. A counting index is not a column; it is described by an object.
fn index_of(pandas: &str) -> Vec<String> {
    let about: Value = serde_json::from_str(pandas).unwrap_or_default();
    let columns = about["index_columns"].as_array().into_iter().flatten();
    columns.filter_map(|column| column.as_str().map(str::to_owned)).collect()
}
