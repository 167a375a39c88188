//! Per-item scores as a table: a row per series, and a row per list of the items' ids. `docs/formats.md` describes the columns, and a test
//! compares the two.

use align::Coordinates;
use anyhow::{Context as _, Result};
use polars_core::prelude::{Column, DataFrame, DataType, NamedFrom as _, Series};
use tasks::Quantity;

use grid::keys::Params;

/// The per-item scores of one task, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSeries {
    /// Task name.
    pub task: String,
    /// Its parameters.
    pub task_params: Params,
    /// The series.
    pub series: tasks::Series,
}

/// The ids of the items that per-item scores are of, in the order of the values, where the data have ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemIds {
    /// The task that looks at these items; [`crate::record::DATA`] for all others.
    pub task: String,
    /// Its parameters.
    pub task_params: Params,
    /// One for each item.
    pub ids: Vec<i64>,
}

/// What a row holds whose list is one of ids, in the column `quantity`.
const ITEM: &str = "item";

/// One row per series, the values a list; below them one row per list of ids.
pub(crate) fn series_frame(stored: &[StoredSeries], items: &[ItemIds]) -> Result<DataFrame> {
    let text =
        |name: &str, get: &dyn Fn(&StoredSeries) -> Option<String>, of_ids: &dyn Fn(&ItemIds) -> Option<String>| {
            Column::new(name.into(), stored.iter().map(get).chain(items.iter().map(of_ids)).collect::<Vec<_>>())
        };
    let none = || Series::new_empty("".into(), &DataType::Float32);
    let values: Vec<Series> =
        stored.iter().map(|s| Series::new("".into(), &s.series.values)).chain(items.iter().map(|_| none())).collect();
    let draws: Vec<Option<u64>> = stored.iter().map(|s| s.series.draw).chain(items.iter().map(|_| None)).collect();
    let mut columns = vec![
        text("task", &|s| Some(s.task.clone()), &|i| Some(i.task.clone())),
        text("task_params", &|s| Some(s.task_params.to_string()), &|i| Some(i.task_params.to_string())),
        text("space", &|s| Some(s.series.space.name().into()), &|_| Some(Coordinates::Input.name().into())),
        text("source", &|s| s.series.source.clone(), &|_| None),
        text("target", &|s| s.series.target.clone(), &|_| None),
        text("quantity", &|s| Some(s.series.quantity.name().into()), &|_| Some(ITEM.into())),
        Column::new("draw".into(), draws),
        if values.is_empty() {
            Column::new_empty("values".into(), &DataType::List(Box::new(DataType::Float32)))
        } else {
            Column::new("values".into(), values)
        },
    ];
    if !items.is_empty() {
        let none = || Series::new_empty("".into(), &DataType::Int64);
        let ids: Vec<Series> =
            stored.iter().map(|_| none()).chain(items.iter().map(|i| Series::new("".into(), &i.ids))).collect();
        columns.push(Column::new("ids".into(), ids));
    }
    Ok(DataFrame::new(stored.len() + items.len(), columns)?)
}

pub(crate) fn read_ids(frame: &DataFrame) -> Result<Vec<ItemIds>> {
    let Ok(ids) = frame.column("ids") else { return Ok(Vec::new()) };
    let ids = ids.list()?;
    let text = |name: &str, row: usize| -> Result<String> {
        frame.column(name)?.str()?.get(row).map(str::to_string).with_context(|| format!("column `{name}`"))
    };
    let quantity = frame.column("quantity")?.str()?;
    let of_items = (0..frame.height()).filter(|row| quantity.get(*row) == Some(ITEM));
    of_items
        .map(|row| {
            let list = ids.get_as_series(row).context("column `ids`")?;
            Ok(ItemIds {
                task: text("task", row)?,
                task_params: text("task_params", row)?.parse().context("column `task_params`")?,
                ids: list.i64()?.iter().collect::<Option<_>>().context("column `ids`")?,
            })
        })
        .collect()
}

pub(crate) fn read_series(frame: &DataFrame) -> Result<Vec<StoredSeries>> {
    let text = |name: &str, row: usize| -> Result<Option<String>> {
        Ok(frame.column(name)?.str()?.get(row).map(str::to_string))
    };
    let values = frame.column("values")?.list()?;
    let quantity = frame.column("quantity")?.str()?;
    (0..frame.height())
        .filter(|row| quantity.get(*row) != Some(ITEM))
        .map(|row| {
            let space = text("space", row)?.as_deref().and_then(Coordinates::from_name).context("column `space`")?;
            let quantity =
                text("quantity", row)?.as_deref().and_then(Quantity::from_name).context("column `quantity`")?;
            let list = values.get_as_series(row).context("column `values`")?;
            Ok(StoredSeries {
                task: text("task", row)?.context("column `task`")?,
                task_params: text("task_params", row)?
                    .context("column `task_params`")?
                    .parse()
                    .context("column `task_params`")?,
                series: tasks::Series {
                    space,
                    source: text("source", row)?,
                    target: text("target", row)?,
                    quantity,
                    draw: frame.column("draw")?.u64()?.get(row),
                    values: list.f32()?.iter().map(|v| v.unwrap_or(f32::NAN)).collect(),
                },
            })
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;
    use std::path::Path;

    use align::SelectionReport;

    use super::*;
    use crate::record::{self, DATA, Record};

    pub(crate) fn stored() -> StoredSeries {
        let series = tasks::Series {
            space: Coordinates::Universe,
            source: Some("en".into()),
            target: None,
            quantity: Quantity::Cluster,
            draw: Some(3),
            values: vec![0.0, 2.0, 1.0],
        };
        StoredSeries { task: "clustering".into(), task_params: Params::default(), series }
    }

    /// The first two columns of the tables of a section of `docs/formats.md`.
    fn documented(section: &str) -> Vec<(String, String)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
        let text = fs::read_to_string(path).expect("the document");
        let start = text.find(&format!("\n### {section}\n")).expect("the section") + 5;
        let part = text[start..].split("\n#").next().expect("its text");
        let line = |line: &str| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let name = cells.next()?.trim_end_matches('`').to_string();
            Some((name, cells.next()?.to_string()))
        };
        part.lines().filter_map(line).collect()
    }

    /// Names and types of a frame's columns, in the words of the document.
    fn written(frame: &DataFrame) -> Vec<(String, String)> {
        let kind = |kind: &DataType| match kind {
            DataType::String => "text".to_string(),
            DataType::Float64 => "number".to_string(),
            DataType::UInt64 => "count".to_string(),
            DataType::List(of) => format!("list of {of}"),
            other => other.to_string(),
        };
        frame.columns().iter().map(|column| (column.name().to_string(), kind(column.dtype()))).collect()
    }

    #[test]
    fn the_documented_columns_are_those_that_are_written() {
        let selection = SelectionReport::new("rank1".into(), true, 5, Vec::new(), 0);
        let all = Record {
            fit_rows: Some(100),
            selection: Some(selection.into()),
            selection_seconds: Some(0.5),
            ..Record::default()
        };
        let frame = record::to_frame(&[all]).expect("equal lengths");
        assert_eq!(documented("Columns of records"), written(&frame));
        let items = [ItemIds { task: DATA.into(), task_params: Params::default(), ids: vec![1] }];
        let frame = series_frame(&[stored()], &items).expect("equal lengths");
        assert_eq!(documented("Columns of per-item scores"), written(&frame));
        let quantities: Vec<String> =
            documented("Quantities of per-item scores").into_iter().map(|(name, _)| name).collect();
        let known: Vec<String> = Quantity::ALL.iter().map(|quantity| quantity.name().to_string()).collect();
        assert_eq!(quantities, [known, vec![ITEM.to_string()]].concat());
    }
}
