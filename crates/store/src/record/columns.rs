//! Records as columns of plain values, for programs that do not use data frames.

use anyhow::{Result, bail};
use polars_core::prelude::DataType;

use super::{Record, to_frame};

/// Values of a column; `None` means not applicable or not run.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Numbers with a fraction.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers of at least zero.
    Counts(Vec<Option<u64>>),
}

/// The columns of `records.parquet` with their names, in order.
///
/// # Errors
/// None in practice: every column has one of these three types.
pub fn columns(records: &[Record]) -> Result<Vec<(String, Values)>> {
    let frame = to_frame(records)?;
    let mut all = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        let values = match column.dtype() {
            DataType::String => Values::Texts(column.str()?.iter().map(|text| text.map(str::to_string)).collect()),
            DataType::Float64 => Values::Numbers(column.f64()?.iter().collect()),
            DataType::UInt64 => Values::Counts(column.u64()?.iter().collect()),
            // A column without any value has no type of its own.
            DataType::Null => Values::Texts(vec![None; column.len()]),
            other => bail!("column `{}` has the type {other}, expected a text or a number", column.name()),
        };
        all.push((column.name().to_string(), values));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::COLUMNS;

    #[test]
    fn every_column_is_there_with_its_values() {
        let record = Record {
            grid: "g".into(),
            value: Some(0.25),
            fit_rows: Some(7),
            selection_seconds: Some(1.0),
            selection: Some(align::SelectionReport::new("rank1".into(), true, 5, Vec::new(), 0).into()),
            ..Record::default()
        };
        let found = columns(&[record, Record::default()]).expect("two records");
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), COLUMNS);
        let of = |name: &str| found.iter().find(|(known, _)| known == name).map(|(_, values)| values.clone());
        assert_eq!(of("value"), Some(Values::Numbers(vec![Some(0.25), None])));
        assert_eq!(of("fit_rows"), Some(Values::Counts(vec![Some(7), None])));
        assert_eq!(of("grid"), Some(Values::Texts(vec![Some("g".into()), Some(String::new())])));
    }
}
