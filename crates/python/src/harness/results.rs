//! Results of a grid in a folder: records, tables, figures, differences and scores of single items.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use numpy::PyArray1;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use report::contrast::{Difference, differences};
use report::draw::{self, Named};
use report::pages::about::About;
use report::pages::contents::Report;
use report::samples::Samples;
use report::tables::summary::{Group, Summary};
use report::tables::table::Table;
use serde_json::{Value, json};
use store::cells::Store;
use store::record::Record;
use store::record::columns::{Values, columns};

use super::recommend::metric;
use crate::convert::to_python;
use crate::errors::of_anyhow;

/// The results of a grid that a run has written into a folder.
#[pyclass(frozen, module = "polyalign._native")]
pub struct Stored {
    store: Store,
    records: Vec<Record>,
    about: About,
    /// Tables and figures, once somebody has asked.
    drawn: Mutex<Option<Arc<Drawn>>>,
}

/// What a report shows.
struct Drawn {
    tables: Vec<(String, Table)>,
    figures: Vec<Named>,
    findings: Vec<String>,
    warnings: Vec<String>,
}

/// Selects stored scores.
#[derive(FromPyObject)]
struct Wanted {
    #[pyo3(item)]
    method: Option<String>,
    #[pyo3(item)]
    task: Option<String>,
    #[pyo3(item)]
    quantity: Option<String>,
}

#[pymethods]
impl Stored {
    /// Reads a folder of results.
    #[staticmethod]
    fn open(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        let (store, records, about) = py.detach(|| report::pages::open(&folder)).map_err(of_anyhow)?;
        Ok(Self { store, records, about, drawn: Mutex::new(None) })
    }

    /// The folder.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.store.root().to_path_buf()
    }

    /// Title, notes on the data, and the command that makes the results again.
    #[getter]
    fn about<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let About { title, notes, command, planned, .. } = &self.about;
        to_python(py, &json!({"title": title, "notes": notes, "command": command, "cells": planned}))
    }

    /// The columns of the records by name: an array of numbers, in which NaN is no value, or a list.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, values) in columns(&self.records).map_err(of_anyhow)? {
            match values {
                Values::Numbers(values) => {
                    let values: Vec<f64> = values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
                    dict.set_item(name, PyArray1::from_vec(py, values))?;
                }
                Values::Texts(values) => dict.set_item(name, values)?,
                Values::Counts(values) => dict.set_item(name, values)?,
            }
        }
        Ok(dict)
    }

    /// All tables by name.
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let drawn = self.drawn(py)?;
        let all: serde_json::Map<String, Value> =
            drawn.tables.iter().map(|(name, table)| (name.clone(), described(table))).collect();
        to_python(py, &Value::Object(all))
    }

    /// The sentences "in short", and the problems that a reader must know before the values.
    fn sentences<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let drawn = self.drawn(py)?;
        to_python(py, &json!({"findings": drawn.findings, "warnings": drawn.warnings}))
    }

    /// The names of the figures.
    fn figures(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.drawn(py)?.figures.iter().map(|(_, name)| name.clone()).collect())
    }

    /// The documents of a figure by the ends of their file names, `svg` and `png`.
    fn figure<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        let drawn = self.drawn(py)?;
        let Some((figure, _)) = drawn.figures.iter().find(|(_, known)| known == name) else {
            return Err(PyKeyError::new_err(format!("no figure `{name}`")));
        };
        let documents = py.detach(|| draw::documents(figure)).map_err(of_anyhow)?;
        let dict = PyDict::new(py);
        for document in documents {
            let end = document.path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_string();
            dict.set_item(end, pyo3::types::PyBytes::new(py, &document.bytes))?;
        }
        Ok(dict)
    }

    /// The paired differences of two settings by a metric.
    fn compare<'py>(&self, py: Python<'py>, a: &str, b: &str, by: &str) -> PyResult<Bound<'py, PyAny>> {
        let by = metric(by)?;
        let found = py.detach(|| differences(&self.samples(), a, b, by)).map_err(of_anyhow)?;
        to_python(py, &Value::Array(found.iter().map(difference).collect()))
    }

    /// Scores of single items, a dict for each list.
    fn scores<'py>(&self, py: Python<'py>, wanted: Wanted) -> PyResult<Bound<'py, PyList>> {
        let samples = self.samples();
        let summary = samples.summary();
        let groups: Vec<&Group> = match &wanted.method {
            None => summary.groups.iter().collect(),
            Some(name) => {
                let Some(found) = Summary::find(&summary.groups, name) else {
                    let mut known: Vec<String> = Vec::new();
                    summary.groups.iter().map(Group::label).for_each(|label| {
                        if !known.contains(&label) {
                            known.push(label);
                        }
                    });
                    let known = known.join(", ");
                    return Err(PyKeyError::new_err(format!("no method `{name}`; these results have {known}")));
                };
                summary.groups.iter().filter(|group| group.method == found.method).collect()
            }
        };
        let all = PyList::empty(py);
        for group in groups {
            let mut seen = HashSet::new();
            let cells = summary.of(group).filter(|record| record.metric.is_some() && seen.insert(&record.cell));
            for record in cells {
                let stored = py.detach(|| self.store.series(&record.cell)).map_err(of_anyhow)?;
                for one in stored {
                    let series = one.series;
                    let other = |wanted: &Option<String>, found: &str| wanted.as_ref().is_some_and(|it| it != found);
                    if other(&wanted.task, &one.task) || other(&wanted.quantity, series.quantity.name()) {
                        continue;
                    }
                    let head = json!({
                        "method": group.label(),
                        "views": group.view_set,
                        "noise": group.condition.noise.to_string(),
                        "fit_rows": record.fit_rows,
                        "seed": record.seed,
                        "cell": record.cell,
                        "task": one.task,
                        "task_params": one.task_params.to_string(),
                        "space": series.space.name(),
                        "source": series.source,
                        "target": series.target,
                        "quantity": series.quantity.name(),
                        "draw": series.draw,
                    });
                    let entry = to_python(py, &head)?;
                    entry.set_item("values", PyArray1::from_vec(py, series.values))?;
                    all.append(entry)?;
                }
            }
        }
        Ok(all)
    }

    /// Writes tables, figures and the report into the folder.
    fn draw(&self, py: Python<'_>) -> PyResult<Vec<PathBuf>> {
        py.detach(|| report::pages::draw(self.store.root(), None)).map_err(of_anyhow)
    }
}

impl Stored {
    fn samples(&self) -> Samples<'_> {
        Samples::named(&self.records, &self.store, &self.about.settings).with_training_rows(&self.about.training_rows)
    }

    fn drawn(&self, py: Python<'_>) -> PyResult<Arc<Drawn>> {
        let draw = || -> Result<Arc<Drawn>> {
            let mut held = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(drawn) = &*held {
                return Ok(Arc::clone(drawn));
            }
            let report = Report::new(&self.store, &self.records, self.about.clone())?;
            let drawn = Arc::new(Drawn {
                tables: report.tables()?,
                figures: report.figures()?,
                findings: report.findings.clone(),
                warnings: report.warnings(),
            });
            Ok(Arc::clone(held.insert(drawn)))
        };
        py.detach(draw).map_err(of_anyhow)
    }
}

fn described(table: &Table) -> Value {
    let pieces = |table: &Table| {
        json!({
            "title": table.title,
            "headers": (0..table.headers.len()).map(|column| table.heading(column)).collect::<Vec<_>>(),
            "columns": table.headers,
            "names": table.names,
            "rows": table.rows,
            "best": table.best,
            "level": table.level,
        })
    };
    let notes: Vec<&String> = table.notes.iter().collect();
    let mut value = pieces(table);
    value["pieces"] = table.pieces().iter().map(pieces).collect();
    value["notes"] = json!(notes);
    value["footnotes"] = json!(table.footnotes());
    value["markdown"] = json!(table.markdown());
    value["text"] = json!(table.terminal());
    value
}

fn difference(found: &Difference) -> Value {
    let [a, b] = &found.names;
    let contrast = found.difference.as_ref();
    json!({
        "a": a,
        "b": b,
        "metric": found.metric.name(),
        "measure": found.measure,
        "higher_is_better": found.metric.higher_is_better(),
        "views": found.view_set,
        "noise": found.condition.noise.to_string(),
        "fit_rows": found.condition.fit_rows.count(),
        "value_a": finite(found.values[0]),
        "value_b": finite(found.values[1]),
        "difference": contrast.ok().map(|it| it.interval.estimate),
        "low": contrast.ok().map(|it| it.interval.low),
        "high": contrast.ok().map(|it| it.interval.high),
        "p": contrast.ok().map(|it| it.p),
        "detectable": contrast.ok().map(|it| it.detectable),
        "items": found.items,
        "seeds": found.seeds,
        "reason": contrast.err(),
    })
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
