//! A fit with its origin, as a class of Python.

use std::path::{Path, PathBuf};
use std::time::Instant;

use align::{AddForm, AlignError, FitInput, FitWarning, Labels, Matrix};
use data::DataError;
use data::maps::{ExportedMap, MapFormat};
use data::universe::{self, Added, Origin, Saved};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple, PyType};
use serde_json::Value;

use crate::convert::to_python;
use crate::errors::{of_align, of_data};
use crate::methods::{of_text, value_of};
use crate::rows::{Named, contiguous, shared, to_array, views};
use crate::work;

/// The program that writes files of fits.
const TOOL: &str = concat!("polyalign ", env!("CARGO_PKG_VERSION"));
/// In errors of fits that are not in a file.
const NO_FILE: &str = "the fit";

/// A fitted method. It does not change; `add` gives a new one.
#[pyclass(frozen, module = "polyalign._native")]
pub struct Fitted {
    saved: Saved,
    /// Seconds of the fit; `None` for a fit that was loaded.
    seconds: Option<f64>,
}

/// Number of rows, mean and covariance of a consensus.
type ConsensusOf<'py> = (usize, Vec<f64>, Bound<'py, PyArray2<f64>>);

/// Matrix and shift of an affine map, and notes.
type AffineOf<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray1<f32>>, Vec<String>);

/// What a fit is made of besides its views.
#[derive(FromPyObject)]
struct Settings<'py> {
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    calibrate: bool,
    #[pyo3(item)]
    threads: Option<usize>,
    #[pyo3(item)]
    progress: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    labels: Vec<(String, Vec<i64>)>,
    #[pyo3(item)]
    groups: Vec<(String, Vec<i64>)>,
    #[pyo3(item)]
    validation: Option<Named<'py>>,
    /// Name and SHA-256 of the data, for the origin.
    #[pyo3(item)]
    data: (String, String),
}

#[pymethods]
impl Fitted {
    /// Fits the method `name` with parameters in JSON.
    #[staticmethod]
    fn fit(
        py: Python<'_>,
        name: &str,
        parameters: &str,
        shown: &str,
        rows: Named<'_>,
        settings: Settings<'_>,
    ) -> PyResult<Self> {
        let method = of_text(name, parameters, shown)?;
        let train = views(&rows)?;
        let validation = settings.validation.as_ref().map(views).transpose()?;
        let lists = |lists: Vec<(String, Vec<i64>)>| -> Vec<Labels> {
            lists.into_iter().map(|(name, values)| Labels { name, values }).collect()
        };
        let (labels, groups) = (lists(settings.labels), lists(settings.groups));
        let (seed, calibrate) = (settings.seed, settings.calibrate);
        let origin = Origin {
            method: value_of(&method)?,
            method_version: method.version(),
            seed,
            data: settings.data.0,
            data_sha256: settings.data.1,
            rows: train.rows(),
            tool: TOOL.to_owned(),
            added: Vec::new(),
        };
        let (saved, seconds) = work::fit(py, settings.threads, settings.progress.as_ref(), move |watch| {
            let clock = Instant::now();
            let mut input = FitInput::new(&train).with_labels(&labels)?.with_groups(&groups)?.watched_by(watch);
            if let Some(validation) = &validation {
                input = input.with_validation(validation)?;
            }
            let fit = method.fit(input, seed)?;
            watch.check()?;
            let fit = if calibrate { fit.calibrated(&train)? } else { fit.with_spread_checked(&train)? };
            let seconds = clock.elapsed().as_secs_f64();
            Ok::<_, AlignError>((Saved::of(fit, origin, Some(&train))?, seconds))
        })?
        .map_err(of_align)?;
        Ok(Self { saved, seconds: Some(seconds) })
    }

    /// Reads the file of a fit.
    #[staticmethod]
    fn read(py: Python<'_>, file: PathBuf) -> PyResult<Self> {
        let saved = py.detach(|| universe::read(&file)).map_err(of_data)?;
        Ok(Self { saved, seconds: None })
    }

    /// A fit from the bytes of its file.
    #[staticmethod]
    #[pyo3(signature = (bytes, seconds = None))]
    fn from_bytes(bytes: &Bound<'_, PyBytes>, seconds: Option<f64>) -> PyResult<Self> {
        let saved = universe::from_bytes(bytes.as_bytes(), Path::new(NO_FILE)).map_err(of_data)?;
        Ok(Self { saved, seconds })
    }

    /// The bytes of the file of the fit.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.saved.to_bytes(Path::new(NO_FILE))).map_err(of_data)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes the file and gives its SHA-256.
    fn write(&self, py: Python<'_>, file: PathBuf) -> PyResult<String> {
        py.detach(|| self.saved.write(&file)).map_err(of_data)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let class: Bound<'py, PyType> = slf.get_type();
        let arguments = (slf.get().to_bytes(py)?, slf.get().seconds).into_pyobject(py)?;
        Ok((class.getattr("from_bytes")?, arguments))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    /// Rows of a view in the coordinates that all views share; on request every coordinate is divided by its standard
    /// deviation over the consensus.
    #[pyo3(signature = (view, rows, unit_variance = false))]
    fn project<'py>(
        &self,
        py: Python<'py>,
        view: &str,
        rows: &Bound<'py, PyArray2<f32>>,
        unit_variance: bool,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let fitted = &self.saved.fitted;
        let scale = match (unit_variance, &self.saved.consensus) {
            (false, _) => None,
            (true, Some(consensus)) => Some(consensus),
            (true, None) => {
                let name = self.saved.method_name();
                return Err(PyTypeError::new_err(format!(
                    "`{name}` has no consensus of the training rows, whose variance would be the unit; fit a method with a \
                     universe, or project without unit_variance"
                )));
            }
        };
        self.mapped(py, rows, |x| match scale {
            None => fitted.project(view, x),
            Some(consensus) => consensus.unit_variance(&fitted.project(view, x)?),
        })
    }

    /// Rows of one view in the coordinates of another.
    fn translate<'py>(
        &self,
        py: Python<'py>,
        source: &str,
        target: &str,
        rows: &Bound<'py, PyArray2<f32>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.mapped(py, rows, |x| self.saved.fitted.translate(source, target, x))
    }

    /// Writes the map to another view or to the universe, and gives its metadata as JSON.
    fn export_map(
        &self,
        py: Python<'_>,
        file: PathBuf,
        source: &str,
        target: Option<&str>,
        format: &str,
        overwrite: bool,
    ) -> PyResult<String> {
        let format: MapFormat = format.parse().map_err(|e: align::UnknownName| PyValueError::new_err(e.to_string()))?;
        let map = self.map(py, source, target)?;
        py.detach(|| map.write(format, &file, overwrite)).map_err(of_data)?;
        map.metadata(format).map_err(PyValueError::new_err)
    }

    /// Matrix and shift of the map to another view or to the universe, and the steps to unit length in words.
    fn affine<'py>(&self, py: Python<'py>, source: &str, target: Option<&str>) -> PyResult<AffineOf<'py>> {
        let map = self.map(py, source, target)?;
        let refused = |problem| DataError::Map { path: PathBuf::from(NO_FILE), problem: Box::new(problem) };
        let affine = map.affine().map_err(|problem| of_data(refused(problem)))?;
        let shift = PyArray1::from_slice(py, &affine.shift);
        Ok((to_array(py, affine.matrix.clone())?, shift, map.notes(MapFormat::Faiss)))
    }

    /// Rows of the universe in the coordinates of a view.
    fn inverse<'py>(
        &self,
        py: Python<'py>,
        view: &str,
        rows: &Bound<'py, PyArray2<f32>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let universe = self.universe("from which a way leads back to the views")?;
        let rows = shared(rows)?;
        let back = work::detached(py, || universe.inverse(view, &rows))?.map_err(of_align)?;
        to_array(py, back)
    }

    /// A fit with one more view.
    fn add(
        &self,
        py: Python<'_>,
        name: &str,
        rows: &Bound<'_, PyArray2<f32>>,
        anchors: Named<'_>,
        form: &str,
    ) -> PyResult<Self> {
        let form: AddForm = serde_json::from_value(Value::from(form))
            .map_err(|_| PyValueError::new_err(format!("form is `{form}`, expected `scaled` or `orthogonal`")))?;
        let universe = self.universe("to which another could be added")?;
        let (rows, anchors) = (shared(rows)?, views(&anchors)?);
        let joined = work::detached(py, || universe.add(&anchors, name, &rows, form))?.map_err(of_align)?;
        let mut saved = self.saved.clone();
        saved.report.maps += 1;
        saved.report.parameters += form.parameters(rows.cols(), universe.width());
        saved.origin.tool = TOOL.to_owned();
        saved.origin.added.push(Added {
            view: name.to_owned(),
            form,
            anchors: anchors.names().map(str::to_owned).collect(),
            rows: rows.rows(),
        });
        let dead = joined.views().iter().filter(|view| view.name() == name && view.prep().is_dead());
        saved.report.warnings.extend(dead.map(|view| FitWarning::DeadView { view: view.name().to_owned() }));
        saved.fitted = align::Fitted::Universe(joined);
        Ok(Self { saved, seconds: self.seconds })
    }

    /// Names and widths of the views, in order.
    #[getter]
    fn views<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, width) in self.saved.views() {
            dict.set_item(name, width)?;
        }
        Ok(dict)
    }

    /// Width of the universe; `None` without one.
    #[getter]
    fn width(&self) -> Option<usize> {
        self.saved.fitted.universe().map(align::Universe::width)
    }

    /// Whether all views have common coordinates.
    #[getter]
    fn projects(&self) -> bool {
        self.saved.fitted.projects()
    }

    /// Whether rows of one view can be translated to another.
    #[getter]
    fn translates(&self) -> bool {
        self.saved.fitted.translates()
    }

    /// Name and parameters of the method, as a grid file has them.
    #[getter]
    fn origin<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = serde_json::to_value(&self.saved.origin).map_err(|e| PyValueError::new_err(e.to_string()))?;
        to_python(py, &value)
    }

    /// The report of the fit, with its seconds and with the texts of its warnings.
    #[getter]
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let report = &self.saved.report;
        let mut value = serde_json::to_value(report).map_err(|e| PyValueError::new_err(e.to_string()))?;
        value["seconds"] = Value::from(self.seconds);
        value["warnings"] = report.warnings.iter().map(|warning| Value::from(warning.to_string())).collect();
        to_python(py, &value)
    }

    /// The mean and the covariance of the consensus of the training rows, and their number; `None` without a universe.
    #[getter]
    fn consensus<'py>(&self, py: Python<'py>) -> PyResult<Option<ConsensusOf<'py>>> {
        let Some(consensus) = &self.saved.consensus else { return Ok(None) };
        let (rows, mean, covariance) = (consensus.rows(), consensus.mean().to_vec(), consensus.covariance());
        let array = PyArray2::zeros(py, [covariance.rows(), covariance.cols()], false);
        array.readwrite().as_slice_mut()?.copy_from_slice(covariance.as_slice());
        Ok(Some((rows, mean, array)))
    }
}

impl Fitted {
    fn map(&self, py: Python<'_>, source: &str, target: Option<&str>) -> PyResult<ExportedMap> {
        let Saved { fitted, origin, .. } = &self.saved;
        let target = target.and_then(|name| ExportedMap::target(fitted, name));
        work::detached(py, || ExportedMap::of(fitted, origin, TOOL, source, target))?.map_err(of_align)
    }

    fn mapped<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyArray2<f32>>,
        map: impl FnOnce(align::linalg::MatrixView<'_>) -> Result<Matrix, AlignError> + Send,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (shape, rows) = ((rows.shape()[0], rows.shape()[1]), rows.readonly());
        let values = contiguous(&rows)?;
        let x = align::linalg::MatrixView::new(shape.0, shape.1, values).map_err(of_align)?;
        let mapped = work::detached(py, || map(x))?.map_err(of_align)?;
        to_array(py, mapped)
    }

    /// The universe; the error says what the fit lacks.
    fn universe(&self, what: &str) -> PyResult<&align::Universe> {
        self.saved.fitted.universe().ok_or_else(|| {
            let name = self.saved.method_name();
            PyTypeError::new_err(format!(
                "`{name}` has no space that all views share, {what}; fit a method with a universe, such as gpa"
            ))
        })
    }
}
