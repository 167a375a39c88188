//! The registry of methods for Python: names, texts, parameters, and the check of given parameters.

use std::path::Path;

use align::Method;
use align::named::ParameterDoc;
use data::{DataError, yaml};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::convert::to_python;
use crate::errors::of_align;
use crate::harness::own::NAME;

/// The methods in their order, each as a dict with its name, title, summary, version, parameters and needs.
#[pyfunction]
pub fn methods(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // A class of Python is given itself, not as a method with its name.
    let all = Method::all().into_iter().filter(|method| method.name() != NAME);
    let all: Vec<Value> = all.map(|method| described(&method)).collect();
    to_python(py, &Value::Array(all))
}

fn described(method: &Method) -> Value {
    let needs = method.needs();
    json!({
        "name": method.name(),
        "title": method.title(),
        "summary": method.summary(),
        "version": method.version(),
        "uses_seed": method.uses_seed(),
        "needs": {
            "views": needs.views,
            "labels": needs.labels,
            "validation": needs.validation,
            "complete": needs.complete,
        },
        "parameters": method.parameter_docs().iter().map(parameter).collect::<Vec<_>>(),
    })
}

fn parameter(doc: &ParameterDoc) -> Value {
    // A default is written as in a grid file: numbers, booleans and mappings as in JSON, names bare.
    let default = serde_json::from_str(doc.default).unwrap_or_else(|_| Value::from(doc.default));
    json!({"name": doc.name, "default": default, "domain": doc.domain, "about": doc.about})
}

/// The name among `known` that is most similar to `name`, if one is similar enough to be suggested.
#[pyfunction]
pub fn nearest(name: &str, known: Vec<String>) -> Option<String> {
    data::nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
}

/// All parameters of the method `name` with these values, which are JSON, as a grid file has them. `shown` is the name of the
/// method in errors.
#[pyfunction]
pub fn normalised<'py>(py: Python<'py>, name: &str, parameters: &str, shown: &str) -> PyResult<Bound<'py, PyAny>> {
    let method = of_text(name, parameters, shown)?;
    to_python(py, parameters_of(&value_of(&method)?, method.name()))
}

/// The method with its parameters in the form of a grid file: `{"gpa": {...}}`.
pub fn value_of(method: &Method) -> PyResult<Value> {
    serde_json::to_value(method).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn parameters_of<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The method of this name with these parameters, which are JSON, checked.
pub fn of_text(name: &str, parameters: &str, shown: &str) -> PyResult<Method> {
    let text = format!("{{{}: {parameters}}}", Value::from(name));
    let parsed =
        yaml::parse::<Method>(Path::new(shown), &text, |_| ()).map_err(|error| in_words(error, name, shown))?;
    parsed.value.validate().map_err(of_align)?;
    Ok(parsed.value)
}

/// The error at a parameter: the method and the path of the parameter in place of a file, a line and a column.
fn in_words(error: DataError, name: &str, shown: &str) -> PyErr {
    match error {
        DataError::Yaml { at, problem } => {
            let key = at.key.strip_prefix(name).unwrap_or(&at.key).trim_start_matches('.');
            let place = if key.is_empty() { shown.to_owned() } else { format!("{shown}: {key}") };
            let text = format!("{place}: {problem}");
            match *problem {
                yaml::YamlProblem::Unknown { kind: "key", .. } => PyTypeError::new_err(text),
                _ => PyValueError::new_err(text),
            }
        }
        other => PyValueError::new_err(other.to_string()),
    }
}
