//! Runs of grids: on the data that a file names, or on arrays.

use std::path::{Path, PathBuf};

use align::{Dataset, Labels, Split};
use anyhow::Result;
use data::Loaded;
use grid::plan::{Plan, PlanRequest};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use report::pages::about::About;
use report::pages::outputs::Drawing;
use runner::cells::fits::Fits;
use runner::event::{Event, Observer};
use runner::run::line::again;
use runner::run::settings::{RunSettings, Selection};
use runner::run::{Run, announce};
use serde_json::{Value, json};
use store::gather;
use store::lock::{Lock, Turn};

use super::events::watched;
use super::own;
use crate::convert::to_python;
use crate::errors::{of_align, of_anyhow};
use crate::rows::{Named, views};

/// Labellings or groupings by name.
type Lists = Vec<(String, Vec<i64>)>;

/// How a grid is run.
#[derive(FromPyObject)]
pub struct Settings<'py> {
    /// Folder of the results of all grids.
    #[pyo3(item)]
    out: PathBuf,
    /// Values that override those of the grid file, as JSON.
    #[pyo3(item)]
    overrides: String,
    #[pyo3(item)]
    threads: Option<usize>,
    #[pyo3(item)]
    jobs: Option<usize>,
    /// Bytes.
    #[pyo3(item)]
    max_memory: Option<u64>,
    #[pyo3(item)]
    fail_fast: bool,
    #[pyo3(item)]
    recompute: bool,
    #[pyo3(item)]
    allow_stand_in: bool,
    /// Whether to write tables, figures and the report.
    #[pyo3(item)]
    report: bool,
    /// What makes the results again, in the report; by default the command line's command.
    #[pyo3(item)]
    command: Option<String>,
    #[pyo3(item)]
    on_event: Option<Bound<'py, PyAny>>,
}

/// The rows of a split.
#[derive(FromPyObject)]
pub struct Rows<'py> {
    #[pyo3(item)]
    views: Named<'py>,
    #[pyo3(item)]
    labels: Lists,
    #[pyo3(item)]
    groups: Lists,
    #[pyo3(item)]
    ids: Option<Vec<i64>>,
}

/// A data set of arrays.
#[derive(FromPyObject)]
pub struct Arrays<'py> {
    #[pyo3(item)]
    title: String,
    #[pyo3(item)]
    train: Rows<'py>,
    #[pyo3(item)]
    validation: Option<Rows<'py>>,
    #[pyo3(item)]
    test: Rows<'py>,
}

/// Runs a grid file and returns what has come of it: the folder, and the numbers of cells. With `arrays`, they are the data
/// in place of those that the file names.
#[pyfunction]
pub fn run_grid<'py>(
    py: Python<'py>,
    file: PathBuf,
    settings: Settings<'py>,
    arrays: Option<Arrays<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let overrides: Value =
        serde_json::from_str(&settings.overrides).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let request = PlanRequest { overrides, ..PlanRequest::of(&file, settings.allow_stand_in) };
    let data = arrays.as_ref().map(|arrays| Ok::<_, PyErr>((arrays.title.clone(), dataset(arrays)?))).transpose()?;
    let how = How {
        out: settings.out,
        command: settings.command,
        report: settings.report,
        run: RunSettings {
            jobs: settings.jobs,
            threads: settings.threads,
            max_memory: settings.max_memory,
            fail_fast: settings.fail_fast,
            recompute: settings.recompute,
            ..RunSettings::default()
        },
    };
    let found = watched(py, settings.on_event.as_ref(), move |observer| compute(&request, &how, data, observer))?;
    to_python(py, &found.map_err(of_anyhow)?)
}

fn dataset(arrays: &Arrays<'_>) -> PyResult<Dataset> {
    let validation = arrays.validation.as_ref().map(split).transpose()?;
    Ok(Dataset { validation, ..Dataset::new(split(&arrays.train)?, split(&arrays.test)?) })
}

/// The rows of a split, with one value per row in every list.
pub fn split(rows: &Rows<'_>) -> PyResult<Split> {
    let named = |lists: &Lists| -> Vec<Labels> {
        lists.iter().map(|(name, values)| Labels { name: name.clone(), values: values.clone() }).collect()
    };
    Split::new(views(&rows.views)?, named(&rows.labels), named(&rows.groups), rows.ids.clone()).map_err(of_align)
}

/// How a run is made, without the lock of the interpreter.
struct How {
    out: PathBuf,
    command: Option<String>,
    report: bool,
    run: RunSettings,
}

fn compute(
    request: &PlanRequest,
    how: &How,
    data: Option<(String, Dataset)>,
    observer: &dyn Observer,
) -> Result<Value> {
    let plan = match data {
        None => request.open()?,
        Some((title, dataset)) => request.open_on(&title, Loaded::in_memory(dataset)?)?,
    };
    announce(&plan, observer);
    let fits = Fits::within(how.run.max_memory);
    let outcome = Run::new(&plan, &how.out, &Selection::default(), &how.run)?.run(&fits, observer)?;
    let root = outcome.store.root();
    if outcome.left == 0 {
        let turn = Lock::turn(root, Turn::Outputs)?;
        let command = how.command.clone().unwrap_or_else(|| command(&plan, request, &how.out));
        if how.report {
            let outputs = Drawing::new(&plan, (&outcome.store, &outcome.states), &command, None, turn).outputs()?;
            observer.on_event(&Event::Findings(&outputs.findings));
            observer.on_event(&Event::Warnings(&outputs.warnings));
        } else {
            gather::records(&plan, &outcome.store, &outcome.states)?;
            About::of_plan(&plan, &command, None).write(&outcome.store)?;
        }
    }
    Ok(json!({
        "folder": root,
        "before": outcome.before,
        "done": outcome.done,
        "failed": outcome.failed,
        "left": outcome.left,
    }))
}

/// What makes the results again: the command line's command, or a call if a method is written in Python.
fn command(plan: &Plan, request: &PlanRequest, out: &Path) -> String {
    if plan.grid.value.methods.iter().any(|method| method.name() == own::NAME) {
        let call = format!("import polyalign; polyalign.run({:?}, out={:?})", request.grid, out);
        return files::shell::command(["python", "-c", &call]);
    }
    again("run", &request.grid, false, None, out)
}
