//! Columns of tables, parquet and csv: an embedding is a column of lists, or one column for each of its dimensions.

use std::borrow::Cow;
use std::io::Cursor;

use polars_core::prelude::{Column, DataFrame, DataType, Series};
use polars_io::prelude::{CsvReadOptions, SerReader};

use crate::read::{
    element::Element,
    note::Note,
    problem::spelled_oddly,
    raw::{Raw, without_mark},
};
use crate::{FileProblem, WarningKind, nearest};

/// Rows of a csv file that decide between numbers and text: all.
const ALL_ROWS: Option<usize> = None;
/// No row decides: every column is text.
const NO_ROWS: Option<usize> = Some(0);
/// Smallest number of rows whose numbering is recognised; fewer rows may be numbered by chance.
const FEWEST_COUNTED: usize = 3;

/// A table, with the columns that are not dimensions.
pub(crate) struct Table {
    pub(crate) frame: DataFrame,
    /// Names of columns that are pandas' index.
    index: Vec<String>,
    /// Whether the line of names looks like a row.
    numbers_as_names: bool,
}

impl Table {
    /// A table with the columns that are known to be pandas' index; other columns with names of an index are found as
    /// well.
    pub(crate) fn new(frame: DataFrame, mut index: Vec<String>) -> Self {
        for (position, name) in frame.get_column_names().into_iter().enumerate() {
            let leading = position == index.len() && is_unnamed(name, position);
            if (leading || is_pandas_name(name)) && !index.iter().any(|known| known == name.as_str()) {
                index.push(name.to_string());
            }
        }
        Self { frame, index, numbers_as_names: false }
    }

    /// Columns that may be dimensions; all if none would be left.
    fn dimensions(&self) -> (Vec<&Column>, Option<Note>) {
        let columns = self.frame.columns();
        let is_index = |column: &Column| self.index.iter().any(|name| column.name() == name.as_str());
        let left_out: Vec<usize> = (0..columns.len()).filter(|&i| is_index(&columns[i])).collect();
        if left_out.len() == columns.len() {
            return (columns.iter().collect(), None);
        }
        let kept = columns.iter().filter(|column| !is_index(column)).collect();
        (kept, Note::of_columns(WarningKind::IndexLeftOut, &left_out, columns.len()))
    }
}

/// Whether a column was written without a name: an empty header, the csv reader's name for a repeated empty header, or
/// pandas' name for it.
fn is_unnamed(name: &str, position: usize) -> bool {
    name.is_empty()
        || position > 0 && name == format!("_duplicated_{}", position - 1)
        || name == format!("Unnamed: {position}")
}

/// Whether only pandas gives this name, to an index without one.
fn is_pandas_name(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let level = name.strip_prefix("__index_level_").and_then(|rest| rest.strip_suffix("__"));
    name == "Unnamed: 0" || level.is_some_and(digits) || name.strip_prefix("Unnamed: 0.").is_some_and(digits)
}

/// The table in a csv file with a header line.
pub(crate) fn csv(bytes: &[u8]) -> Result<Table, FileProblem> {
    csv_with(bytes, ALL_ROWS)
}

/// The same table with all values as texts.
pub(crate) fn csv_as_texts(bytes: &[u8]) -> Result<Table, FileProblem> {
    csv_with(bytes, NO_ROWS)
}

fn csv_with(bytes: &[u8], looked_at: Option<usize>) -> Result<Table, FileProblem> {
    let bytes = without_mark(bytes);
    if let Some(separator) = other_separator(bytes) {
        return Err(FileProblem::Separator { separator });
    }
    if lines(bytes).skip(1).all(<[u8]>::is_empty) {
        return Err(FileProblem::NoRows { tensor: None });
    }
    let invalid = |detail: String| FileProblem::Header { format: "csv", detail };
    let options = CsvReadOptions::default().with_infer_schema_length(looked_at).with_n_threads(Some(1));
    let frame = options.into_reader_with_file_handle(Cursor::new(bytes)).finish();
    let frame = frame.map_err(|e| invalid(uneven(bytes).unwrap_or_else(|| e.to_string())))?;
    let table = Table::new(frame, Vec::new());
    Ok(Table { numbers_as_names: names_are_numbers(bytes), ..table })
}

/// The lines without what ends them.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// What is wrong with the shape of a table that cannot be read: the first row with more values than names, or a quote
/// without an end.
fn uneven(bytes: &[u8]) -> Option<String> {
    let too_many = |line: usize, values: usize, names: usize| {
        format!("the row in line {line} has {values} values, expected {names}, one for each name in the first line")
    };
    let (mut line, mut began, mut values, mut names) = (1, 1, 1, None);
    let mut quote: Option<usize> = None;
    for &byte in bytes {
        match byte {
            b'"' => quote = if quote.is_some() { None } else { Some(line) },
            b',' if quote.is_none() => values += 1,
            b'\n' if quote.is_none() => {
                let names = *names.get_or_insert(values);
                if values > names {
                    return Some(too_many(began, values, names));
                }
                (began, values) = (line + 1, 1);
            }
            _ => {}
        }
        line += usize::from(byte == b'\n');
    }
    match quote {
        Some(line) => Some(format!("the quote that begins in line {line} has no end; close it")),
        None => names.filter(|names| values > *names).map(|names| too_many(began, values, names)),
    }
}

/// The separator of the columns if it is not a comma: the first two lines contain it equally often, and the first has
/// no comma.
fn other_separator(bytes: &[u8]) -> Option<&'static str> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let (names, row) = (lines.next()?, lines.next()?);
    let count = |line: &[u8], separator: u8| line.iter().filter(|&&byte| byte == separator).count();
    let separates = |separator: u8| count(names, separator) > 0 && count(names, separator) == count(row, separator);
    let found = [(b';', "`;`"), (b'\t', "tabs")].into_iter().find(|(separator, _)| separates(*separator));
    found.filter(|_| count(names, b',') == 0).map(|(_, name)| name)
}

/// Whether the first line has only numbers other than the columns' own: 0, 1, 2 .. or 1, 2, 3 ..
fn names_are_numbers(bytes: &[u8]) -> bool {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let Ok(line) = str::from_utf8(line) else { return false };
    let names: Vec<&str> = line.trim_end_matches('\r').split(',').map(str::trim).collect();
    let counted = |from: usize| names.iter().enumerate().all(|(i, name)| *name == (i + from).to_string());
    names.iter().all(|name| name.parse::<f64>().is_ok_and(f64::is_finite)) && !counted(0) && !counted(1)
}

/// The columns that `tensor` names: a column; with a `*` at the end all columns whose names begin so; without a name
/// the only column of lists, or all columns. Pandas' index is included only if it is named.
pub(crate) fn raw<'a>(table: &Table, tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    let prefix = tensor.map(|name| (name, name.strip_suffix('*')));
    let mut raw = match prefix {
        Some((name, Some(prefix))) if !prefix.is_empty() => {
            let columns = table.frame.columns();
            let named: Vec<&Column> = columns.iter().filter(|c| c.name().starts_with(prefix)).collect();
            if named.is_empty() { Err(no_column(table, name)) } else { side_by_side(&named, Some(name)) }
        }
        Some((name, None)) => one(column(table, name)?),
        _ => {
            let (columns, left_out) = table.dimensions();
            let lists: Vec<&Column> = columns.iter().copied().filter(|c| is_list(c.dtype())).collect();
            match (lists.as_slice(), columns.as_slice()) {
                ([only], _) => one(only),
                ([], [only]) if tensor.is_none() => one(only),
                ([], [_, ..]) => side_by_side(&columns, tensor).map(|mut raw| {
                    raw.notes.extend(left_out);
                    raw
                }),
                _ => Err(FileProblem::TensorNotNamed { known: names(&lists) }),
            }
        }
    }?;
    if table.numbers_as_names {
        let total = table.frame.height() + 1;
        raw.notes.push(Note { kind: WarningKind::NumbersAsNames, count: 1, total, first: 0 });
    }
    Ok(raw)
}

/// The values of a column as texts; without a name, the only column that is not pandas' index.
pub(crate) fn texts(table: &Table, name: Option<&str>) -> Result<Vec<String>, FileProblem> {
    let column = match name {
        Some(name) => column(table, name)?,
        None => match table.dimensions().0.as_slice() {
            [only] => *only,
            columns => return Err(FileProblem::TensorNotNamed { known: names(columns) }),
        },
    };
    let name = column.name().to_string();
    complete(column)?;
    let unusable =
        |got: String| FileProblem::Dtype { tensor: Some(name.clone()), got, want: "text, integers or booleans" };
    let dtype = || type_name(column.dtype());
    if column.dtype().is_float() || is_list(column.dtype()) || matches!(column.dtype(), DataType::Struct(_)) {
        return Err(unusable(dtype()));
    }
    let text = column.cast(&DataType::String).map_err(|_| unusable(dtype()))?;
    let text = text.str().map_err(|_| unusable(dtype()))?;
    let texts: Vec<String> = text.iter().map(|value| value.unwrap_or_default().to_owned()).collect();
    if are_fractions(&texts) {
        return Err(unusable("numbers with fractions".to_owned()));
    }
    Ok(texts)
}

/// Whether all texts are numbers and some are not integers: such values are measurements, not names of classes.
fn are_fractions(texts: &[String]) -> bool {
    let is_number = |text: &String| {
        text.bytes().any(|byte| byte.is_ascii_digit()) && text.trim().parse::<f64>().is_ok_and(f64::is_finite)
    };
    let is_integer = |text: &String| text.trim().parse::<i128>().is_ok();
    !texts.iter().all(is_integer) && texts.iter().all(is_number)
}

/// The values of a column of texts as integers; each must be in canonical form.
pub(crate) fn integers_of_texts(table: &Table, name: Option<&str>) -> Result<Vec<i64>, FileProblem> {
    let texts = texts(table, name)?;
    let number = |(row, text): (usize, &String)| {
        as_printed(text).ok_or_else(|| {
            let column = name.map_or_else(|| names(&table.dimensions().0).concat(), str::to_owned);
            FileProblem::NotInteger { column, row, text: text.clone() }
        })
    };
    texts.iter().enumerate().map(number).collect()
}

/// The integer with this canonical form.
pub(crate) fn as_printed(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

pub(crate) fn column<'t>(table: &'t Table, name: &str) -> Result<&'t Column, FileProblem> {
    table.frame.columns().iter().find(|c| c.name() == name).ok_or_else(|| no_column(table, name))
}

fn no_column(table: &Table, name: &str) -> FileProblem {
    no_such(name, names(&table.frame.columns().iter().collect::<Vec<_>>()))
}

/// The error for an unknown column.
pub(crate) fn no_such(name: &str, known: Vec<String>) -> FileProblem {
    let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    FileProblem::NoColumn { column: name.to_owned(), nearest, known }
}

fn names(columns: &[&Column]) -> Vec<String> {
    columns.iter().map(|column| column.name().to_string()).collect()
}

/// The first text of a column of texts that is not a number.
fn text_for_number(column: &Column) -> Option<FileProblem> {
    let texts = column.str().ok()?;
    let is_text = |text: Option<&str>| text.unwrap_or_default().trim().parse::<f64>().is_err();
    // Numbers between spaces, and `nan` in place of `NaN`, make a column one of texts.
    let is_odd = |text: Option<&str>| text.is_some_and(spelled_oddly);
    // A column of quoted numbers has no such row; its first value is then the example.
    let row = texts.iter().position(is_text).or_else(|| texts.iter().position(is_odd)).unwrap_or(0);
    let text = texts.get(row)?;
    Some(FileProblem::NotNumbers { column: column.name().to_string(), row, text: text.to_owned() })
}

/// Name of a table's type.
pub(crate) fn type_name(dtype: &DataType) -> String {
    match dtype {
        DataType::String => "text".into(),
        DataType::Boolean => "booleans".into(),
        DataType::Struct(_) => "structs".into(),
        DataType::Null => "no values".into(),
        dtype if is_list(dtype) => "lists".into(),
        other => other.to_string(),
    }
}

fn is_list(dtype: &DataType) -> bool {
    matches!(dtype, DataType::List(_) | DataType::Array(_, _))
}

/// Refuses missing values.
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
        if let Some(problem) = text_for_number(column) {
            return Err(problem);
        }
        let (element, bytes) = numbers(column.as_materialized_series(), &name)?;
        return Ok(raw_of(Some(name), vec![rows], element, bytes));
    }
    let dtype = |error: polars_core::prelude::PolarsError| FileProblem::Dtype {
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

/// The common length of all lists.
fn width(column: &Column, name: &str) -> Result<usize, FileProblem> {
    if let DataType::Array(_, width) = column.dtype() {
        return Ok(*width);
    }
    let mut width = None;
    for row in 0..column.len() {
        let got = match column.get(row) {
            Ok(polars_core::prelude::AnyValue::List(list)) => list.len(),
            _ => return Err(FileProblem::Missing { column: name.to_owned(), row }),
        };
        let want = *width.get_or_insert(got);
        if got != want {
            return Err(FileProblem::Ragged { column: name.to_owned(), row, got, want });
        }
    }
    Ok(width.unwrap_or(0))
}

/// One column per dimension: f32 if none is wider, else f64.
fn side_by_side<'a>(columns: &[&Column], name: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    for column in columns {
        complete(column)?;
        if let Some(problem) = text_for_number(column) {
            return Err(problem);
        }
        if !column.dtype().is_primitive_numeric() {
            return Err(FileProblem::Dtype {
                tensor: Some(column.name().to_string()),
                got: type_name(column.dtype()),
                want: "numbers (name the columns that are meant: `file#column`, or `file#prefix*` for several)",
            });
        }
    }
    let single = columns.iter().all(|c| matches!(c.dtype(), DataType::Float32 | DataType::Float16));
    let target = if single { DataType::Float32 } else { DataType::Float64 };
    let element = if single { Element::F32 } else { Element::F64 };
    let rows = columns.first().map_or(0, |column| column.len());
    let (size, width) = (element.size(), columns.len());
    let mut bytes = vec![0; rows * width * size];
    let mut counters = Vec::new();
    for (j, column) in columns.iter().enumerate() {
        if column.dtype().is_integer() && counts_rows(column) {
            counters.push(j);
        }
        let cast = column.as_materialized_series().cast(&target);
        let cast = cast.map_err(|e| FileProblem::Header { format: "table", detail: e.to_string() })?;
        let (_, values) = numbers(&cast, column.name())?;
        for (row, value) in values.chunks_exact(size).enumerate() {
            bytes[(row * width + j) * size..][..size].copy_from_slice(value);
        }
    }
    let mut raw = raw_of(name.map(str::to_owned), vec![rows as u64, width as u64], Ok(element), bytes);
    raw.notes.extend(Note::of_columns(WarningKind::RowCounters, &counters, width));
    Ok(raw)
}

/// Whether a column of integers numbers the rows one by one, like an index.
fn counts_rows(column: &Column) -> bool {
    let wide = column.cast(&DataType::Int64);
    let Some(values) = wide.as_ref().ok().and_then(|wide| wide.i64().ok()) else { return false };
    let Some(first) = values.get(0).filter(|_| values.len() >= FEWEST_COUNTED) else { return false };
    values.iter().zip(0_i64..).all(|(value, row)| value.is_some_and(|value| value.checked_sub(first) == Some(row)))
}

fn raw_of<'a>(name: Option<String>, shape: Vec<u64>, element: Result<Element, String>, bytes: Vec<u8>) -> Raw<'a> {
    Raw { name, shape, element, bytes: Cow::Owned(bytes), ..Raw::empty() }
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
        DataType::Float16 => bytes!(f16, F16),
        DataType::Float32 => bytes!(f32, F32),
        DataType::Float64 => bytes!(f64, F64),
        DataType::Int8 => bytes!(i8, I8),
        DataType::Int16 => bytes!(i16, I16),
        DataType::Int32 => bytes!(i32, I32),
        DataType::Int64 => bytes!(i64, I64),
        DataType::UInt8 => bytes!(u8, U8),
        DataType::UInt16 => bytes!(u16, U16),
        DataType::UInt32 => bytes!(u32, U32),
        other => return Ok((Err(type_name(other)), Vec::new())),
    };
    found.map_err(|e| FileProblem::Header { format: "table", detail: format!("column `{name}`: {e}") })
}
