//! The method `python`: a class of Python with `fit`, whose fits have `transform` or `translate`.
//!
//! The class and its source are looked up when a grid file is read: `python: {module: mine, class: Mine}`. From then on the
//! hash of the source is one of the parameters, so it is a part of the ids of cells, and another source has other cells.
//! Parameters with a hash, as records have them, are read without Python's modules.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};

use align::linalg::MatrixView;
use align::named::ParameterDoc;
use align::{AlignError, Aligner, Coordinates, Fit, FitInput, FitReport, Fitted, FittedMaps, Matrix, Method, Needs};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::rows::{contiguous, to_array};

/// Name of the method in grid files.
pub const NAME: &str = "python";
/// The module of the package that knows classes, sources and fits.
const HELPER: &str = "polyalign.harness.own";

const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("module", "", "name of a module", "module beside the grid file, or one that Python can import"),
    ParameterDoc::new("class", "", "name of a class", "class with `fit(views, seed)`"),
    ParameterDoc::new("params", "{}", "mapping", "keyword arguments of the class"),
    ParameterDoc::new("name", "", "text", "name in tables; by default the attribute `name` of the class"),
    ParameterDoc::new(
        "seeded",
        "true",
        "true or false",
        "whether fits depend on the seed; by default as the class says",
    ),
    ParameterDoc::new("source", "", "SHA-256", "hash of the source; by default that of the module as it is"),
];

/// Registers the method for the whole process, once.
pub fn register() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // Nothing else has this name: a name that is taken would be one that this line took.
        let _ = Method::register_with(made);
    });
}

/// Parameters as a grid file or a record has them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    module: String,
    class: String,
    params: Map<String, Value>,
    name: Option<String>,
    seeded: Option<bool>,
    source: Option<String>,
}

/// A class of Python with its parameters and the hash of its source.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Own {
    module: String,
    class: String,
    params: Map<String, Value>,
    name: String,
    seeded: bool,
    source: String,
}

/// What the package says about a class.
#[derive(FromPyObject)]
struct Described {
    #[pyo3(item)]
    name: String,
    #[pyo3(item)]
    seeded: bool,
    #[pyo3(item)]
    source: String,
}

fn made(given: Given) -> Result<Method, AlignError> {
    let Given { module, class, params, name, seeded, source } = given;
    let named = !module.is_empty() && !class.is_empty();
    let described = match &source {
        Some(source) => Described { name: class.clone(), seeded: true, source: source.clone() },
        // The defaults, which name no class.
        None if !named => Described { name: class.clone(), seeded: true, source: String::new() },
        None => Python::attach(|py| {
            let text = serde_json::to_string(&params).unwrap_or_default();
            let of = helper(py).and_then(|helper| helper.call_method1("described", (&module, &class, text)));
            of.and_then(|found| found.extract::<Described>()).map_err(|error| own_error(py, &class, &error))
        })?,
    };
    let name = name.unwrap_or(described.name);
    let seeded = seeded.unwrap_or(described.seeded);
    Ok(Method::from(Own { module, class, params, name, seeded, source: described.source }))
}

fn helper(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(HELPER)
}

/// The error of a class: its exception with the end of the traceback.
fn own_error(py: Python<'_>, name: &str, error: &PyErr) -> AlignError {
    let told = helper(py)
        .and_then(|helper| helper.call_method1("told", (error.clone_ref(py).into_value(py),)))
        .and_then(|told| told.extract());
    AlignError::Own { method: name.to_string(), message: told.unwrap_or_else(|_| error.to_string()) }
}

/// The same text, which lives for ever. A process knows few names.
fn interned(text: &str) -> &'static str {
    static TEXTS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    match texts.get(text) {
        Some(known) => known,
        None => {
            let text: &'static str = text.to_string().leak();
            texts.insert(text);
            text
        }
    }
}

impl Aligner for Own {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        if self.name.is_empty() { "Python" } else { interned(&self.name) }
    }

    fn summary(&self) -> &'static str {
        "a class of Python: `python: {module: mine, class: MyMethod, params: {...}}`"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn needs(&self) -> Needs {
        Needs::default().complete()
    }

    fn uses_seed(&self) -> bool {
        self.seeded
    }

    fn validate(&self) -> Result<(), AlignError> {
        let empty = [("module", &self.module), ("class", &self.class)].into_iter().find(|(_, text)| text.is_empty());
        let Some((parameter, _)) = empty else { return Ok(()) };
        let want = "the name of one, as in `python: {module: mine, class: MyMethod}`";
        Err(AlignError::Parameter { method: NAME, parameter, got: "not given".into(), want })
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        Python::attach(|py| {
            let name = self.title();
            self.fit_in(py, input, seed).map_err(|error| own_error(py, name, &error))
        })
    }
}

/// A fit of Python, as the package holds it.
#[derive(FromPyObject)]
struct Held {
    #[pyo3(attribute)]
    projects: bool,
    #[pyo3(attribute)]
    translates: bool,
    #[pyo3(attribute)]
    arrays: usize,
    #[pyo3(attribute)]
    numbers: usize,
    #[pyo3(attribute)]
    iterations: Option<usize>,
    #[pyo3(attribute)]
    objective: Option<f64>,
}

impl Own {
    fn fit_in(&self, py: Python<'_>, input: &FitInput<'_>, seed: u64) -> PyResult<Fit> {
        let (views, labels) = (PyDict::new(py), PyDict::new(py));
        for view in input.views.iter() {
            views.set_item(view.name(), to_array(py, view.values().clone())?)?;
        }
        for list in input.labels {
            labels.set_item(&list.name, PyArray1::from_slice(py, &list.values))?;
        }
        let params = serde_json::to_string(&self.params).unwrap_or_default();
        let class = (&self.module, &self.class, params, &self.source);
        let fit = helper(py)?.call_method1("fit", (class, self.title(), views, seed, labels))?;
        let held: Held = fit.extract()?;
        let coordinates: &[Coordinates] = match (held.projects, held.translates) {
            (true, true) => &[Coordinates::Universe, Coordinates::Translated],
            (true, false) => &[Coordinates::Universe],
            (false, _) => &[Coordinates::Translated],
        };
        let mut report = FitReport::closed_form(held.arrays, held.numbers, held.objective);
        report.iterations = held.iterations;
        let maps = Maps {
            name: self.title(),
            fit: fit.unbind(),
            views: input.views.iter().map(|view| (view.name().to_string(), view.values().cols())).collect(),
            coordinates,
            width: OnceLock::new(),
            bytes: held.numbers * size_of::<f64>(),
        };
        Ok(Fit { fitted: Fitted::Own(Arc::new(maps)), report })
    }
}

/// The maps of a fit of Python.
struct Maps {
    name: &'static str,
    fit: Py<PyAny>,
    views: Vec<(String, usize)>,
    coordinates: &'static [Coordinates],
    /// Width of the universe, once a view was projected.
    width: OnceLock<usize>,
    bytes: usize,
}

impl fmt::Debug for Maps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maps").field("name", &self.name).field("views", &self.views).finish_non_exhaustive()
    }
}

impl Maps {
    /// Rows that a method of the fit gives for `x`.
    fn rows(&self, call: &str, names: &[&str], x: MatrixView<'_>, width: Option<usize>) -> Result<Matrix, AlignError> {
        let refused = |message: String| AlignError::Own { method: self.name.to_string(), message };
        let called = |py: Python<'_>| -> PyResult<Matrix> {
            let array = to_array(py, x.to_matrix())?;
            let out = self.fit.bind(py).call_method1(call, (names.to_vec(), array))?;
            let out: PyReadonlyArray2<'_, f32> = out.cast::<PyArray2<f32>>()?.readonly();
            let (rows, cols) = (out.shape()[0], out.shape()[1]);
            Matrix::new(rows, cols, contiguous(&out)?.to_vec()).map_err(crate::errors::of_align)
        };
        let out = Python::attach(|py| called(py).map_err(|error| own_error(py, self.name, &error)))?;
        let what = || format!("{call}({})", names.join(", "));
        let want = width.unwrap_or(out.cols());
        if (out.rows(), out.cols()) != (x.rows(), want) {
            let found = format!("{} x {}, expected {} x {want}", out.rows(), out.cols(), x.rows());
            return Err(refused(format!("{} gave {found}; mend the method", what())));
        }
        if let Some(at) = out.as_slice().iter().position(|value| !value.is_finite()) {
            let (row, col) = (at / out.cols(), at % out.cols());
            let value = out.at(row, col);
            return Err(refused(format!(
                "{} gave {value} at row {row}, column {col}, expected finite values; mend the method",
                what()
            )));
        }
        Ok(out)
    }

    fn width_of(&self, view: &str) -> Option<usize> {
        self.views.iter().find(|(name, _)| name == view).map(|(_, width)| *width)
    }
}

impl FittedMaps for Maps {
    fn views(&self) -> Vec<(&str, usize)> {
        self.views.iter().map(|(name, width)| (name.as_str(), *width)).collect()
    }

    fn coordinates(&self) -> &'static [Coordinates] {
        self.coordinates
    }

    fn project(&self, view: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let rows = self.rows("transform", &[view], x, self.width.get().copied())?;
        self.width.get_or_init(|| rows.cols());
        Ok(rows)
    }

    fn translate(&self, source: &str, target: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        self.rows("translate", &[source, target], x, self.width_of(target))
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
