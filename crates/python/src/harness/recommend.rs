//! The method that suits some views, chosen by cross-validation.

use std::path::Path;

use align::{Split, Watch};
use data::yaml;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use select::{MethodScore, RecommendOptions, Recommendation};
use serde_json::{Value, json};
use tasks::{Metric, Task};

use super::grids::{Rows, split};
use super::own;
use crate::convert::to_python;
use crate::errors::of_data;
use crate::work;

/// Settings of a recommendation.
#[derive(FromPyObject)]
pub struct Settings<'py> {
    #[pyo3(item)]
    methods: Vec<String>,
    #[pyo3(item)]
    folds: usize,
    #[pyo3(item)]
    budget: usize,
    /// As in a grid file.
    #[pyo3(item)]
    task: String,
    #[pyo3(item)]
    by: String,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    threads: Option<usize>,
    #[pyo3(item)]
    progress: Option<Bound<'py, PyAny>>,
}

/// Compares methods on these rows by cross-validation.
#[pyfunction]
pub fn recommend<'py>(py: Python<'py>, rows: Rows<'py>, settings: Settings<'py>) -> PyResult<Bound<'py, PyAny>> {
    let options = RecommendOptions {
        methods: settings.methods,
        folds: settings.folds,
        budget: settings.budget,
        task: yaml::parse::<Task>(Path::new("task"), &settings.task, grid::bare_name).map_err(of_data)?.value,
        by: metric(&settings.by)?,
        seed: settings.seed,
        ..RecommendOptions::default()
    };
    let rows: Split = split(&rows)?;
    let found = work::fit(py, settings.threads, settings.progress.as_ref(), move |watch: &Watch| {
        select::recommend(&rows, &options, watch)
    })?;
    let found = found.map_err(|error| PyValueError::new_err(error.to_string()))?;
    to_python(py, &described(&found))
}

/// The metric of this name.
pub fn metric(name: &str) -> PyResult<Metric> {
    name.parse::<Metric>().map_err(|error| {
        let names = Metric::ALL.iter().map(|metric| metric.name());
        let hint = data::nearest(name, names).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        PyValueError::new_err(format!("{error}{hint}"))
    })
}

fn described(found: &Recommendation) -> Value {
    let method = |score: &MethodScore| {
        json!({
            "method": score.candidate.method.name(),
            "settings": score.candidate.method,
            "parameters": score.parameters_text(),
            "score": score.mean,
            "standard_error": score.standard_error,
            "interval": score.spread.interval.map(|(it, _)| [it.low, it.high]),
            "share_best": score.spread.share,
            "as_good": score.as_good,
            "candidates": score.candidates,
            "seconds": score.seconds,
        })
    };
    let without = found.not_tried.iter().filter(|it| it.method != own::NAME);
    let gain = found.curve.gain.as_ref();
    json!({
        "items": found.items,
        "groups": found.groups,
        "folds": found.folds,
        "metric": found.criterion.metric.name(),
        "task": found.criterion.task,
        "recommended": found.recommended,
        "methods": found.methods.iter().map(method).collect::<Vec<_>>(),
        "without_score": without.map(|it| json!({"method": it.method, "reason": it.reason})).collect::<Vec<_>>(),
        "curve": found.curve.sizes.iter().map(|size| json!({"rows": size.rows, "score": size.score})).collect::<Vec<_>>(),
        "twice": gain.ok().map(|it| [it.gain.estimate, it.gain.low, it.gain.high]),
        "seconds": found.seconds,
    })
}
