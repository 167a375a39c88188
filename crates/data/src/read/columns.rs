//! Tables, parquet and csv: an embedding is a column of lists, or one column for each of its dimensions.

use std::borrow::Cow;
use std::io::Cursor;

use polars::prelude::{Column, CsvReadOptions, DataFrame, DataType, ParquetReader, SerReader, Series};

use super::{Element, Raw};
use crate::{error::FileProblem, nearest};

/// How many rows of a csv file are looked at to tell numbers from text: all.
const ALL_ROWS: Option<usize> = None;

/// The table in a parquet file.
pub(super) fn parquet(bytes: &[u8]) -> Result<DataFrame, FileProblem> {
    open(bytes)?.finish().map_err(|e| not_parquet(e.to_string()))
}

/// Of the table in a parquet file these columns; what the others hold is not unpacked.
pub(super) fn parquet_columns(bytes: &[u8], names: &[&str]) -> Result<DataFrame, FileProblem> {
    let mut reader = open(bytes)?;
    let schema = reader.schema().map_err(|e| not_parquet(e.to_string()))?;
    let known: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    if let Some(missing) = names.iter().find(|name| !known.iter().any(|k| k == *name)) {
        return Err(no_such(missing, known));
    }
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    reader.with_columns(Some(names)).finish().map_err(|e| not_parquet(e.to_string()))
}

fn not_parquet(detail: String) -> FileProblem {
    FileProblem::Header { format: "parquet", detail }
}

fn open(bytes: &[u8]) -> Result<ParquetReader<Cursor<&[u8]>>, FileProblem> {
    // A footer of eight bytes is what the parser behind takes for granted.
    if bytes.len() < 12 || !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") {
        return Err(not_parquet("it does not begin and end with PAR1".to_owned()));
    }
    Ok(ParquetReader::new(Cursor::new(bytes)))
}

/// The table in a csv file with a line of names.
pub(super) fn csv(bytes: &[u8]) -> Result<DataFrame, FileProblem> {
    let invalid = |detail: String| FileProblem::Header { format: "csv", detail };
    let options = CsvReadOptions::default().with_infer_schema_length(ALL_ROWS).with_n_threads(Some(1));
    options.into_reader_with_file_handle(Cursor::new(bytes)).finish().map_err(|e| invalid(e.to_string()))
}

/// What `tensor` means in a table: a column; with a `*` at the end all columns whose names begin so; without a name
/// the only column of lists, or all columns.
pub(super) fn raw<'a>(table: &DataFrame, tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    let columns = table.columns();
    match tensor.map(|name| (name, name.strip_suffix('*'))) {
        Some((name, Some(prefix))) => {
            let named: Vec<&Column> = columns.iter().filter(|c| c.name().starts_with(prefix)).collect();
            if named.is_empty() { Err(no_column(table, name)) } else { side_by_side(&named, Some(name)) }
        }
        Some((name, None)) => one(column(table, name)?),
        None => {
            let lists: Vec<&Column> = columns.iter().filter(|c| is_list(c.dtype())).collect();
            match (lists.as_slice(), columns) {
                ([only], _) => one(only),
                ([], [only]) => one(only),
                ([], [_, ..]) => side_by_side(&columns.iter().collect::<Vec<_>>(), None),
                _ => Err(FileProblem::TensorNotNamed { known: names(&lists) }),
            }
        }
    }
}

/// The values of a column as texts.
pub(super) fn texts(table: &DataFrame, name: Option<&str>) -> Result<Vec<String>, FileProblem> {
    let column = match (name, table.columns()) {
        (Some(name), _) => column(table, name)?,
        (None, [only]) => only,
        (None, columns) => {
            return Err(FileProblem::TensorNotNamed { known: names(&columns.iter().collect::<Vec<_>>()) });
        }
    };
    let name = column.name().to_string();
    complete(column)?;
    let unusable = || FileProblem::Dtype {
        tensor: Some(name.clone()),
        got: column.dtype().to_string(),
        want: "text, integers or booleans",
    };
    if column.dtype().is_float() || is_list(column.dtype()) {
        return Err(unusable());
    }
    let text = column.cast(&DataType::String).map_err(|_| unusable())?;
    let text = text.str().map_err(|_| unusable())?;
    Ok(text.iter().map(|value| value.unwrap_or_default().to_owned()).collect())
}

pub(super) fn column<'t>(table: &'t DataFrame, name: &str) -> Result<&'t Column, FileProblem> {
    table.columns().iter().find(|c| c.name() == name).ok_or_else(|| no_column(table, name))
}

fn no_column(table: &DataFrame, name: &str) -> FileProblem {
    no_such(name, names(&table.columns().iter().collect::<Vec<_>>()))
}

/// A column that is not among those there are.
pub(super) fn no_such(name: &str, known: Vec<String>) -> FileProblem {
    let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    FileProblem::NoColumn { column: name.to_owned(), nearest, known }
}

fn names(columns: &[&Column]) -> Vec<String> {
    columns.iter().map(|column| column.name().to_string()).collect()
}

fn is_list(dtype: &DataType) -> bool {
    matches!(dtype, DataType::List(_) | DataType::Array(_, _))
}

/// No value may be missing.
fn complete(column: &Column) -> Result<(), FileProblem> {
    if column.null_count() == 0 {
        return Ok(());
    }
    let row = (0..column.len()).find(|&row| column.get(row).is_ok_and(|value| value.is_null())).unwrap_or(0);
    Err(FileProblem::Missing { column: column.name().to_string(), row })
}

/// A column of numbers (one dimension) or of lists of numbers (two).
fn one<'a>(column: &Column) -> Result<Raw<'a>, FileProblem> {
    complete(column)?;
    let name = column.name().to_string();
    let rows = column.len() as u64;
    if !is_list(column.dtype()) {
        let (element, bytes) = numbers(column.as_materialized_series(), &name)?;
        return Ok(raw_of(Some(name), vec![rows], element, bytes));
    }
    let dtype = |error: polars::prelude::PolarsError| FileProblem::Dtype {
        tensor: Some(name.clone()),
        got: error.to_string(),
        want: "lists of numbers",
    };
    let width = width(column, &name)?;
    let inner = match column.dtype() {
        DataType::Array(..) => column.array().map_err(dtype)?.get_inner(),
        _ => column.list().map_err(dtype)?.rechunk().get_inner(),
    };
    let inner_column = Column::from(inner.clone());
    if let Err(FileProblem::Missing { row, .. }) = complete(&inner_column) {
        return Err(FileProblem::Missing { column: name, row: row / width.max(1) });
    }
    let (element, bytes) = numbers(&inner, &name)?;
    if let Ok(element) = &element
        && bytes.len() as u64 != rows * (width * element.size()) as u64
    {
        let got = (bytes.len() / element.size()) as u64;
        return Err(FileProblem::Header {
            format: "table",
            detail: format!("column `{name}` holds {got} numbers in {rows} lists of {width}"),
        });
    }
    Ok(raw_of(Some(name), vec![rows, width as u64], element, bytes))
}

/// The length of all lists.
fn width(column: &Column, name: &str) -> Result<usize, FileProblem> {
    if let DataType::Array(_, width) = column.dtype() {
        return Ok(*width);
    }
    let mut width = None;
    for row in 0..column.len() {
        let got = match column.get(row) {
            Ok(polars::prelude::AnyValue::List(list)) => list.len(),
            _ => return Err(FileProblem::Missing { column: name.to_owned(), row }),
        };
        let want = *width.get_or_insert(got);
        if got != want {
            return Err(FileProblem::Ragged { column: name.to_owned(), row, got, want });
        }
    }
    Ok(width.unwrap_or(0))
}

/// One column per dimension: f32 where all are, else f64.
fn side_by_side<'a>(columns: &[&Column], name: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    for column in columns {
        complete(column)?;
        if !column.dtype().is_primitive_numeric() {
            return Err(FileProblem::Dtype {
                tensor: Some(column.name().to_string()),
                got: column.dtype().to_string(),
                want: "numbers (name the columns that are meant: `file#column`, or `file#prefix*` for several)",
            });
        }
    }
    let single = columns.iter().all(|column| *column.dtype() == DataType::Float32);
    let target = if single { DataType::Float32 } else { DataType::Float64 };
    let element = if single { Element::F32 } else { Element::F64 };
    let rows = columns.first().map_or(0, |column| column.len());
    let (size, width) = (element.size(), columns.len());
    let mut bytes = vec![0; rows * width * size];
    for (j, column) in columns.iter().enumerate() {
        let cast = column.as_materialized_series().cast(&target);
        let cast = cast.map_err(|e| FileProblem::Header { format: "table", detail: e.to_string() })?;
        let (_, values) = numbers(&cast, column.name())?;
        for (row, value) in values.chunks_exact(size).enumerate() {
            bytes[(row * width + j) * size..][..size].copy_from_slice(value);
        }
    }
    Ok(raw_of(name.map(str::to_owned), vec![rows as u64, width as u64], Ok(element), bytes))
}

fn raw_of<'a>(name: Option<String>, shape: Vec<u64>, element: Result<Element, String>, bytes: Vec<u8>) -> Raw<'a> {
    Raw { name, shape, element, big_endian: false, fortran: false, bytes: Cow::Owned(bytes) }
}

/// A series without missing values, as little-endian bytes.
fn numbers(series: &Series, name: &str) -> Result<(Result<Element, String>, Vec<u8>), FileProblem> {
    macro_rules! bytes {
        ($get:ident, $element:ident) => {
            series.$get().map(|values| {
                let bytes = values.iter().flat_map(|x| x.unwrap_or_default().to_le_bytes()).collect::<Vec<u8>>();
                (Ok(Element::$element), bytes)
            })
        };
    }
    let found = match series.dtype() {
        DataType::Float32 => bytes!(f32, F32),
        DataType::Float64 => bytes!(f64, F64),
        DataType::Int8 => bytes!(i8, I8),
        DataType::Int16 => bytes!(i16, I16),
        DataType::Int32 => bytes!(i32, I32),
        DataType::Int64 => bytes!(i64, I64),
        DataType::UInt8 => bytes!(u8, U8),
        DataType::UInt16 => bytes!(u16, U16),
        DataType::UInt32 => bytes!(u32, U32),
        other => return Ok((Err(other.to_string()), Vec::new())),
    };
    found.map_err(|e| FileProblem::Header { format: "table", detail: format!("column `{name}`: {e}") })
}
